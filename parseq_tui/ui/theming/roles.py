"""What a theme has to colour: the roles, what each is for, and the colours used where no theme of ours says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

SERIES = 8
"""Curves with colours of their own."""

ROLES: Mapping[str, str] = MappingProxyType(
    {
        "background": "behind the table and the curves",
        "surface": "behind inputs and dialogs, and every other row",
        "panel": "behind headers, bars and the status line",
        "text": "values that are there",
        "dim": "labels, help, frame numbers",
        "accent": "the pane with the focus, keys in hints",
        "cursor": "behind the cell under the cursor",
        "cursor-text": "its text",
        "selection": "behind selected cells",
        "interpolated": "values between keyframes",
        "formula": "formulas",
        "error": "what is wrong",
        "warning": "what may be wrong",
        "success": "what went well",
        "playhead": "the line at the current frame",
        "changed": "behind a cell that was changed from outside, for a moment",
    }
)

_SIXTEEN_COMMON = {"cursor-text": "black", "cursor": "cyan"}
SIXTEEN_DARK: Mapping[str, Any] = MappingProxyType(
    {
        **_SIXTEEN_COMMON,
        "background": "black",
        "surface": "blue",
        "panel": "bright_black",
        "text": "bright_white",
        "dim": "white",
        "accent": "bright_yellow",
        "selection": "magenta",
        "interpolated": "white",
        "formula": "bright_cyan",
        "error": "bright_magenta",
        "warning": "bright_yellow",
        "success": "bright_green",
        "playhead": "bright_white",
        "changed": "red",
        "series": [
            "bright_cyan",
            "bright_yellow",
            "bright_magenta",
            "bright_green",
            "bright_red",
            "bright_white",
            "cyan",
            "green",
        ],
    }
)
SIXTEEN_LIGHT: Mapping[str, Any] = MappingProxyType(
    {
        "cursor": "blue",
        "cursor-text": "bright_white",
        "background": "bright_white",
        "surface": "bright_cyan",
        "panel": "white",
        "text": "black",
        "dim": "bright_black",
        "accent": "blue",
        "selection": "bright_green",
        "interpolated": "bright_black",
        "formula": "blue",
        "error": "red",
        "warning": "magenta",
        "success": "black",
        "playhead": "black",
        "changed": "bright_yellow",
        "series": ["blue", "red", "magenta", "bright_black", "bright_blue", "black", "blue", "red"],
    }
)

UNTHEMED: Mapping[str, str] = MappingProxyType(
    {
        "background": "#101418",
        "surface": "#1e242b",
        "panel": "#2d3640",
        "text": "#e6e6e6",
        "dim": "#9aa5b1",
        "accent": "#6cb6ff",
        "cursor": "#6cb6ff",
        "cursor-text": "#0b0f14",
        "selection": "#24507a",
        "interpolated": "#9aa5b1",
        "formula": "#a5d6a7",
        "error": "#ff8a80",
        "warning": "#ffcc66",
        "success": "#7bd88f",
        "playhead": "#ffd54f",
        "changed": "#5d4a1a",
        "series-1": "#6cb6ff",
        "series-2": "#ffb454",
        "series-3": "#7bd88f",
        "series-4": "#f78fb3",
        "series-5": "#c39bff",
        "series-6": "#e6e6e6",
        "series-7": "#56d4dd",
        "series-8": "#d7ce6a",
    }
)
"""Colours under a theme that is not ours (Textual's own): CSS variables that are always there."""
