"""Where finished frames go besides the cache: the take's video, and what was asked for (file or folder, sound, sheet).

Only `out` is drawn on (`overlay`): the cache, the take's video and later frames never see it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import RenderError, VideoError
from parseq_tui.render.engines.base import Image
from parseq_tui.render.motion import Motion
from parseq_tui.render.plan import FramePlan
from parseq_tui.render.preparation import Prepared
from parseq_tui.render.take import Job, Take
from parseq_tui.video import annotate, writer
from parseq_tui.video.images import decode_png, encode_png, png_texts
from parseq_tui.video.kinds import KINDS, check_heard, check_sheet, kind_of
from parseq_tui.video.sound import Sound
from parseq_tui.video.stretches import Stretches, alike

_TAKES_BACK = 5
"""How many earlier takes are looked at for a video to copy from."""


class Out:
    """Takes shown frames, in order. `finish` completes what they became."""

    def __init__(self, take: Take, job: Job, prepared: Prepared) -> None:
        """Raises VideoError, AudioError, RenderError or OSError for what cannot be written, before anything is."""
        self._prepared = prepared
        self._path = None if job.out is None else Path(job.out)
        self._overlay = job.overlay
        self._slots = Fraction(0)
        self._folder = _folder(self._path)
        self._sound = _sound(job, prepared, self._path if self._folder is None else None)
        self._sheet = None if job.sheet is None else Path(job.sheet)
        self._small: dict[int, NDArray[np.uint8]] = {}
        if self._sheet is not None:
            check_sheet(self._sheet)
        self._on_sheet = annotate.spread(prepared.wanted.start, len(prepared.wanted)) if self._sheet else set[int]()
        _spare_sources(job, prepared)
        if self._overlay and self._path is None:
            raise RenderError("the overlay needs an output to be drawn on", hint="name one: --out FILE.mp4")
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        shown = [prepared.keys.frames[frame] for frame in prepared.wanted] if prepared.repeats == 1 else []
        self._earlier = earlier_video(take, shown)
        crf = prepared.settings.crf
        self._video = writer.VideoWriter(take.video_path, prepared.fps, crf=crf, pictures=shown, earlier=self._earlier)
        self._own: writer.VideoWriter | None = None
        """What encodes `out`, where it is not the take's video in another place."""
        if self._path is not None and self._folder is None and (self._overlay or kind_of(self._path) != KINDS[".mp4"]):
            self._own = writer.VideoWriter(self._path, prepared.fps, crf=prepared.settings.crf)

    def add(self, frame: int, image: Image, png: Path) -> None:
        """One finished frame, which also lies in the file `png`."""
        before = round(self._slots)
        self._slots += self._prepared.repeats
        times = round(self._slots) - before
        self._video.add(image, times, again=lambda: decode_png(png.read_bytes()))
        if frame in self._on_sheet:
            self._small[frame] = annotate.small(image)
        if self._path is None:
            return
        shown = annotate.overlay(image, captions(self._prepared.plans[frame])) if self._overlay else image
        if self._folder is not None:
            self._number(self._folder / f"{frame:05d}.png", shown, png)
        if self._own is not None:
            self._own.add(shown, times)

    def finish(self) -> Path | None:
        """Complete the video; also where `out` says. Raises VideoError, AudioError or DiskFull."""
        video = self._video.finish(self._sound)
        if self._sheet is not None and self._small:
            annotate.write_sheet(self._sheet, self._small)
        if self._own is not None:
            return self._own.finish(self._sound if kind_of(self._own.path).sound else None)
        if video is None or self._path is None or self._folder is not None:
            return video
        self._path.parent.mkdir(parents=True, exist_ok=True)
        writer.place(video, self._path, self._sound, self._video.seconds)
        return self._path

    def close(self) -> None:
        """Let go of what was read."""
        if self._earlier is not None:
            self._earlier.close()

    def _number(self, path: Path, image: Image, png: Path) -> None:
        """A numbered file: the cache's own, or the overlaid picture with the same recipe in it."""
        temporary = path.with_name(f".{path.name}.tmp")
        if self._overlay:
            recipe = {name: text for name, text in png_texts(png.read_bytes()).items() if "checksum" not in name}
            temporary.write_bytes(encode_png(image, recipe))
        else:
            shutil.copyfile(png, temporary)
        temporary.replace(path)


def earlier_video(take: Take, shown: Sequence[str]) -> Stretches | None:
    """The video of an earlier take that has most stretches in common with these keys of frames; None if none has."""
    best: tuple[int, Path, list[str]] | None = None
    others = sorted(folder for folder in take.folder.parent.iterdir() if folder.name != take.name)
    for other in map(Take, others[: -_TAKES_BACK - 1 : -1]):
        path = other.video_path if other.video_path.exists() else writer.growing_path(other.video_path)
        keys = _shown_keys(other) if path.exists() else []
        if (same := alike(keys, shown)) and (best is None or same > best[0]):
            best = same, path, keys
    try:
        return None if best is None else Stretches(best[1], best[2])
    except (av.FFmpegError, OSError):
        return None  # it was cut off before its first stretch was whole, or is damaged: all is encoded


def _shown_keys(take: Take) -> list[str]:
    """The keys of the frames in a take's video, in order."""
    try:
        first = take.job.frames[0] if take.job.frames else None
    except RenderError:
        return []
    return [key for frame, key in take.frame_keys().items() if first is None or frame >= first]


def captions(plan: FramePlan) -> list[str]:
    """What an overlay says about a frame."""
    lines = [f"frame {plan.frame}"]
    motions = plan.motions or (plan.tween.newer_motions[-1:] if plan.tween else ())
    if plan.request is not None:
        asked = plan.request
        seed = f"{asked.seed + asked.subseed_strength:g}" if asked.subseed_strength else str(asked.seed)
        lines[0] += f"  seed {seed}"
        lines.append(f"denoise {asked.denoising_strength:.3g}  cfg {asked.cfg_scale:.3g}  steps {asked.steps}")
    lines += [words for motion in motions if (words := _moving(motion))]
    if plan.request is not None:
        lines.append(plan.request.positive)
        if plan.request.negative:
            lines.append(f"not: {plan.request.negative}")
    return lines


def _moving(motion: Motion) -> str:
    """The numbers of a motion that are not 0 (or 1, for a zoom)."""
    numbers = {name: getattr(motion, name) for name in motion.__dataclass_fields__}
    still = {"zoom": 1, "center_x": 0.5, "center_y": 0.5, "aspect": 1, "depth": numbers.get("depth"), "flip": None}
    return "  ".join(
        f"{name} {value:.4g}"
        for name, value in numbers.items()
        if name != "flip" and name != "fov" and value != still.get(name, 0)
    )


def _folder(out: Path | None) -> Path | None:
    """`out` if it is a folder. Raises VideoError if it is neither that nor a video's name."""
    if out is None or (out.suffix.lower() in KINDS and not out.is_dir()):
        return None
    if out.suffix and not out.is_dir():
        kind_of(out)
    if out.exists() and not out.is_dir():
        raise VideoError(f"{out} is a file, so no pictures can be put into it", hint="name a folder: DIR/")
    return out


def _spare_sources(job: Job, prepared: Prepared) -> None:
    """Raises RenderError if an output would be written over a file the render is made from."""
    settings = prepared.settings
    named = (settings.input, settings.depth, settings.audio, job.audio)
    read = [Path(job.base) / name for name in named if name is not None]
    for target in (job.out, job.sheet):
        if target is not None and Path(target).resolve() in [path.expanduser().resolve() for path in read]:
            raise RenderError(
                f"{Path(target).name} is what this render is made from, so it is not written over",
                hint="name another file with --out or --sheet",
            )


def _sound(job: Job, prepared: Prepared, video: Path | None) -> Sound | None:
    """What is heard, from the first frame that is shown."""
    name = job.audio or prepared.settings.audio
    if name is None:
        return None
    if job.audio is not None and video is not None:
        check_heard(video)
    first = Fraction(prepared.settings.audio_start) + prepared.wanted.start * prepared.repeats / prepared.fps
    sound = Sound(Path(job.base) / Path(name).expanduser(), first)
    sound.check()
    return sound
