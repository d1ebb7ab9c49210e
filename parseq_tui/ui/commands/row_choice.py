"""Which rows a bulk command means, as people type it behind `where`.

    where drop                 rows whose label holds the pattern
    where label~^drop 0..8s    the same, and between two positions (frames, seconds, beats)
    where zoom=1.5             rows that give zoom this value; zoom=* any value or formula
    where "zoom~sin(\\(p)"     rows whose formula of zoom holds the pattern; quotes hold what has blanks

Without `where`: the selected rows, or all where nothing is selected.
"""

from __future__ import annotations

import re
from dataclasses import replace

from parseq_tui.errors import EditError
from parseq_tui.timeline.edits import RowFilter
from parseq_tui.ui.commands.cells import number_in
from parseq_tui.ui.commands.positions import PositionError, frame_of
from parseq_tui.ui.commands.registry import Context
from parseq_tui.ui.view_state import selected

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"(?=\s|$)|(\S+)')
_WHERE = re.compile(r"(?:^|\s)where(?:\s+|$)")


def words(text: str) -> list[str]:
    """The words of a text; quotes hold together what has blanks, and may hold nothing."""
    return [re.sub(r'\\"', '"', match[1]) if match[1] is not None else match[2] for match in _WORD.finditer(text)]


def parted(argument: str) -> tuple[str, str]:
    """What stands before and behind the last `where`; "" behind it where there is none."""
    places = list(_WHERE.finditer(argument))
    if not places:
        return argument.strip(), ""
    return argument[: places[-1].start()].strip(), argument[places[-1].end() :].strip()


def rows_meant(context: Context, conditions: str) -> RowFilter:
    """The rows that answer to all conditions. Raises EditError for a condition that cannot be read."""
    meant = RowFilter()
    if not conditions and context.view.anchor is not None:
        block, rows = selected(context.document, context.view), context.document.keyframes
        return RowFilter(first=rows[block.first_row].frame, last=rows[block.end_row - 1].frame)
    for word in words(conditions):
        if word != "and":
            meant = _narrowed(context, meant, word)
    return meant


def known_field(context: Context, name: str) -> str:
    """`name`, if the document has a field of that name. Raises EditError."""
    document = context.document
    names = dict.fromkeys((*document.managed_fields, *document.displayed_fields))
    if name not in names:
        near = [known for known in names if name and name in known][:3] or list(names)[:3]
        raise EditError(f"the document has no field {name!r}", hint=f"it has {', '.join(near)}…")
    return name


def _narrowed(context: Context, meant: RowFilter, word: str) -> RowFilter:
    if ".." in word and not re.match(r"[A-Za-z_]\w*[~=]", word):
        first, _, last = word.partition("..")
        return replace(meant, first=_frame(context, first), last=_frame(context, last))
    if re.match(r"(?:[A-Za-z_]\w*)?[<>]", word):
        raise EditError(f"{word}: rows are not chosen by < and >", hint="a range of frames is 0..120, 8b.. or ..4s")
    match = re.match(r"([A-Za-z_]\w*)([~=])", word)
    if match is None:
        return replace(meant, label=word)
    name, sign, given = match[1], match[2], word[match.end() :]
    if name == "label":
        return replace(meant, label=re.sub(r"(\W)", r"\\\1", given) if sign == "=" else given)
    if meant.field not in (None, known_field(context, name)):
        raise EditError(f"conditions on both {meant.field} and {name}", hint="choose rows by one field at a time")
    if sign == "~":
        return replace(meant, field=name, formula=given)
    if given == "*":
        return replace(meant, field=name)
    value = number_in(given)
    if isinstance(value, str):
        raise EditError(f"{word}: {value}", hint=f"write {name}=1.5, {name}=* or {name}~PATTERN for formulas")
    return replace(meant, field=name, value=value)


def _frame(context: Context, text: str) -> int | None:
    try:
        return frame_of(text, context.document.options) if text else None
    except PositionError as error:
        raise EditError(str(error), hint="a range is written 0..120, 4s..8s or 8b..") from error
