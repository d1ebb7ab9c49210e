"""Commands that move the cursor: by cells, pages, keyframes; to a frame, a beat, a time, a column, an error, a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits.bulk import compiled
from parseq_tui.timeline.edits.rows import frames_per
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.commands.positions import PositionError, frame_of, next_beat
from parseq_tui.ui.commands.registry import Context, Effect, Look, Say, command
from parseq_tui.ui.drawing.cells import shortest
from parseq_tui.ui.view_state import Column, ViewState, clamped, column_at, columns, playhead, row_at


def _moved(context: Context, rows: int = 0, across: int = 0) -> Effect:
    view = context.view
    return _landed(context, view.row + rows, view.column + across)


def _landed(context: Context, row: int, column: int) -> Effect:
    return Look(clamped(context.document, context.view.at(row, column)))


def _declare(name: str, title: str, help_text: str, step: Callable[[Context], tuple[int, int]]) -> None:
    """A command that moves the cursor to the (row, column) that `step` gives."""

    @command(name, title, help_text, group="move")
    def run(context: Context, argument: str) -> Effect:
        row, column = step(context)
        return _landed(context, row, column)


_declare("cursor.up", "Up", "One keyframe up.", lambda c: (c.view.row - 1, c.view.column))
_declare("cursor.down", "Down", "One keyframe down.", lambda c: (c.view.row + 1, c.view.column))
_declare("cursor.left", "Left", "One column to the left.", lambda c: (c.view.row, c.view.column - 1))
_declare("cursor.right", "Right", "One column to the right.", lambda c: (c.view.row, c.view.column + 1))
_declare("cursor.page_up", "Page up", "A page of keyframes up.", lambda c: (c.view.row - c.page, c.view.column))
_declare("cursor.page_down", "Page down", "A page of keyframes down.", lambda c: (c.view.row + c.page, c.view.column))
_declare("cursor.row_start", "First column", "To the first field of the row.", lambda c: (c.view.row, 2))
_declare("cursor.row_end", "Last column", "To the last field of the row.", lambda c: (c.view.row, 10**6))
_declare("cursor.first_row", "First keyframe", "To the first keyframe.", lambda c: (0, c.view.column))
_declare("cursor.last_row", "Last keyframe", "To the last keyframe.", lambda c: (10**9, c.view.column))


@command("cursor.previous_field", "Previous field", "To the same kind of column of the field before.", group="move")
def previous_field(context: Context, argument: str) -> Effect:
    return _by_field(context, -1)


@command("cursor.next_field", "Next field", "To the same kind of column of the next field.", group="move")
def next_field(context: Context, argument: str) -> Effect:
    return _by_field(context, 1)


def _by_field(context: Context, direction: int) -> Effect:
    here = column_at(context.document, context.view)
    places = [
        index
        for index, column in enumerate(columns(context.document, context.view))
        if column.part == (here.part if here.field else "value")
    ]
    beyond = [index for index in places if (index - context.view.column) * direction > 0]
    if not beyond:
        return _moved(context)
    return _landed(context, context.view.row, min(beyond, key=lambda index: abs(index - context.view.column)))


def _rows_with_entry(context: Context) -> Iterable[int]:
    """Rows that say something in the cursor's column."""
    here = column_at(context.document, context.view)
    for index, row in enumerate(context.document.keyframes):
        if _says_something(row, here):
            yield index


def _says_something(row: Keyframe, column: Column) -> bool:
    if column.part == "frame":
        return True
    if column.part == "label":
        return bool(row.info)
    return column.field in (row.formulas if column.part == "formula" else row.values)


@command(
    "cursor.previous_keyframe",
    "Previous keyframe here",
    "Up to the previous keyframe that has something in this column.",
    group="move",
)
def previous_keyframe(context: Context, argument: str) -> Effect:
    row = max((index for index in _rows_with_entry(context) if index < context.view.row), default=None)
    return _landed(context, row, context.view.column) if row is not None else Say("nothing above in this column")


@command(
    "cursor.next_keyframe",
    "Next keyframe here",
    "Down to the next keyframe that has something in this column.",
    group="move",
)
def next_keyframe(context: Context, argument: str) -> Effect:
    row = min((index for index in _rows_with_entry(context) if index > context.view.row), default=None)
    return _landed(context, row, context.view.column) if row is not None else Say("nothing below in this column")


@command("cursor.previous_label", "Previous label", "Up to the previous labelled keyframe.", group="move")
def previous_label(context: Context, argument: str) -> Effect:
    rows = [index for index, row in enumerate(context.document.keyframes) if row.info and index < context.view.row]
    return _landed(context, rows[-1], context.view.column) if rows else Say("no label above")


@command("cursor.next_label", "Next label", "Down to the next labelled keyframe.", group="move")
def next_label(context: Context, argument: str) -> Effect:
    rows = [index for index, row in enumerate(context.document.keyframes) if row.info and index > context.view.row]
    return _landed(context, rows[0], context.view.column) if rows else Say("no label below")


def _go(context: Context, text: str, unit: str) -> Effect:
    try:
        frame = frame_of(text, context.document.options, default_unit=unit)
    except PositionError as error:
        return Say(str(error), "warning")
    last = context.document.last_frame
    beyond = f"the last frame is {last}; a and a position make a keyframe beyond it" if frame > last else ""
    return Look(at_frame(context.document, context.view, frame), say=beyond)


def at_frame(document: Document, view: ViewState, frame: int) -> ViewState:
    """The cursor on the keyframe at or before `frame`, the playhead exactly there."""
    frame = min(max(frame, document.first_frame), document.last_frame)
    row = row_at(document, frame)
    moved = view.at(row, view.column)
    return moved if document.keyframes[row].frame == frame else replace(moved, playhead=frame)


@command(
    "go.frame",
    "Go to a frame",
    "To a frame: 120, or 4s, or 8b.",
    group="move",
    argument="FRAME",
    aliases=("go", "frame"),
)
def go_frame(context: Context, argument: str) -> Effect:
    return _go(context, argument, "")


@command(
    "go.beat", "Go to a beat", "To a beat of the document's bpm.", group="move", argument="BEAT", aliases=("beat",)
)
def go_beat(context: Context, argument: str) -> Effect:
    return _go(context, argument, "b")


@command(
    "go.time", "Go to a time", "To a time: 12.5 seconds or 1:04.", group="move", argument="TIME", aliases=("time",)
)
def go_time(context: Context, argument: str) -> Effect:
    return _go(context, argument, "s")


@command(
    "go.column", "Go to a field", "To the field whose name begins with this.", group="move", argument="FIELD",
    aliases=("column", "field"),
)  # fmt: skip
def go_column(context: Context, argument: str) -> Effect:
    names = [column.field if column.part == "value" else "" for column in columns(context.document, context.view)]
    for test in (lambda name: name == argument, lambda name: name.startswith(argument), lambda name: argument in name):
        for index, name in enumerate(names):
            if name and test(name):
                return _landed(context, context.view.row, index)
    return Say(f"no column is called {argument!r}", "warning")


def _beat_step(name: str, title: str, direction: int) -> None:
    @command(
        name, title, f"{title}: the playhead goes there, the cursor to the keyframe at or before it.", group="move"
    )
    def run(context: Context, argument: str) -> Effect:
        document = context.document
        per_beat = float(frames_per("beats", document.options))
        frame = next_beat(playhead(document, context.view), direction, per_beat)
        if not document.first_frame <= frame <= document.last_frame:
            return Say("there is no beat beyond this one")
        return Look(at_frame(document, context.view, frame))


_beat_step("go.next_beat", "Next beat", 1)
_beat_step("go.previous_beat", "Previous beat", -1)


@command("go.error", "Go to the next error", "To the next formula that has an error.", group="move", aliases=("error",))
def go_error(context: Context, argument: str) -> Effect:
    document, view = context.document, context.view
    everything = columns(document, view)
    places = []
    for problem in context.table.diagnostics if context.table else ():
        if problem.severity == "error" and problem.keyframe is not None and problem.field:
            column = _column_of(everything, problem.field)
            if column is not None:
                places.append((row_at(document, problem.keyframe), column))
    if not places:
        return Say("no errors in the columns shown")
    places.sort()
    row, column = next((place for place in places if place > (view.row, view.column)), places[0])
    return _landed(context, row, column)


def _column_of(everything: Iterable[object], field: str) -> int | None:
    found = [index for index, column in enumerate(everything) if getattr(column, "field", "") == field]
    return found[-1] if found else None


@command("find.text", "Find", "Find a text in labels and formulas, or a value; /pattern/ is a regular expression.",
         group="move", sweeps="document", argument="TEXT", aliases=("find",))  # fmt: skip
def find_text(context: Context, argument: str) -> Effect:
    return _found(replace_search(context, argument), 1)


@command("find.next", "Find next", "To the next place of what was looked for.", group="move", sweeps="document",
         why_not=lambda context: None if context.view.search else "nothing was looked for yet: press /")  # fmt: skip
def find_next(context: Context, argument: str) -> Effect:
    return _found(context, 1)


@command("find.previous", "Find previous", "To the previous place of what was looked for.", group="move",
         sweeps="document",
         why_not=lambda context: None if context.view.search else "nothing was looked for yet: press /")  # fmt: skip
def find_previous(context: Context, argument: str) -> Effect:
    return _found(context, -1)


def replace_search(context: Context, text: str) -> Context:
    return replace(context, view=replace(context.view, search=text))


def _found(context: Context, direction: int) -> Effect:
    document, view = context.document, context.view
    places = list(_places(document, view, _test_of(view.search)))
    if not places:
        return Look(view, f"'{view.search}' is nowhere in the columns shown")
    here = (view.row, view.column)
    beyond = [place for place in places if (place > here if direction > 0 else place < here)]
    row, column = (beyond or places)[0 if direction > 0 else -1]
    count = f"{places.index((row, column)) + 1} of {len(places)}"
    return Look(clamped(document, view.at(row, column)), f"'{view.search}': {count}")


def _test_of(search: str) -> Callable[[str], bool]:
    """Whether a text holds what is looked for, whatever its case; `/pattern/` counts case. Raises EditError."""
    if len(search) > 2 and search[0] == search[-1] == "/":
        return compiled(search[1:-1]).found_in
    wanted = search.casefold()
    return lambda text: wanted in text.casefold()


def _places(document: Document, view: ViewState, test: Callable[[str], bool]) -> Iterable[tuple[int, int]]:
    """Row and column of every cell that holds what is looked for. Equal contents are looked at once."""
    everything = columns(document, view)
    in_values = view.search[:1] == "/" or set(view.search.casefold()) <= set("0123456789.+-e")
    fields = {
        part: [(index, column.field) for index, column in enumerate(everything) if column.part == part]
        for part in ("label", "value", "formula")
    }
    numbers, texts = _Remembered(lambda value: test(shortest(value))), _Remembered(test)
    for row_index, row in enumerate(document.keyframes):
        hits = [index for index, _ in fields["label"] if row.info and texts[row.info]]
        if row.formulas:
            formulas = row.formulas
            hits += [index for index, field in fields["formula"] if field in formulas and texts[formulas[field]]]
        if in_values:
            values = row.values
            hits += [index for index, field in fields["value"] if field in values and numbers[values[field]]]
        for index in sorted(hits):
            yield row_index, index


class _Remembered(dict[Any, bool]):
    """A test that is asked once about equal things."""

    def __init__(self, test: Callable[[Any], bool]) -> None:
        self._test = test

    def __missing__(self, thing: Any) -> bool:
        self[thing] = self._test(thing)
        return self[thing]
