"""How far things are, for motion in space: from depth maps (a picture, a folder, a video), or seen by a network.

A depth map stands for a position of the timeline; a network looks at the picture that is about to be moved (PIPELINE
B4). Both answer with distances 1…2 per pixel. Networks are folders in the layout of transformers, such as DPT (MiDaS)
and Depth Anything; torch is imported on the first look only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import BackendUnavailable, ModelNotFound
from parseq_tui.render.engines.base import Image
from parseq_tui.render.engines.digests import digest
from parseq_tui.render.inputs import Input, open_input
from parseq_tui.render.warp import Depth, depth_to_distance

_VERSION = "depth 1"
"""Part of every key that a network's eyes had a share in."""
_SIDE = 384
"""Pixels of the shorter side that a network sees, if its folder does not say (PIPELINE B4)."""
_LARGEST_CONFIG = 1 << 20


class Depths(Protocol):
    """Something that knows how far things are."""

    def content(self, index: int) -> str:
        """Identifies what decides the distances at this position of the timeline, besides the picture."""

    def distance(self, index: int, image: Image) -> Depth:
        """Distance per pixel of a picture that is about to move, float64 (height, width), 1…2."""

    def close(self) -> None: ...


class DepthMaps:
    """Depth maps out of pictures, bright being near; the last one stays when there are no more."""

    def __init__(self, source: Input) -> None:
        self._source = source
        self._computed: Callable[[int, int, int], Depth] = lru_cache(maxsize=4)(self._distance)

    def content(self, index: int) -> str:
        return self._source.content(self._held(index))

    def distance(self, index: int, image: Image) -> Depth:
        """See `Depths`. Raises VideoError."""
        return self._computed(self._held(index), image.shape[1], image.shape[0])

    def close(self) -> None:
        self._source.close()

    def _distance(self, held: int, width: int, height: int) -> Depth:
        grey = cv2.cvtColor(self._source.picture(held), cv2.COLOR_RGB2GRAY)
        return depth_to_distance(cv2.resize(grey.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR))

    def _held(self, index: int) -> int:
        """Which picture stands for a position: a still one for all."""
        return 0 if self._source.count is None else min(index, self._source.count - 1)


class DepthNetwork:
    """A depth estimation model of transformers, from a folder."""

    def __init__(self, folder: Path, device: str = "auto") -> None:
        """Raises ModelNotFound if the folder holds no such model. Nothing heavy is read yet."""
        self._folder, self._device_name = folder, device
        self._config = _read_json(folder / "config.json")
        self._weights = sorted(folder.glob("*.safetensors"))
        if not self._weights:
            raise ModelNotFound(
                f"the depth model {folder.name} has no .safetensors file",
                hint=f"looked in {folder}; pickled weights (.bin) are not read",
            )
        self._seen_as = _Eye(_read_json(folder / "preprocessor_config.json", missing={}), self._config)
        # relative models answer with inverse depth, metric ones with metres
        metric = self._config.get("depth_estimation_type") == "metric" or self._config.get("model_type") == "zoedepth"
        self._near_is_large = not metric
        self._network: Any = None

    def content(self, index: int) -> str:
        return self._fingerprint

    def distance(self, index: int, image: Image) -> Depth:
        """See `Depths`. Raises BackendUnavailable, ModelNotFound, OutOfMemory."""
        import torch

        from parseq_tui.render.engines.devices import out_of_memory_explained

        with out_of_memory_explained("looking for depth", "render smaller frames, or --device cpu"):
            network = self._loaded()
            with torch.inference_mode():
                pixels = torch.from_numpy(self._seen_as.pixels(image))[None].to(network.device)
                seen = network(pixels).predicted_depth[0].float().cpu().numpy()
        size = (image.shape[1], image.shape[0])
        depth = cv2.resize(seen, size, interpolation=cv2.INTER_CUBIC)
        return depth_to_distance(depth, near_is_large=self._near_is_large)

    def close(self) -> None:
        self._network = None

    @property
    def _fingerprint(self) -> str:
        files = [*self._weights, *sorted(self._folder.glob("*.json"))]
        return " ".join([_VERSION, *(digest(file)[:16] for file in files)])

    def _loaded(self) -> Any:
        if self._network is None:
            try:
                from transformers import AutoModelForDepthEstimation

                from parseq_tui.render.engines.devices import choose_device, quiet_libraries
            except ImportError as problem:
                raise BackendUnavailable(
                    f"depth models need torch and transformers: {problem}", hint="pip install torch transformers"
                ) from problem
            device = choose_device(self._device_name)
            try:
                with quiet_libraries():
                    network = AutoModelForDepthEstimation.from_pretrained(
                        self._folder, local_files_only=True, use_safetensors=True
                    )
            except (OSError, ValueError, RuntimeError, KeyError) as problem:
                raise ModelNotFound(
                    f"the depth model {self._folder.name} cannot be loaded: {str(problem).splitlines()[0]}",
                    hint="a folder of transformers' DPT or Depth Anything works",
                ) from problem
            self._network = network.eval().to(device)
        return self._network


class _Eye:
    """How a network wants its picture: size and scale, from the folder's preprocessor_config.json."""

    def __init__(self, asked: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        size = asked.get("size", {})
        backbone = config.get("backbone_config") or {}
        usual = backbone.get("image_size") or config.get("image_size") or _SIDE
        self._height = _whole(size.get("height", size.get("shortest_edge")), _whole(usual, _SIDE))
        self._width = _whole(size.get("width", size.get("shortest_edge")), _whole(usual, _SIDE))
        self._keeps_shape = bool(asked.get("keep_aspect_ratio", False))
        patch = backbone.get("patch_size") or config.get("patch_size") or 1
        self._multiple = max(1, _whole(asked.get("ensure_multiple_of"), _whole(patch, 1)))
        self._mean = np.array(asked.get("image_mean") or [0.5] * 3, np.float32)
        self._spread = np.array(asked.get("image_std") or [0.5] * 3, np.float32)

    def pixels(self, image: Image) -> NDArray[np.float32]:
        """What the network gets: float32 (3, height, width), normalised."""
        tall, wide = self._height / image.shape[0], self._width / image.shape[1]
        if self._keeps_shape:
            # as transformers does it: the side that changes less decides for both
            tall = wide = wide if abs(1 - wide) < abs(1 - tall) else tall
        size = [
            max(self._multiple, round(scale * side / self._multiple) * self._multiple)
            for scale, side in ((wide, image.shape[1]), (tall, image.shape[0]))
        ]
        resized = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
        return np.ascontiguousarray(((resized - self._mean) / self._spread).transpose(2, 0, 1), np.float32)


def open_depth(name: str | None, base: Path, rate: Fraction | None, device: str = "auto") -> Depths | None:
    """The depth maps or the depth model called `name`, if it is given. Raises VideoError, ModelNotFound."""
    if name is None:
        return None
    folder = base / Path(name).expanduser()
    if is_depth_model(folder):
        return DepthNetwork(folder, device)
    return DepthMaps(open_input(name, base, moving=True, rate=rate, what="depth map"))


def is_depth_model(folder: Path) -> bool:
    """Whether a folder holds a model of transformers (what kind, loading it tells)."""
    return (folder / "config.json").is_file()


def _read_json(file: Path, missing: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    if missing is not None and not file.exists():
        return missing
    try:
        with file.open("rb") as stream:
            content = json.loads(stream.read(_LARGEST_CONFIG))
        if isinstance(content, dict):
            return content
        reason = "it is not an object"
    except (OSError, ValueError) as error:
        reason = str(error)
    raise ModelNotFound(f"{file.name} of the depth model {file.parent.name} cannot be read: {reason}")


def _whole(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 4096 else otherwise
