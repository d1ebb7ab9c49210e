"""Which panes are seen at which size, which one has the focus, and the line of tabs on small terminals.

From 150 columns on the table stands over the curves, beside both the render over the prompts; from 110 columns on the
table has the whole width and the others share what is below it. Smaller terminals show the table and one other pane,
very low ones one pane at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen

from parseq_tui.ui.keymap import DEFAULT_KEYS, Keymap
from parseq_tui.ui.pane_keys import PANES as WITH_KEYS
from parseq_tui.ui.pane_keys import shown_as
from parseq_tui.ui.widgets.keyframe_table import KeyframeTable
from parseq_tui.ui.widgets.styled_line import Part, StyledLines

PANES: Final = ("table", "curves", "prompts", "render", "problems")
WIDE_COLUMNS, MEDIUM_COLUMNS, MEDIUM_ROWS = 150, 110, 28
LOW_ROWS = 16
"""Below this many rows one pane has the screen."""
TINY_ROWS = 7
"""Below this many rows it needs those of the title and the tabs: a row of the table must be seen."""

HINTS: Mapping[str, Sequence[tuple[str, str]]] = {
    "table": (
        ("Enter", "edit"), ("?", "help"), ("Space", "menu"), ("u", "undo"), ("^S", "save"), ("^Q", "quit"),
        ("i", "interpolation"), ("=", "formula"), ("< >", "nudge"), ("o", "row"), ("v", "select"),
        ("y p", "copy paste"), ("f", "fill"), ("g", "go to"), ("z", "view"), (":", "command"), ("/", "find"),
        ("b", "many rows"), ("P", "paste…"), ("t", "plot"), ("D", "delete row"),
    ),
    "entry": (
        ("Enter", "keep"), ("Tab", "keep, go right"), ("Esc", "cancel"), ("↑ ↓", "earlier ones"), ("^G", "grouping"),
        ("^Space", "complete"),
    ),
    "curves": (
        ("← →", "frame"), ("+ -", "zoom"), ("↑ ↓", "value"), ("k", "keyframe here"), ("?", "help"),
        ("Tab", "next pane"), ("Space", "menu"), ("f", "all frames"), ("a", "next curve"), ("1-8", "show/hide"),
        ("^← ^→", "keyframes"), ("s v", "scales"), ("Alt← Alt→", "move it"), ("w W", "beat"), ("PgUp PgDn", "pan"),
        ("u", "undo"),
    ),
    "prompts": (
        ("↑ ↓", "choose"), ("Enter", "edit"), ("n", "new"), ("d", "remove"), ("?", "help"), ("Tab", "next pane"),
        ("Space", "menu"), ("← →", "frame"), ("[ ]", "starts/ends here"), ("s", "split"), ("c", "copy"),
        ("J K", "move"),
        ("e", "spread"), ("i", "import"), ("a", "all frames"), ("C p", "common"), ("m", "on/off"),
        ("u", "undo"),
    ),
    "render": (
        ("r", "render all"), ("d", "draft"), ("s", "selection"), ("p", "this frame"), ("x", "stop"), ("z", "pause"),
        ("w", "cost"), ("t", "takes"), ("b", "A/B"), ("← →", "look at frames"), ("v", "large"), ("n", "new seeds"),
        ("Tab", "next pane"), ("Space", "menu"), ("?", "help"), ("c", "clear cache"),
    ),
    "problems": (("↑ ↓", "choose"), ("Enter", "go there"), ("Tab", "next pane"), ("Space", "menu"), ("?", "help")),
}  # fmt: skip

_HINTED: Mapping[str, Sequence[str]] = {
    "Enter": ("cell.edit",), "?": ("application.help",), "u": ("document.undo",), "^S": ("document.save",),
    "^Q": ("application.quit",), "i": ("interpolation.cycle",), "=": ("cell.formula",),
    "< >": ("nudge.down", "nudge.up"),
    "o": ("row.insert_after",), "v": ("select.block",), "y p": ("clipboard.copy", "clipboard.paste"),
    ":": ("application.command_line",), "/": ("find.text",), "t": ("view.plot",), "D": ("row.delete",),
}  # fmt: skip
"""The commands behind the table's hints, whose keys a user may have changed."""


_CLASSES = {str(pane.BORDER_TITLE): pane for pane in WITH_KEYS}


def hints(pane: str, keymap: Keymap) -> Sequence[tuple[str, str]]:
    """(key, what it does) for the status line, most useful first; with the keys that are really bound."""
    listed = HINTS.get(pane, HINTS["table"])
    if pane in _CLASSES:
        return [(shown_as(shown, _CLASSES[pane], keymap), what) for shown, what in listed] if keymap.panes else listed
    if pane in HINTS and pane != "table":
        return listed
    return [(key, what) for shown, what in listed if (key := _bound(shown, keymap))]


def _bound(shown: str, keymap: Keymap) -> str:
    """A hint's keys as they are now; "" if a command has none."""
    names = _HINTED.get(shown, ())
    if all(keymap.keys.get(name) == DEFAULT_KEYS[name] for name in names):
        return shown
    keys = [keymap.shown(name) for name in names]
    return " ".join(keys) if all(keys) else ""


class TabLine(StyledLines):
    """The names of the panes, on small terminals."""

    DEFAULT_CSS = "TabLine { height: 1; dock: bottom; background: $panel; offset-y: -1; }"

    class Chosen(Message):
        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    _open = "curves"
    _focused = "table"

    def show(self, open_pane: str, focused: str) -> None:
        self._open, self._focused = open_pane, focused
        self.draw()

    def draw(self) -> None:
        style = self.palette.style
        parts: list[Part] = []
        for name in PANES:
            seen = name in (self._open, "table")
            role = "accent" if name == self._focused else "text" if seen else "dim"
            parts.append((f" {name} ", style(role, "panel", "bold" if name == self._focused else "")))
        self.set_parts([[*parts, ("  Tab: next   Space: choose", style("dim", "panel"))]], on="panel")

    def on_click(self, event: events.Click) -> None:
        left = 0
        for name in PANES:
            if left <= event.x < left + len(name) + 2:
                self.post_message(self.Chosen(name))
            left += len(name) + 2


class PaneActions:
    """Focus and layout of an editor screen."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._open = "curves"
        self._maximised = False
        self._size = Size(0, 0)
        self._last = "table"
        """The pane that has the focus, or had it before something was typed into a line."""
        self.last_plotted: tuple[str, ...] = ()

    @property
    def narrow(self) -> bool:
        return self._size.width < MEDIUM_COLUMNS or self._size.height < MEDIUM_ROWS

    @property
    def wide(self) -> bool:
        return not self.narrow and self._size.width >= WIDE_COLUMNS

    def focused(self) -> str:
        """The pane with the focus; while something is typed into a line, the one that it will come back to."""
        widget = self._screen.focused
        if widget is not None and widget.id in PANES:
            self._last = widget.id
        return self._last

    def expect(self, size: Size) -> None:
        """The terminal will have this size when the screen gets its widgets: they are styled for it from the first."""
        self._size = size
        self._screen.update_classes(self._classes(None), update=False)

    def fit(self, size: Size) -> None:
        """The terminal has this size."""
        was_wide, self._size = self.wide, size
        if self.wide != was_wide:
            # a grid fills row by row: what stands beside the table comes before what stands below it
            body, curves, right = (self._screen.query_one(f"#{name}") for name in ("body", "curves", "right"))
            if self.wide:
                body.move_child(curves, after=right)
            else:
                body.move_child(curves, before=right)
        self._apply()

    def go(self, name: str) -> None:
        """Show a pane and give it the focus."""
        if name != "table":
            self._open = name
        self._apply()
        # at once: the next key may be there already, and Widget.focus comes after it
        self._screen.set_focus(self._screen.query_one(f"#{name}"), scroll_visible=False)
        self._last = name
        if self._maximised:
            self._apply(focused=name)

    def mark(self) -> None:
        """The focus has moved."""
        name = self.focused()
        self._screen.query_one(TabLine).show(self._open, name)
        if self._one_at_a_time:
            self._apply(focused=name)

    def restore(self) -> None:
        """Take the whole screen back from a maximised pane."""
        if self._maximised:
            self._maximised = False
            self._apply()

    def do(self, action: str, argument: str) -> bool:
        """Carry out a command of the panes; False if it is none."""
        if action in ("pane.next", "pane.previous"):
            self._cycle(1 if action == "pane.next" else -1)
        elif action == "pane.maximise":
            self._maximised = not self._maximised
            self._apply(focused=self.focused())
        elif action == "view.centre":
            self._screen.query_one(KeyframeTable).centre()
        elif action.startswith("pane."):
            self.go(action.removeprefix("pane."))
        else:
            return False
        return True

    @property
    def _one_at_a_time(self) -> bool:
        return self._maximised or self._size.height < LOW_ROWS

    def _cycle(self, step: int) -> None:
        names = [name for name in PANES if name != "problems" or self._open == "problems"]
        here = names.index(self.focused()) if self.focused() in names else 0
        self.go(names[(here + step) % len(names)])

    def _apply(self, focused: str | None = None) -> None:
        self._screen.update_classes(self._classes(focused))  # at once: each change styles every widget anew
        self._screen.query_one(TabLine).show(self._open, focused or self.focused())

    def _classes(self, focused: str | None) -> dict[str, bool]:
        """What the style sheet knows the layout by."""
        one = (focused or self.focused()) if self._one_at_a_time else ""
        shown = {f"show-{name}": self._open == name for name in PANES[1:]}
        alone = {f"only-{name}": one == name for name in PANES}
        kinds = {"narrow": self.narrow, "wide": self.wide, "problems": self._open == "problems", "one": bool(one)}
        return {**kinds, **shown, **alone, "tiny": self._size.height < TINY_ROWS}
