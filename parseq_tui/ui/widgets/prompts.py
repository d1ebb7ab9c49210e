"""The prompts pane: every prompt on the time axis, its weight at the playhead, and the prompt that results there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits.prompts import Which
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.prompts import Prompt
from parseq_tui.ui.drawing.cells import abbreviated, plain
from parseq_tui.ui.drawing.plot import ASCII_PLAYHEAD, PLAYHEAD
from parseq_tui.ui.drawing.ranges import frames_shown, prompt_range, range_bar, weights
from parseq_tui.ui.drawing.raster import Glyphs
from parseq_tui.ui.widgets.prompt_strips import marked_parts, resolved
from parseq_tui.ui.widgets.prompts_mouse import INDENT, ROWS, PromptsMouse, Stretch

COMMON: Literal["common"] = "common"
"""Stands for the prompt that is joined to every other one."""
_LONGEST_NAME = 12


class PromptsPane(PromptsMouse):
    """A list of prompts above the resolved prompt at the playhead."""

    DEFAULT_CSS = "PromptsPane { background: $background; min-height: 3; }"
    BORDER_TITLE: ClassVar[str] = "prompts"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "select(-1)", "previous", show=False, id="prompts.previous"),
        Binding("down,j", "select(1)", "next", show=False, id="prompts.next"),
        Binding("left", "scrub(-1)", "frame back", show=False, id="prompts.back"),
        Binding("right", "scrub(1)", "frame on", show=False, id="prompts.on"),
        Binding("shift+left", "scrub(-10)", "10 frames back", show=False, id="prompts.back_ten"),
        Binding("shift+right", "scrub(10)", "10 frames on", show=False, id="prompts.on_ten"),
        Binding("enter", "edit", "edit", id="prompts.edit"),
        Binding("n", "add", "new prompt", id="prompts.new"),
        Binding("delete,d", "remove", "remove", id="prompts.remove"),
        Binding("left_square_bracket", "range('start')", "starts here", key_display="[", id="prompts.start_here"),
        Binding("right_square_bracket", "range('end')", "ends here", key_display="]", id="prompts.end_here"),
        Binding("a", "range('all')", "all frames", id="prompts.all_frames"),
        Binding("K,shift+up", "move(-1)", "earlier", show=False, id="prompts.earlier"),
        Binding("J,shift+down", "move(1)", "later", show=False, id="prompts.later"),
        Binding("s", "command('prompt.split')", "split here", id="prompts.split"),
        Binding("c", "command('prompt.duplicate')", "duplicate", id="prompts.duplicate"),
        Binding("e", "wanted('prompt.spread')", "spread evenly", id="prompts.spread"),
        Binding("i", "wanted('prompt.import')", "import a list", id="prompts.import"),
        Binding("C", "edit_common", "the common prompt, joined to every other", id="prompts.common"),
        Binding("p", "wanted('prompt.common_position')", "where the common prompt goes", id="prompts.common_position"),
        Binding("m", "wanted('prompt.managed')", "prompts on or off", id="prompts.managed"),
    ]

    class Edited(Message):
        """A prompt shall be another. `index` is COMMON for the common prompt."""

        def __init__(self, index: Which, before: Prompt, after: Prompt) -> None:
            super().__init__()
            self.index, self.before, self.after = index, before, after

    class CommandWanted(Message):
        """A command of the editor, by name, with what is typed behind it."""

        def __init__(self, command: str, argument: str = "") -> None:
            super().__init__()
            self.command, self.argument = command, argument

    class PlayheadMoved(Message):
        """The user wants to be at this frame."""

        def __init__(self, frame: int) -> None:
            super().__init__()
            self.frame = frame

    class Added(Message):
        """This prompt is wanted behind the others."""

        def __init__(self, prompt: Prompt) -> None:
            super().__init__()
            self.prompt = prompt

    class Removed(Message):
        """This prompt shall go."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, glyphs: Glyphs = "braille", read_only: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.read_only = read_only
        self._glyphs: Glyphs = glyphs
        self._document: Document | None = None
        self._table: FrameTable | None = None
        self._playhead = 0
        self._bars: dict[tuple[Which, int], str] = {}
        """What is drawn for a prompt's range, by its index and the width."""
        self._adding = False
        """Whether the next document has a new prompt, which will be the selected one."""
        self._broken: frozenset[str] = frozenset()
        """Names of prompts with formulas that have errors."""
        self._window = (0, 0)
        """First frame (from 0) and number of frames that the bars show; (0, 0): all."""

    # what the host calls

    def show(self, document: Document, table: FrameTable, playhead: int) -> None:
        """Show this document's prompts; the selection stays on its index."""
        if self._adding and self._document is not document:
            self._selected, self._adding = len(document.prompts.entries) - 1, False
        self._document, self._table, self._playhead = document, table, playhead
        self._bars.clear()
        problems = (each for each in table.diagnostics if each.severity == "error")
        self._broken = frozenset(each.prompt for each in problems if each.prompt is not None)
        self._show_window()
        self.draw()

    def set_playhead(self, frame: int) -> None:
        """Weights, the mark in the bars and the resolved prompt follow; rows that stay the same are not sent."""
        if frame != self._playhead:
            self._playhead = frame
            self.draw()

    def set_window(self, start: int, count: int) -> None:
        """Show the ranges in these frames: `count` from `start` (counted from 0) on, as the curves do."""
        if (start, count) != self._window:
            self._window = (start, count)
            self._bars.clear()
            self._show_window()
            self.draw()

    def set_glyphs(self, glyphs: Glyphs) -> None:
        """Blocks, or ASCII."""
        self._glyphs = glyphs
        self._bars.clear()
        self.draw()

    @property
    def selected(self) -> Which | None:
        """Index of the selected prompt, COMMON for the common one, None if there is none."""
        indices = self._indices()
        return indices[self._selected] if indices else None

    # keys

    def entry_count(self) -> int:
        return len(self._indices())

    def action_edit(self) -> None:
        if self.selected is not None:
            self._edit(self.selected)

    def action_edit_common(self) -> None:
        if self._document is not None:
            self._edit(COMMON)

    def _edit(self, index: Which) -> None:
        before = self._prompt(index)

        def entered(after: Prompt) -> None:
            if after != before:
                self.post_message(self.Edited(index, before, after))

        self._ask(before, entered, index)

    def action_scrub(self, frames: int) -> None:
        """Move the playhead, which ranges are put to."""
        if self._table is not None:
            first, count = self._table.first_frame, self._table.frame_count
            self.set_playhead(min(max(self._playhead + frames, first), first + count - 1))
            self.post_message(self.PlayheadMoved(self._playhead))

    def action_add(self) -> None:
        """A new prompt from the playhead on, which is there once it is kept."""
        document = self._document
        if document is None:
            return
        entries, start = document.prompts.entries, self._playhead
        everywhere = not entries or start <= document.first_frame

        def entered(prompt: Prompt) -> None:
            self._adding = True
            self.post_message(self.Added(prompt))

        name = f"Prompt {len(entries) + 1}"
        self._ask(Prompt(name, all_frames=everywhere, start=start, end=document.last_frame), entered)

    def _ask(self, prompt: Prompt, entered: Callable[[Prompt], None], which: Which | None = None) -> None:
        from parseq_tui.ui.screens.prompt_editor import PromptEditor  # with a text area, which nothing else needs

        def left(after: Prompt | None) -> None:
            if after is not None:
                entered(after)

        assert self._document is not None
        options, last = self._document.options, self._document.last_frame
        editor = PromptEditor(prompt, options=options, last_frame=last, which=which, read_only=self.read_only)
        self.app.push_screen(editor, left)

    def action_command(self, name: str) -> None:
        """A command on the selected prompt."""
        if isinstance(self.selected, int):
            self.post_message(self.CommandWanted(name, str(self.selected + 1)))

    def action_move(self, step: int) -> None:
        """Earlier or later among the others; the selection goes along."""
        index = self.selected
        if isinstance(index, int) and self._document is not None:
            if 0 <= index + step < len(self._document.prompts.entries):
                self._selected += step
            self.post_message(self.CommandWanted("prompt.earlier" if step < 0 else "prompt.later", str(index + 1)))

    def action_wanted(self, name: str) -> None:
        """A command on all of them."""
        self.post_message(self.CommandWanted(name))

    def action_remove(self) -> None:
        if self.selected is not None and self.selected != COMMON:
            self.post_message(self.Removed(self.selected))

    def action_range(self, what: Literal["start", "end", "all"]) -> None:
        index = self.selected
        if index is None or index == "common" or self._document is None:
            return
        prompt = self._prompt(index)
        start, end = prompt_range(prompt, self._document.last_frame)
        if what == "all":
            self.post_message(self.RangeChanged(index, start, end, not prompt.all_frames))
            return
        if what == "start":
            start, end = self._playhead, max(end, self._playhead)
        else:
            start, end = min(start, self._playhead), self._playhead
        self.post_message(self.RangeChanged(index, start, end, False))

    def stretch(self, entry: int) -> Stretch | None:
        index = self._indices()[entry]
        if self._document is None or self._table is None or index == "common":
            return None
        first, last = self._document.first_frame, self._document.last_frame
        begin, count = self._shown_frames(self._table)
        window = (self._table.first_frame + begin, count / max(1, self.size.width - INDENT))
        return Stretch(index, *prompt_range(self._prompt(index), last), first, last, window)

    # painting

    def _indices(self) -> list[Which]:
        """Index of each row's prompt, the common one last if it says anything."""
        if self._document is None:
            return []
        prompts = self._document.prompts
        common: list[Which] = [COMMON] if prompts.common.positive or prompts.common.negative else []
        return [*range(len(prompts.entries)), *common]

    def _prompt(self, index: Which) -> Prompt:
        """As it is, or while its range is held, as it would be."""
        assert self._document is not None
        prompts, held = self._document.prompts, self._held
        prompt = prompts.common if index == "common" else prompts.entries[index]
        if held is None or held.index != index or self._held_to == (held.start, held.end):
            return prompt
        return replace(prompt, all_frames=False, start=self._held_to[0], end=self._held_to[1])

    @property
    def _list_height(self) -> int:
        """Rows of the list; the resolved prompt below gets at least two fifths of the pane."""
        wanted = ROWS * len(self._indices())
        room = self.size.height - max(3, self.size.height * 2 // 5)
        return max(ROWS, min(wanted, room // ROWS * ROWS))

    def draw(self) -> None:
        if self._document is None or self._table is None or not self.size.width:
            return
        indices = self._indices()
        shown = self._list_height // ROWS
        self.scroll_to_selected(shown)
        lines: list[Strip] = []
        for row in range(self._top, min(len(indices), self._top + shown)):
            lines += self._entry(indices[row], selected=row == self._selected)
        if not indices:
            lines.append(self.line(("no prompt yet: n adds one", self.palette.style("dim"))))
        part = f"prompts {self._top + 1}-{self._top + shown} of {len(indices)}" if shown < len(indices) else ""
        self.set_lines([*lines, *self._resolved(self.size.height - len(lines), part)])
        self.point_at(0, ROWS * (self._selected - self._top))

    def _entry(self, index: Which, *, selected: bool) -> list[Strip]:
        assert self._document is not None
        prompt, palette = self._prompt(index), self.palette
        on = "selection" if selected and self.has_focus else "background"
        mark = ">" if selected else " "
        number = "common" if index == "common" else str(index + 1)
        head: list[tuple[str, str]] = [(f"{mark}{number} ", "accent" if selected else "text")]
        if prompt.name and index != "common":
            head.append((f"{abbreviated(plain(prompt.name), _LONGEST_NAME)} ", "text"))
        if index == "common":
            head.append((f"{self._document.prompts.common_position} ", "dim"))
        else:
            start, end = prompt_range(prompt, self._document.last_frame)
            head.append(("all " if prompt.all_frames else f"{start}-{end} ", "dim"))
            weight = self._weight(prompt, index)
            head.append((f"{weight} ", "success" if weight != "off" else "dim"))
        if prompt.name in self._broken:
            head.append(("! ", "error"))
        parts = [(text, palette.style("text" if on == "selection" else role, on)) for text, role in head]
        parts += marked_parts(prompt.positive[:300], palette, on)
        if prompt.negative:
            parts.append((f"  - {plain(prompt.negative[:300])}", palette.style("dim", on)))
        return [self.line(*parts, on=on), self._bar(prompt, index)]

    def _bar(self, prompt: Prompt, index: Which) -> Strip:
        assert self._document is not None and self._table is not None
        table, width = self._table, self.size.width - INDENT
        if self._held is not None:
            bar = self._range_bar(prompt, index, width)
        elif (index, width) in self._bars:
            bar = self._bars[index, width]
        else:
            bar = self._bars[index, width] = self._range_bar(prompt, index, width)
        style = self.palette.series(index) if index != "common" else self.palette.style("dim")
        start, count = self._shown_frames(table)
        at = int((self._playhead - table.first_frame - start + 0.5) * width // count)
        pieces = [Segment("  ", self.palette.style()), Segment(bar, style)]
        strip = Strip(pieces, width + 2)
        if 0 <= at < width:
            mark = PLAYHEAD if self._glyphs != "ascii" else ASCII_PLAYHEAD
            here = Strip([Segment(mark, self.palette.style("playhead"))], 1)
            strip = Strip.join([strip.crop(0, at + 2), here, strip.crop(at + 3)])
        return strip

    def _range_bar(self, prompt: Prompt, index: Which, width: int) -> str:
        assert self._document is not None and self._table is not None
        table, last = self._table, self._document.last_frame
        start, count = self._shown_frames(table)
        first = table.first_frame + start
        if index == "common":
            return range_bar(Prompt(), first, count, width, last, self._glyphs)

        def weight(frame: int) -> str:
            return table.prompt_weight(index, frame - table.first_frame)

        return range_bar(prompt, first, count, width, last, self._glyphs, weight)

    def _show_window(self) -> None:
        if self._table is not None:
            start, count = self._shown_frames(self._table)
            part = count < self._table.frame_count
            words = f"  {frames_shown(self._table.first_frame + start, count)}" if part else ""
            self.border_title = self.BORDER_TITLE + words

    def _shown_frames(self, table: FrameTable) -> tuple[int, int]:
        """First frame (from 0) and number of frames of the bars, inside a table that may be shorter by now."""
        start, count = self._window
        count = min(count, table.frame_count) or table.frame_count
        return min(start, table.frame_count - count), count

    def _weight(self, prompt: Prompt, index: int) -> str:
        """At the playhead, in words."""
        assert self._document is not None
        last = self._document.last_frame
        start, end = prompt_range(prompt, last)
        if not start <= self._playhead <= end:
            return "off"
        if prompt.overlap.kind == "custom":
            value = self._custom_weight(index)
            return f"w {value}" if value else f"w={plain(prompt.overlap.formula)[:16]}"
        return f"w {weights(prompt, np.array([float(self._playhead)]), last)[0]:.2f}"

    def _custom_weight(self, index: int) -> str:
        """What a weight formula comes to at the playhead, with two decimals; as it is printed if it is no number."""
        table = self._table
        if table is None:
            return ""
        text = table.prompt_weight(index, self._playhead - table.first_frame)
        try:
            return f"{float(text):.2f}"
        except ValueError:
            return plain(text)[:16]

    def _resolved(self, height: int, part: str) -> list[Strip]:
        """What results at the playhead; `part`: which of the prompts are seen above, if not all."""
        assert self._document is not None and self._table is not None
        if height < 2:
            return []
        palette, table = self.palette, self._table
        here = f"at frame {self._playhead}"
        words = here + part.rjust(max(len(part) + 2, self.size.width - len(here)))
        head = self.line((words, palette.style("dim", "panel")), on="panel")
        if not self._document.prompts.enabled:
            return [head, self.line(("frames get no prompts: m turns them on", palette.style("dim")))]
        index = min(max(self._playhead - table.first_frame, 0), table.frame_count - 1)
        return [
            head,
            *(self.line(*row) for row in resolved(*table.prompt_texts(index), self.size.width, height - 1, palette)),
        ]
