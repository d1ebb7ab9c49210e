"""What the terminal's font can show: braille, only blocks, or only ASCII; and everything drawn, in ASCII.

Where only ASCII can be shown, what leaves the program is turned into ASCII of the same width, so that nothing that
draws has to know: frames, marks, arrows and foreign letters alike.

>>> in_ascii("▸ 1.5 → é 猫")
'> 1.5 > e ??'
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from rich.cells import cell_len

from parseq_tui.ui.drawing.raster import Glyphs

KINDS: Final[tuple[Glyphs, ...]] = ("braille", "block", "ascii")
_PLAIN_TERMINALS = frozenset({"linux", "dumb", "vt100", "vt220", "ansi", "cons25"})
"""Terminals whose fonts have no braille, and hardly anything else beyond ASCII."""
_PYTHONS_OWN = "C.UTF-8"
"""What Python itself puts into LC_CTYPE at its start where the locale is C (PEP 538)."""
_OTHERS = re.compile(r"[^\x00-\x7f]")
_ASCII = str.maketrans(
    "…→←↑↓×·−≤≥▸◂°±↵“”‘’—–│┃┊┆╎─━┄└┘┌┐├┤┬┴┼╭╮╰╯╴╶●○■□▲△◆◇◎█▓▒░▀▄▌▐▎▏▕▁▂▃▅▆▇",
    '~><^vx~-<>><o+<""\'\'--||::|---++++||+++++++--*o#oAAoo@##+."_|||||___=##',
)


def glyphs_for(environment: Mapping[str, str], chosen: str = "") -> Glyphs:
    """What to draw with: what was chosen, else what the terminal is known to show.

    A locale that is not UTF-8, and a few terminals, mean ASCII. No locale at all says nothing (containers, ssh).
    """
    for kind in KINDS:
        if kind == chosen:
            return kind
    if environment.get("TERM", "") in _PLAIN_TERMINALS:
        return "ascii"
    names = ["LC_ALL", "LC_CTYPE", "LANG"]
    if environment.get("LANG") in ("C", "POSIX") and environment.get("LC_CTYPE") == _PYTHONS_OWN:
        names.remove("LC_CTYPE")
    locale = next((value for name in names if (value := environment.get(name))), "UTF-8")
    return "braille" if "utf" in locale.casefold() else "ascii"


def in_ascii(text: str) -> str:
    """The text in ASCII, as many terminal cells wide; what has no likeness is `?`. Escape sequences stay."""
    if text.isascii():
        return text
    text = text.translate(_ASCII)
    return text if text.isascii() else _OTHERS.sub(_likeness, text)


def _likeness(match: re.Match[str]) -> str:
    letter = unicodedata.normalize("NFKD", match[0])[0]
    width = cell_len(match[0])
    return letter if letter.isascii() and letter.isprintable() and width == 1 else "?" * width
