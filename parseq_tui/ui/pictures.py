"""How pictures are shown on this terminal: half blocks, letters where there are no colours, real pixels on request.

Real pixels are asked for by a setting, and only used when the terminal says it has them: an escape sequence it does not
know would be printed as garbage. `prepare` may run in any thread, everything else belongs to the event loop.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import termios
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rich.style import Style
from textual.strip import Strip

from parseq_tui.ui.drawing import halfblocks, kitty
from parseq_tui.ui.drawing.graphics import Graphic, Graphics
from parseq_tui.ui.drawing.halfblocks import Picture
from parseq_tui.ui.drawing.sixel import sixel
from parseq_tui.ui.terminal.answers import Abilities
from parseq_tui.ui.theming.theme import ColorLevel

Protocol = Literal["half", "sixel", "kitty", "ascii", "off"]
Wish = Literal["half", "auto", "sixel", "kitty", "ascii", "off"]
USUAL_CELL = (8, 16)
"""Pixels of a cell where the terminal does not tell: rather too small than over the edge."""
HALF_BLOCK_BYTES = 36
"""What a cell of half blocks costs at most: two colours of 24 bits and a character."""
PIXELS_WIDE, HALF_BLOCKS_WIDE = 256, 96
"""How wide the worker's small pictures should be."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture ready to be shown on so many cells."""

    protocol: Protocol
    columns: int
    rows: int
    strips: tuple[Strip, ...] = ()
    payload: str = ""
    cost: int = 0
    """Bytes to the terminal, about."""


class Pictures:
    """The pictures of one terminal."""

    def __init__(
        self,
        protocol: Protocol = "half",
        *,
        graphics: Graphics | None = None,
        write: Callable[[str], object] | None = None,
        in_tmux: bool = False,
    ) -> None:
        """`graphics`: where pictures over cells are known to the screen; `write`: straight to the terminal."""
        self.protocol: Protocol = protocol
        self.in_tmux = in_tmux
        self.colors: ColorLevel = "truecolor"
        """What colours reach the terminal as."""
        self._graphics = graphics
        self._write = write
        self._sent = False

    @property
    def _number(self) -> int:
        return {"truecolor": kitty.TRUE_NUMBER, "256": kitty.NUMBER, "16": kitty.OLD_NUMBER}[self.colors]

    @property
    def slow(self) -> bool:
        """Whether preparing takes longer than a key may wait."""
        return self.protocol in ("sixel", "kitty")

    @property
    def pixels_wide(self) -> int:
        """How wide a picture should be that is made to be shown here."""
        return PIXELS_WIDE if self.slow else HALF_BLOCKS_WIDE

    @property
    def cell(self) -> tuple[int, int]:
        """Width and height of a cell in pixels."""
        return cell_pixels() if self.slow else (1, 2)

    def fitted(self, picture: Picture, columns: int, rows: int) -> tuple[int, int]:
        """The (columns, rows) that the picture needs in this room, in its proportions."""
        across, down = self._pixels(picture, columns, rows)
        wide, high = self.cell
        return max(1, min(columns, -(-across // wide))), max(1, min(rows, -(-down // high)))

    def _pixels(self, picture: Picture, columns: int, rows: int) -> tuple[int, int]:
        height, width = picture.shape[:2]
        wide, high = self.cell
        scale = min(columns * wide / width, rows * high / height)
        return max(1, int(width * scale)), max(1, int(height * scale))

    def prepare(self, picture: Picture, columns: int, rows: int) -> Prepared:
        """The picture (uint8, shape (height, width, 3), RGB) as large as it fits `columns` × `rows` cells."""
        if self.protocol in ("sixel", "kitty"):
            size = self.fitted(picture, min(columns, kitty.MOST_CELLS), min(rows, kitty.MOST_CELLS))
            if self.protocol == "sixel":
                payload = sixel(picture, *self._pixels(picture, *size))
            else:
                payload = kitty.transmission(picture, *size, self._number)
            return Prepared(self.protocol, *size, payload=payload, cost=len(payload))
        size = halfblocks.fitted_size(picture, columns, rows)
        if self.protocol == "ascii":
            return Prepared("ascii", *size, tuple(halfblocks.shades(picture, *size)), cost=size[0] * size[1])
        strips = tuple(halfblocks.half_blocks(picture, *size))
        return Prepared("half", *size, strips, cost=size[0] * size[1] * HALF_BLOCK_BYTES)

    def strips(self, prepared: Prepared, background: Style) -> list[Strip]:
        """What to put on the screen; sends what must be at the terminal before. Once per prepared picture."""
        if prepared.protocol == "sixel" and self._graphics is not None:
            graphic = Graphic(prepared.columns, prepared.rows, prepared.payload)
            return self._graphics.strips(graphic, background)
        if prepared.protocol == "kitty" and self._write is not None:
            self._send(prepared.payload)
            self._sent = True
            return kitty.placeholders(prepared.columns, prepared.rows, background)
        return list(prepared.strips)

    def forget(self) -> None:
        """Leave nothing of ours in the terminal's memory."""
        if self._sent:
            self._sent = False
            self._send(kitty.removal(self._number))

    def _send(self, sequences: str) -> None:
        if self._write is not None:
            self._write(through_tmux(sequences) if self.in_tmux else sequences)


def through_tmux(sequences: str) -> str:
    """Sequences for the terminal behind tmux, one envelope each (tmux drops what is too long)."""
    parts = [part + "\x1b\\" for part in sequences.split("\x1b\\") if part]
    return "".join("\x1bPtmux;" + part.replace("\x1b", "\x1b\x1b") + "\x1b\\" for part in parts)


def decided(
    wish: Wish, abilities: Abilities | None, *, in_tmux: bool, passthrough: bool = False
) -> tuple[Protocol, str]:
    """How pictures are shown, and words about it if it is not what was wished for.

    `abilities`: None where the terminal did not answer. `passthrough`: whether tmux passes on what it does not know.
    """
    if wish in ("half", "ascii", "off"):
        return wish, ""
    has_sixel = abilities is not None and abilities.sixel
    has_kitty = passthrough if in_tmux else abilities is not None and abilities.kitty
    if wish == "kitty":
        if has_kitty:
            return "kitty", ""
        reason = (
            "tmux keeps them back: tmux set -g allow-passthrough on"
            if in_tmux
            else "this terminal has none (kitty from 0.28 on and Ghostty have)"
        )
        return "half", f"no kitty pictures: {reason}; half blocks instead"
    if has_sixel:
        return "sixel", ""
    if wish == "sixel":
        reason = "not in this tmux: it needs 3.4 or newer, built with sixel" if in_tmux else "this terminal has none"
        return "half", f"no sixel pictures: {reason}; half blocks instead"
    return ("kitty" if has_kitty and not in_tmux else "half"), ""


def tmux_passes_through() -> bool:
    """Whether tmux hands unknown sequences on. Asks tmux: not for an event loop."""
    try:
        asked = subprocess.run(
            ["tmux", "show-options", "-Apv", "allow-passthrough"],
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.stdout.strip() in ("on", "all")


def cell_pixels() -> tuple[int, int]:
    """Width and height of a cell as the terminal tells the kernel (ssh hands it on), or the usual one."""
    for descriptor in (2, 0, 1):
        try:
            if not os.isatty(descriptor):
                continue
            packed = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, b"\0" * 8)
        except OSError:
            continue
        rows, columns, width, height = struct.unpack("HHHH", packed)
        if rows and columns and width >= columns and height >= rows:
            return width // columns, height // rows
    return USUAL_CELL
