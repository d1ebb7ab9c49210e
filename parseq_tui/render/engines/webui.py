"""The `webui` engine: pictures from an A1111 web UI (or Forge, reForge, SD.Next) started with --api.

Where it runs is the user's to say and never a document's, which may come from anybody and would be sent pictures:
PARSEQ_TUI_WEBUI=http://user:password@host:7860, without it this machine's port 7860. Facts about the interface:
WEBUI.md §2; every setting a picture depends on travels with each request, because the server keeps its own.
"""

from __future__ import annotations

import base64
import binascii
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from parseq_tui.errors import BackendUnavailable, ModelNotFound, OutOfMemory, RenderError, VideoError
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.render.engines.base import DiffusionRequest, Image, Plain
from parseq_tui.render.engines.schedulers import SPACINGS, Scheduler, find
from parseq_tui.timeline.render_settings import SETTINGS, RenderSettings
from parseq_tui.video.images import decode_png, encode_png

ADDRESS_VARIABLE = "PARSEQ_TUI_WEBUI"
DEFAULT_ADDRESS = "http://127.0.0.1:7860"
CODE_VERSION = "webui 1"
_HOURS = 4 * 3600.0
"""Seconds one picture may take: the server answers when it is done, after all that others asked for before."""
_SHORT = 10.0
_WAITS = (1.0, 5.0, 15.0, 30.0)
"""Seconds before asking again, when a server was lost in the middle of a render."""
_LARGEST = 256 * 2**20
_EXPONENT = re.compile(r"(:\s*)([-+]?\d*\.?\d+[eE][-+]?\d+)(?=\s*(?:$|\bAND\b))")


class Lost(Exception):
    """The server did not answer; asking again may help."""


class WebuiEngine(Plain):
    """One web UI. `model`: name, title or hash of a checkpoint there; the bundled model's name for what is loaded."""

    name = "webui"

    def __init__(
        self,
        model: str = "",
        *,
        environment: Mapping[str, str] = os.environ,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises BackendUnavailable for an address that is none."""
        self._server = Server(environment.get(ADDRESS_VARIABLE) or DEFAULT_ADDRESS)
        self._model = "" if model == SETTINGS["model"].default else model
        self._sleep = sleep
        self._samplers: frozenset[str] | None = None

    def fingerprint(self) -> str:
        options = self._server.get("/sdapi/v1/options")
        model = self._checkpoint() if self._model else options.get("sd_model_checkpoint")
        return f"{CODE_VERSION}|{model}|{options.get('sd_vae')}|{options.get('emphasis')}"

    def load(self) -> None:
        """Let the server load the model, if it has another one. Takes as long as that."""
        if self._model:
            title = self._checkpoint()
            if self._server.get("/sdapi/v1/options").get("sd_model_checkpoint") != title:
                self._server.post("/sdapi/v1/options", {"sd_model_checkpoint": title})
        self._known_samplers()

    def problems(self, requests: Sequence[DiffusionRequest]) -> list[Diagnostic]:
        """A sampler that the server does not have: it would take another one without a word."""
        missing = {}
        for request in requests:
            scheduler = find(request.scheduler)
            if request.scheduler not in missing and not _names(scheduler, self._known_samplers()):
                missing[request.scheduler] = Diagnostic(
                    "error",
                    f"the web UI has no sampler {scheduler.title!r}",
                    f"it has {', '.join(sorted(self._known_samplers()))}",
                )
        return list(missing.values())

    def generate(self, request: DiffusionRequest, image: Image | None) -> Image:
        path = "/sdapi/v1/txt2img" if image is None else "/sdapi/v1/img2img"
        body = request_body(request, image, self._known_samplers())
        answer = self._patiently(lambda: self._server.post(path, body, _HOURS))
        return _picture(answer, request, body["sampler_name"])

    def close(self) -> None:
        """The server keeps its model; it is not ours."""

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        for wait in _WAITS:
            try:
                return ask()
            except Lost:
                self._sleep(wait)
        try:
            return ask()
        except Lost as error:
            raise BackendUnavailable(
                f"the web UI at {self._server.shown} was lost: {error}", hint="start it again, then render again"
            ) from error

    def _known_samplers(self) -> frozenset[str]:
        if self._samplers is None:
            listed = self._server.get("/sdapi/v1/samplers")
            entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
            names = {str(entry.get("name")) for entry in entries}
            self._samplers = frozenset(names | {str(alias) for one in entries for alias in one.get("aliases") or ()})
        return self._samplers

    def _checkpoint(self) -> str:
        """The title of the model on the server. Raises ModelNotFound."""
        listed = self._server.get("/sdapi/v1/sd-models")
        entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        for entry in entries:
            names = [entry.get(key) for key in ("title", "model_name", "hash", "sha256")]
            if self._model in names:
                return str(entry.get("title"))
        known = ", ".join(str(entry.get("model_name")) for entry in entries) or "none"
        raise ModelNotFound(f"the web UI has no model {self._model!r}", hint=f"it has: {known}")


def make(settings: RenderSettings, device: str) -> WebuiEngine:
    """This engine, for the web UI that the environment names: it computes there. Raises BackendUnavailable."""
    return WebuiEngine(settings.model)


class Server:
    """A web UI's address, asked politely. Any failure is a RenderError, or Lost where asking again may help."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address if "//" in address else f"http://{address}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BackendUnavailable(
                f"{ADDRESS_VARIABLE} is no address of a web UI", hint="write http://127.0.0.1:7860"
            )
        place = parts.netloc.rpartition("@")[2]
        self._base = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
        self.shown = self._base
        """The address without the password."""
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if parts.username is not None:
            secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(secret).decode()}"

    def get(self, path: str) -> Any:
        """The JSON at a path. Raises RenderError."""
        try:
            return self._answer(urllib.request.Request(self._base + path, headers=self._headers), _SHORT)
        except Lost as error:
            raise BackendUnavailable(
                f"no web UI answers at {self.shown}: {error}",
                hint=f"start it with --api, or say where it is: {ADDRESS_VARIABLE}=http://host:7860",
            ) from error

    def post(self, path: str, body: Mapping[str, Any], timeout: float = _HOURS) -> Any:
        """What the server answers. Raises RenderError, Lost."""
        content = json.dumps(body).encode()
        return self._answer(urllib.request.Request(self._base + path, content, self._headers), timeout)

    def _answer(self, request: urllib.request.Request, timeout: float) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                content = response.read(_LARGEST + 1)
        except urllib.error.HTTPError as error:
            raise self._refusal(error) from error
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise Lost(str(getattr(reason, "strerror", None) or reason)) from error
        if len(content) > _LARGEST:
            raise RenderError("the web UI sent more than a picture", hint="is it really a web UI?")
        try:
            return json.loads(content)
        except ValueError as error:
            raise RenderError(
                f"{self.shown} answers, but not as a web UI does", hint="start the web UI with --api"
            ) from error

    def _refusal(self, error: urllib.error.HTTPError) -> Exception:
        if error.code in (502, 503, 504):
            return Lost(f"{error.code} {error.reason}")
        if error.code == 401:
            hint = f"{ADDRESS_VARIABLE}=http://user:password@host:7860"
            return BackendUnavailable(f"the web UI at {self.shown} wants a name and a password", hint=hint)
        if error.code == 404:
            return BackendUnavailable(f"{self.shown} has no such interface", hint="start the web UI with --api")
        said = _detail(error.read(100_000))
        if "OutOfMemory" in said or "out of memory" in said:
            return OutOfMemory(f"the web UI ran out of memory: {said}", hint="render a smaller size")
        if "NansException" in said:
            return RenderError(
                "the model gave no numbers (NaN) on the web UI", hint="start the web UI with --no-half-vae or --no-half"
            )
        return RenderError(f"the web UI refuses this frame: {said}", hint="its own log says more")


def request_body(request: DiffusionRequest, image: Image | None, samplers: frozenset[str]) -> dict[str, Any]:
    """The JSON of a frame. `samplers`: the names the server knows."""
    scheduler = find(request.scheduler)
    sampler, spacing = _names(scheduler, samplers) or (scheduler.title, "Automatic")
    body: dict[str, Any] = {
        "prompt": plain_weights(request.positive),
        "negative_prompt": request.negative,
        "seed": request.seed,
        "subseed": request.subseed,
        "subseed_strength": request.subseed_strength,
        "steps": request.steps,
        "cfg_scale": request.cfg_scale,
        "width": request.width,
        "height": request.height,
        "sampler_name": sampler,
        "scheduler": spacing,
        "batch_size": 1,
        "n_iter": 1,
        "do_not_save_samples": True,
        "do_not_save_grid": True,
        "override_settings": {
            "CLIP_stop_at_last_layers": request.clip_skip,
            "img2img_fix_steps": False,
            "img2img_color_correction": False,
            "randn_source": "CPU",
            "eta_noise_seed_delta": 0,
            "samples_format": "png",
        },
    }
    if image is not None:
        body["init_images"] = [base64.b64encode(encode_png(image)).decode()]
        body["denoising_strength"] = request.denoising_strength
        body["initial_noise_multiplier"] = request.noise_multiplier
        body["resize_mode"] = 0
    return body


def plain_weights(prompt: str) -> str:
    """Weights of AND parts without exponents, which the web UI would take for words: `a :1e-05` → `a :0.00001`."""
    return _EXPONENT.sub(lambda found: f"{found[1]}{Decimal(found[2]):f}", prompt)


def _names(scheduler: Scheduler, samplers: frozenset[str]) -> tuple[str, str] | None:
    """How the server calls a sampler, and its spacing; None if it has none like it.

    Before version 1.9 the spacing was part of the name, and another field was ignored.
    """
    if scheduler.spacing:
        spacing = SPACINGS[scheduler.spacing]
        if (base := scheduler.title.removesuffix(f" {spacing}")) in samplers:
            return base, spacing
        return (scheduler.title, "Automatic") if scheduler.title in samplers else None
    if scheduler.title not in samplers:
        return None
    return scheduler.title, "Uniform" if scheduler.spacings == "stock" else "Automatic"


def _picture(answer: Any, request: DiffusionRequest, sampler: str) -> Image:
    """The one picture of an answer. Raises RenderError if it is not what was asked for."""
    try:
        encoded = str(answer["images"][0])
        told = json.loads(answer["info"])
        image = decode_png(base64.b64decode(encoded.rpartition(",")[2], validate=True))
    except (KeyError, IndexError, TypeError, ValueError, binascii.Error, VideoError) as error:
        raise RenderError("the web UI's answer holds no picture", hint="its own log says more") from error
    if image.shape[:2] != (request.height, request.width):
        height, width = image.shape[:2]
        raise RenderError(
            f"the web UI made {width}x{height} instead of {request.width}x{request.height}",
            hint="is another script or extension changing sizes there?",
        )
    used = str(told.get("sampler_name") or sampler) if isinstance(told, dict) else sampler
    if used not in (sampler, find(request.scheduler).title):
        raise RenderError(
            f"the web UI sampled with {used!r} instead of {sampler!r}", hint="choose a scheduler that it has"
        )
    return image


def _detail(content: bytes) -> str:
    """What an error answer says, in one line."""
    text = content.decode("utf-8", "replace")
    try:
        said = json.loads(text)
    except ValueError:
        said = text
    if isinstance(said, dict):
        said = " ".join(str(said[key]) for key in ("error", "detail", "errors") if said.get(key))
    return " ".join(str(said).split())[:300] or "no reason given"
