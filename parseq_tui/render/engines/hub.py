"""Models of the Hugging Face hub: whether one is on this machine, and fetching it when a render asks for it. No torch.

Only what a model in diffusers' layout needs is fetched, and safetensors only; huggingface_hub stores it in its usual
cache, goes on where a broken download stopped, and checks what arrives. The invariant: what is on this machine is used
as it is, with no question to the network, so a render made today is made of the same commit tomorrow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any

from parseq_tui.errors import BackendUnavailable, ModelNotFound, RenderError
from parseq_tui.render.engines.descriptions import read_json

Report = Callable[[str], None]
"""Is told what is being done, in words."""
_NAME = re.compile(r"(?P<repository>[\w.-]{1,96}/[\w.-]{1,96})(?:@(?P<revision>[\w./-]{1,120}))?")
_SMALL = (".json", ".txt", ".model")
_PRECISIONS = ("", "fp16", "bf16", "fp32")
"""Variants of weights, the one to take first; "" is the full set."""
_OFFLINE = (
    "on a machine with a network: hf download {name} --local-dir FOLDER   then copy that folder here and give its path "
    "as the model"
)
_SECONDS = 3.0
"""Between two words about a download."""


@dataclass(frozen=True, slots=True)
class HubId:
    """A repository of the hub, and which state of it."""

    repository: str
    revision: str = "main"

    def __str__(self) -> str:
        return self.repository if self.revision == "main" else f"{self.repository}@{self.revision}"


def parse(name: str) -> HubId | None:
    """The repository a name means, if it reads as one: "owner/name" or "owner/name@revision"."""
    found = _NAME.fullmatch(name)
    if found is None or ".." in name:
        return None
    return HubId(found["repository"], found["revision"] or "main")


def cache_folder() -> Path:
    """Where huggingface_hub keeps what it fetched."""
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache)
    return Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface")) / "hub"


def cached(wanted: HubId) -> Path | None:
    """The snapshot of this revision on this machine, complete as far as its index says; named by its commit."""
    folder = cache_folder() / f"models--{wanted.repository.replace('/', '--')}"
    reference = folder / "refs" / wanted.revision
    named = [folder / "snapshots" / reference.read_text().strip()] if reference.is_file() else []
    named.append(folder / "snapshots" / wanted.revision)
    if wanted.revision == "main":
        named += sorted(folder.glob("snapshots/*"))
    return next((snapshot for snapshot in named if _complete(snapshot)), None)


def cached_models() -> list[str]:
    """The repositories on this machine, by name; whether they are whole models is for `cached` to say."""
    folders = sorted(cache_folder().glob("models--*"))
    return [folder.name.removeprefix("models--").replace("--", "/", 1) for folder in folders]


def fetch(wanted: HubId, report: Report) -> Path:
    """The snapshot, fetched if need be. Raises ModelNotFound or RenderError in words that say what to do."""
    if (found := cached(wanted)) is not None:
        return found
    try:
        import huggingface_hub as client
    except ImportError as problem:
        raise BackendUnavailable(
            f"{wanted} cannot be fetched: {problem}", hint="pip install huggingface_hub, or give a model's folder"
        ) from problem
    with _explained(wanted):
        report(f"asking the hub for {wanted}")
        state = client.HfApi().model_info(wanted.repository, revision=wanted.revision, files_metadata=True)
        files = {entry.rfilename: entry.size or 0 for entry in state.siblings or ()}
        chosen = choose_files(files)
        if "model_index.json" not in chosen:
            raise ModelNotFound(
                f"{wanted} on the hub is no model in diffusers' layout: it has no model_index.json",
                hint="download its .safetensors file and give that as the model",
            )
        total, done = sum(files[name] for name in chosen), 0
        folder = Path()
        for number, name in enumerate(chosen, 1):

            def tell(arrived: int, number: int = number, done: int = done) -> None:
                so_far = f"{_size(done + arrived)} of {_size(total)}"
                report(f"fetching {wanted}: file {number} of {len(chosen)}, {so_far}")

            tell(0)
            # the commit, not the name of the branch: all files must be of one state
            got = client.hf_hub_download(wanted.repository, name, revision=state.sha, tqdm_class=_telling(tell))
            folder = Path(got).parents[len(PurePosixPath(name).parts) - 1]
            done += files[name]
        _remember(wanted, folder)
    return folder


def choose_files(files: Iterable[str]) -> list[str]:
    """What of a repository a render needs: its configuration, and of every part one set of safetensors weights.

    Weights of full precision before those of fp16; never a pickle, and nothing of a safety checker.
    """
    small: list[str] = []
    weights: dict[str, list[str]] = {}
    for name in sorted(files):
        path = PurePosixPath(name)
        part = str(path.parent)
        if part.startswith("safety_checker") or len(path.parts) > 2 or ".." in path.parts:
            continue
        if path.suffix == ".safetensors" and len(path.parts) == 2:
            weights.setdefault(part, []).append(name)
        elif path.suffix in _SMALL and (len(path.parts) == 2 or name == "model_index.json"):
            small.append(name)
    chosen = [name for part in weights.values() for name in _one_set(part)]
    return sorted(small) + chosen


def _one_set(names: list[str]) -> list[str]:
    """Of the weights of one part, those of the preferred precision (`model.fp16-00001-of-00002.safetensors`)."""
    sets: dict[str, list[str]] = {}
    for name in names:
        inner = PurePosixPath(name).name.split(".")[1:-1]
        sets.setdefault(re.sub(r"-\d+-of-\d+$", "", inner[0]) if inner else "", []).append(name)
    return next((sets[precision] for precision in _PRECISIONS if precision in sets), next(iter(sets.values())))


def _complete(snapshot: Path) -> bool:
    """Whether everything its index names is there: a fetch that was broken off is gone on with."""
    if not (snapshot / "model_index.json").is_file():
        return False
    index = read_json(snapshot / "model_index.json")
    parts = [name for name, entry in index.items() if isinstance(entry, list) and len(entry) == 2 and entry[0]]
    return all(_whole(snapshot / part) for part in parts if part not in ("safety_checker", "feature_extractor"))


def _whole(part: Path) -> bool:
    """Whether a part has its configuration, and the weights that go with one that has any."""
    if part.name.startswith(("tokenizer", "scheduler")):
        return part.is_dir()
    pieces = [list(read_json(index).get("weight_map", {}).values()) for index in part.glob("*.safetensors.index.json")]
    if pieces:
        return any(all((part / str(name)).is_file() for name in names) for names in pieces)
    return any(file.suffix in (".safetensors", ".bin") for file in part.glob("*"))


def _remember(wanted: HubId, snapshot: Path) -> None:
    """Notes which commit a branch or tag was, as huggingface_hub does when it is asked by name."""
    if wanted.revision == snapshot.name:
        return
    reference = snapshot.parent.parent / "refs" / wanted.revision
    reference.parent.mkdir(parents=True, exist_ok=True)
    reference.write_text(snapshot.name)


@contextmanager
def _explained(wanted: HubId) -> Iterator[None]:
    """Turns what the hub's client raises into words and advice."""
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as problem:
        hint = f"accept its terms on https://huggingface.co/{wanted.repository} and log in: hf auth login"
        raise ModelNotFound(f"{wanted} is only given to people who accepted its terms", hint=hint) from problem
    except errors.RevisionNotFoundError as problem:
        raise ModelNotFound(
            f"{wanted.repository} has no revision {wanted.revision!r}", hint="leave @… out for the newest"
        ) from problem
    except errors.RepositoryNotFoundError as problem:
        hint = "check the spelling; for a private one log in: hf auth login"
        raise ModelNotFound(f"the hub has no model {wanted.repository!r}", hint=hint) from problem
    except (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError) as problem:
        raise _unreachable(wanted, problem) from problem
    except (errors.HfHubHTTPError, OSError) as problem:
        raise RenderError(
            f"fetching {wanted} failed: {_first_line(problem)}", hint="render again: it goes on where it stopped"
        ) from problem
    except errors.HTTPError as problem:  # type: ignore[attr-defined]  # no answer at all
        raise _unreachable(wanted, problem) from problem


def _unreachable(wanted: HubId, problem: Exception) -> ModelNotFound:
    return ModelNotFound(
        f"{wanted} is not on this machine and the hub cannot be reached: {_first_line(problem)}",
        hint=_OFFLINE.format(name=wanted.repository),
    )


def _telling(tell: Callable[[int], None]) -> Any:
    """A progress bar for huggingface_hub that draws nothing and says every few seconds how much has arrived."""
    from tqdm.std import tqdm  # type: ignore[import-untyped]

    class Telling(tqdm):  # type: ignore[misc]
        monitor_interval = 0
        told = 0

        def __init__(self, *arguments: Any, **options: Any) -> None:
            options.pop("name", None)
            super().__init__(*arguments, **{**options, "disable": False, "mininterval": _SECONDS, "file": StringIO()})

        def display(self, *_: Any, **__: Any) -> None:
            if self.n > self.told:
                self.told = int(self.n)
                tell(self.told)

    return Telling


def _first_line(problem: Any) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0][:200]


def _size(count: int) -> str:
    return f"{count / 2**20:.0f} MiB" if count < 2**30 else f"{count / 2**30:.1f} GiB"
