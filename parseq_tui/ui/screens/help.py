"""Help: every command with its keys and every function with its signature, searched by typing.

Nothing is written here: the sections are made from the command registry, the key map and the language's registry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from textwrap import wrap
from typing import ClassVar, Final, Protocol

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Input

from parseq_tui.ui.widgets.line_view import LineView


@dataclass(frozen=True, slots=True)
class HelpEntry:
    """One thing that is explained."""

    name: str
    """How it is called: "keyframe.delete", "sin"."""
    head: str
    """What stands first in its line: its keys, or its signature."""
    text: str
    """One or two sentences."""
    example: str = ""


@dataclass(frozen=True, slots=True)
class HelpSection:
    title: str
    entries: tuple[HelpEntry, ...]


class CommandLike(Protocol):
    """What help needs to know of a command."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def help(self) -> str: ...
    @property
    def group(self) -> str: ...


class FunctionLike(Protocol):
    """What help needs to know of a function of the language."""

    @property
    def name(self) -> str: ...
    @property
    def help(self) -> str: ...
    @property
    def example(self) -> str: ...
    def signature(self) -> str: ...


def command_sections(commands: Iterable[CommandLike], keys: Callable[[str], Sequence[str]]) -> list[HelpSection]:
    """One section per group, in the order of the commands. `keys`: a command's name → the keys that run it."""
    groups: dict[str, list[HelpEntry]] = {}
    for command in commands:
        head = ", ".join(keys(command.name)) or f":{command.name}"
        entry = HelpEntry(command.name, head, f"{command.title.rstrip('….')}. {command.help}")
        groups.setdefault(command.group, []).append(entry)
    return [HelpSection(title, tuple(entries)) for title, entries in groups.items()]


def function_section(functions: Iterable[FunctionLike]) -> HelpSection:
    """The language's live documentation."""
    entries = (HelpEntry(each.name, each.signature(), each.help, each.example) for each in functions)
    return HelpSection("functions of the language", tuple(entries))


def pane_section(
    title: str, bindings: Iterable[BindingType], own: Mapping[str, str], readable: Callable[[str], str]
) -> HelpSection:
    """The keys a pane has for itself.

    `own`: a user's keys in place of a binding's; `readable`: Textual's name of a key → what stands on it.
    """
    entries = []
    for binding in bindings:
        if isinstance(binding, Binding) and binding.id is not None:
            keys = ", ".join(readable(key) for key in own.get(binding.id, binding.key).split(","))
            entries.append(HelpEntry(binding.id, keys, f"{binding.description[:1].upper()}{binding.description[1:]}."))
    return HelpSection(title, tuple(entries))


class HelpScreen(ModalScreen[None]):
    """The sections, and a line to search them with."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > Vertical { width: 100%; max-width: 110; height: 100%; background: $surface; border: round $accent; }
    HelpScreen Input { padding: 0 1; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,ctrl+c", "close", "close", priority=True, id="help.close"),
        Binding("up", "scroll_by(-1)", show=False, priority=True, id="help.up"),
        Binding("down", "scroll_by(1)", show=False, priority=True, id="help.down"),
        Binding("pageup", "scroll_page(-1)", show=False, priority=True, id="help.page_up"),
        Binding("pagedown", "scroll_page(1)", show=False, priority=True, id="help.page_down"),
        Binding("ctrl+home", "scroll_by(-1000000)", show=False, priority=True, id="help.top"),
        Binding("ctrl+end", "scroll_by(1000000)", show=False, priority=True, id="help.bottom"),
    ]

    def __init__(self, sections: Sequence[HelpSection], *, query: str = "") -> None:
        super().__init__()
        self._sections = tuple(sections)
        self._query = query

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "help"
            box.border_subtitle = "type to search   Up Down scroll   Esc close"
            yield Input(self._query, placeholder="search", id="search", compact=True)
            yield HelpText(self._sections, self._query)

    def on_mount(self) -> None:
        line = self.query_one(Input)
        line.cursor_blink = False
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one(HelpText).search(event.value)

    def action_close(self) -> None:
        self.dismiss(None)

    def action_scroll_by(self, rows: int) -> None:
        self.query_one(HelpText).scroll_rows(rows)

    def action_scroll_page(self, direction: int) -> None:
        text = self.query_one(HelpText)
        text.scroll_rows(direction * max(1, text.size.height - 2))


class HelpText(LineView):
    """The entries that match, from a row on."""

    DEFAULT_CSS = "HelpText { height: 1fr; background: $background; }"

    def __init__(self, sections: Sequence[HelpSection], query: str = "") -> None:
        super().__init__()
        self._sections = tuple(sections)
        self._query = query
        self._top = 0
        self._rows: list[Strip] = []
        """What is laid out so far."""
        self._more: Iterator[Strip] = iter(())

    def search(self, query: str) -> None:
        """Show the entries that hold every word of `query`, in any of their parts."""
        self._query, self._top = query, 0
        self._build()

    def scroll_rows(self, rows: int) -> None:
        wanted, height = max(0, self._top + rows), self.size.height
        # hundreds of entries take longer to lay out than a key may wait: only those on the way are
        self._rows += islice(self._more, max(0, wanted + height - len(self._rows)))
        self._top = max(0, min(wanted, len(self._rows) - height))
        self.set_lines(self._rows[self._top : self._top + self.size.height])

    def on_resize(self) -> None:
        self._build()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_rows(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_rows(3)

    def theme_changed(self) -> None:
        self._build()

    def _build(self) -> None:
        if not self.size.width:
            return
        self._rows, self._more = [], self._laid_out(self.size.width)
        self.scroll_rows(0)

    def _laid_out(self, width: int) -> Iterator[Strip]:
        palette = self.palette
        found = matching(self._sections, self._query)
        for section in found:
            head = (f" {section.title}", palette.style("accent", "panel", "bold"))
            yield self.line(head, on="panel", width=width)
            for entry in section.entries:
                yield from self._entry(entry, width)
        if not found:
            yield self.line((f" nothing here says “{self._query}”", palette.style("dim")))

    def _entry(self, entry: HelpEntry, room: int) -> list[Strip]:
        palette, width = self.palette, max(20, room)
        indent = min(26, width // 3)
        head = palette.style("formula", attributes="bold")
        rows = wrap(entry.text, width - indent - 1) or [""]
        if len(entry.head) + 2 > indent:
            heads = wrap(entry.head, width - 2, subsequent_indent="    ")
            lines = [self.line((f" {part}", head), width=room) for part in heads]
        else:
            first = (rows.pop(0), palette.style("text"))
            lines = [self.line((f" {entry.head}".ljust(indent), head), first, width=room)]
        lines += [self.line((" " * indent + row, palette.style("text")), width=room) for row in rows]
        if entry.example:
            example = (entry.example, palette.style("dim"))
            lines.append(self.line((" " * indent, palette.style()), example, width=room))
        return lines


def matching(sections: Iterable[HelpSection], query: str) -> list[HelpSection]:
    """The sections with only the entries that hold every word of `query`; sections without any are left out.

    What is called so comes before what only speaks of it: "sin" finds sin, then what has it in an example.
    """
    words = query.casefold().split()
    found = []
    for section in sections:
        ranked = [(_rank(section, entry, words), entry) for entry in section.entries]
        ranked = sorted((each for each in ranked if each[0] < _NOT_HELD), key=lambda each: each[0])
        if ranked:
            found.append((ranked[0][0], HelpSection(section.title, tuple(entry for _, entry in ranked))))
    return [section for _, section in sorted(found, key=lambda each: each[0])]


_NOT_HELD: Final = 3


def _rank(section: HelpSection, entry: HelpEntry, words: Sequence[str]) -> int:
    """0: its name begins so, 1: its name or title holds the words, 2: something of it does, 3: nothing."""
    name, title = entry.name.casefold(), entry.text.partition(".")[0].casefold()
    if all(word in f"{name} {title}" for word in words):
        return 0 if any(part.startswith(words[0]) for part in (name, *name.split(".")) if words) else 1
    text = " ".join((section.title, entry.head, entry.text, entry.example)).casefold()
    return 2 if all(word in f"{name} {text}" for word in words) else _NOT_HELD
