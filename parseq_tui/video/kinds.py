"""The kinds of video that can be written, by the ending of the file's name. Imports nothing heavy.

>>> KINDS[".mov"].codec, KINDS[".gif"].sound
('prores_ks', '')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from parseq_tui.errors import AudioError, VideoError


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of video is made."""

    codec: str
    pixels: str
    """Pixel format."""
    growing: str
    """Container of the file while it grows: one that plays although its end is missing, if there is such a one."""
    sound: str = ""
    """Audio codec; "" if it has no sound."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What the encoder is told besides the quality."""
    quality: int | None = None
    """What is added to the crf of H.264 for about the same quality; None: the kind knows no crf."""
    repacked: bool = True
    """Whether the grown file is packed anew when it ends."""
    stretches: bool = False
    """Whether every `STRETCH` frames one stands for itself, so that what lies between can be copied."""


STRETCH = 24
"""Frames. Shorter ones cost bytes (2 % at 24), longer ones are copied more rarely and found more slowly by a player."""
_CUT = {"g": str(STRETCH), "keyint_min": str(STRETCH), "sc_threshold": "0"}
# looking ahead 12 frames instead of 40 costs no bytes (crf), and a film that is cut off keeps 28 more frames
_AHEAD = {"preset": "medium", "rc-lookahead": "12"}
_H264 = Kind("libx264", "yuv420p", "mp4", "aac", {**_AHEAD, **_CUT}, quality=0, stretches=True)
_GIF = Kind("gif", "pal8", "gif", repacked=False)

KINDS: Mapping[str, Kind] = {
    ".mp4": _H264,
    ".m4v": _H264,
    ".mkv": _H264,
    ".mov": Kind("prores_ks", "yuv422p10le", "mov", "pcm_s16le", {"profile": "hq"}),
    ".webm": Kind(
        "libvpx-vp9", "yuv420p", "webm", "libopus", {"row-mt": "1", "deadline": "good", "cpu-used": "4"}, quality=12
    ),
    ".gif": _GIF,
    ".webp": Kind("libwebp_anim", "bgra", "webp", options={"quality": "90"}, repacked=False),
}


SHEET_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
"""How the name of a contact sheet may end."""


def check_sheet(path: Path) -> None:
    """Raises VideoError for a name no sheet can have."""
    if path.suffix.lower() not in SHEET_SUFFIXES:
        raise VideoError(
            f"cannot write a contact sheet called {path.name}", hint=f"its name ends in {', '.join(SHEET_SUFFIXES)}"
        )


def kind_of(path: Path) -> Kind:
    """The kind a file of this name is. Raises VideoError for a name that cannot be written."""
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise VideoError(
            f"cannot write a video called {path.name}",
            hint=f"its name ends in {', '.join(KINDS)}; a folder (DIR/) gets numbered PNG files",
        )
    return kind


def check_heard(path: Path) -> None:
    """Refuses a video of a kind that has no sound. Raises AudioError; VideoError as `kind_of` does."""
    if not kind_of(path).sound:
        raise AudioError(f"{path.suffix} files have no sound", hint="leave --audio out, or write .mp4, .mov or .webm")
