"""Commands on whole keyframes: insert, delete, move in time, stretch, label, at intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from parseq_tui.errors import counted
from parseq_tui.timeline.document import Lock
from parseq_tui.timeline.edits import (
    DeleteKeyframes,
    InsertKeyframe,
    KeyframesAtIntervals,
    MoveKeyframes,
    StretchKeyframes,
)
from parseq_tui.timeline.edits.rows import frames_per
from parseq_tui.ui.commands.cells import moved_rows
from parseq_tui.ui.commands.positions import PositionError, frame_of
from parseq_tui.ui.commands.registry import Change, Context, Effect, Enter, Say, command
from parseq_tui.ui.view_state import LABEL, columns, row_at, selected


def selected_frames(context: Context) -> tuple[int, ...]:
    """Frames of the selected rows."""
    return tuple(context.document.keyframes[row].frame for row in selected(context.document, context.view).rows)


def _inserted(context: Context, frame: int) -> Effect:
    """A row at `frame`, and the cursor on it."""
    edit = InsertKeyframe(frame)
    after = row_at(context.document, frame) + (frame > context.document.first_frame)
    return Change(edit, view=replace(context.view.without_selection(), row=after, playhead=None))


@command("row.insert_after", "Insert a row below", "Half way to the next keyframe; behind the last one, a beat later.",
         group="rows", edits=True)  # fmt: skip
def insert_after(context: Context, argument: str) -> Effect:
    rows, here = context.document.keyframes, context.view.row
    if here == len(rows) - 1:
        return _inserted(context, rows[here].frame + max(1, frame_of("1b", context.document.options)))
    return _between(context, rows[here].frame, rows[here + 1].frame)


@command("row.insert_before", "Insert a row above", "Half way to the previous keyframe.", group="rows", edits=True,
         why_not=lambda context: None if context.view.row else "the first keyframe is where the animation starts",
         )  # fmt: skip
def insert_before(context: Context, argument: str) -> Effect:
    rows, here = context.document.keyframes, context.view.row
    return _between(context, rows[here - 1].frame, rows[here].frame)


def _between(context: Context, first: int, second: int) -> Effect:
    if second - first < 2:
        return Say(f"there is no frame between {first} and {second}", "warning")
    return _inserted(context, (first + second) // 2)


@command("row.insert_at", "Insert a row at…", "At a frame (120), a time (4s), a beat (8b), or +/- from here.",
         group="rows", edits=True, argument="POSITION", aliases=("insert", "add"))  # fmt: skip
def insert_at(context: Context, argument: str) -> Effect:
    here = context.document.keyframes[context.view.row].frame
    try:
        return _inserted(context, frame_of(argument, context.document.options, relative_to=here))
    except PositionError as error:
        return Say(str(error), "warning")


def _cannot_delete(context: Context) -> str | None:
    frames = selected_frames(context)
    if context.document.first_frame in frames:
        return "the first keyframe is where the animation starts; clear its cells instead"
    if len(context.document.keyframes) - len(frames) < 2:
        return "a document needs a first and a last keyframe"
    return None


@command("row.delete", "Delete rows", "Delete the selected keyframes, or the one under the cursor.", group="rows",
         sweeps="selection",
         edits=True, why_not=_cannot_delete, aliases=("delete",))  # fmt: skip
def delete_rows(context: Context, argument: str) -> Effect:
    frames = selected_frames(context)
    first = selected(context.document, context.view).first_row
    row = min(first, len(context.document.keyframes) - len(frames) - 1)
    return Change(DeleteKeyframes(frames), view=replace(context.view.without_selection(), row=row, playhead=None))


@command("row.move", "Move rows in time", "By frames (+8, -8), beats (+2b) or seconds (+1s).", group="rows",
         sweeps="selection", edits=True,
         argument="BY", aliases=("move",))  # fmt: skip
def move_rows(context: Context, argument: str) -> Effect:
    try:
        by = frame_of(argument, context.document.options)
    except PositionError as error:
        return Say(str(error), "warning")
    return moved_rows(context, MoveKeyframes(selected_frames(context), by))


@command("row.stretch", "Stretch rows in time", "Multiply the distances of the selected rows from the first of them; "
         "2 push moves the rows behind along.", group="rows", sweeps="selection", edits=True, argument="FACTOR [push]",
         aliases=("stretch",))  # fmt: skip
def stretch_rows(context: Context, argument: str) -> Effect:
    number, _, push = argument.partition(" ")
    try:
        factor = float(number)
        if push.strip() not in ("", "push"):
            raise ValueError
    except ValueError:
        return Say(f"{argument!r} is no factor: write 2, 0.5 or 2 push", "warning")
    frames = selected_frames(context)
    if len(frames) < 2:
        return Say("select the rows to stretch first: V, then move")
    return moved_rows(context, StretchKeyframes(frames, frames[0], factor, push=bool(push)))


_UNITS: Mapping[str, Lock] = {"b": "beats", "s": "seconds"}


@command("row.every", "Rows at intervals", "Empty rows every 4b, 2s or 30: in the selection, or everywhere.",
         group="rows", sweeps="document", edits=True, argument="STEP", aliases=("every",))  # fmt: skip
def rows_every(context: Context, argument: str) -> Effect:
    text = argument.strip()
    unit = _UNITS.get(text[-1:], "frames")
    try:
        step = float(text.rstrip("bsf"))
    except ValueError:
        return Say(f"{text!r} is no interval: write 4b, 2s or 30", "warning")
    if not 0 < step < math.inf:
        return Say("an interval is longer than nothing", "warning")
    first, last = context.document.first_frame, context.document.last_frame
    frames = selected_frames(context)
    if len(frames) > 1:
        first, last = frames[0], frames[-1]
    per = float(frames_per(unit, context.document.options))
    count = len(context.document.keyframes)
    edit = KeyframesAtIntervals(first / per, last / per, step, unit)
    added = len(edit.apply(context.document).keyframes) - count
    return Change(edit, say=f"added {counted(added, 'row')}")


@command("row.label", "Label the row", "Type a label; formulas can search for it.", group="rows", edits=True)
def label_row(context: Context, argument: str) -> Effect:
    from parseq_tui.ui.commands.cells import entry_text

    place = columns(context.document, context.view).index(LABEL)
    view = replace(context.view.without_selection(), column=place)
    return Enter(entry_text(replace(context, view=view)), view=view)
