"""Commands on all rows that answer a description: set, compute, replace, label, delete. Each is one step of undo.

What they act on is typed: `bulk.set zoom 1.2 where label~drop 0..8s` (see `row_choice`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from parseq_tui.errors import EditError, counted
from parseq_tui.language.patterns import Pattern, PatternError
from parseq_tui.timeline.edits import BulkDelete, BulkExpression, BulkLabel, BulkSet, RowFilter, SetCells
from parseq_tui.timeline.edits.bulk import compiled
from parseq_tui.ui.commands.cells import number_in
from parseq_tui.ui.commands.registry import Ask, Change, Context, Effect, Say, command
from parseq_tui.ui.commands.row_choice import known_field, parted, rows_meant, words
from parseq_tui.ui.view_state import column_at, columns, selected


def _here(context: Context) -> str:
    """The field under the cursor with a blank behind it, to begin a command with; "" where there is none."""
    field = column_at(context.document, context.view).field
    return f"{field} " if field else ""


def _field_and_rest(context: Context, text: str) -> tuple[str, str]:
    name, _, rest = text.partition(" ")
    return known_field(context, name), rest.strip()


def _counted(context: Context, where: RowFilter) -> str:
    return counted(len(where.indices(context.document)), "row")


@command("bulk.set", "Set on many rows", "Give a field a number, or =FORMULA, on the rows described behind where; "
         "else on the selected rows, or all.", group="rows",
         sweeps="document", edits=True, argument="[FIELD NUMBER where ROWS]",
         aliases=("bulk",))  # fmt: skip
def bulk_set(context: Context, argument: str) -> Effect:
    what, conditions = parted(argument)
    if not what:
        return Ask(f"bulk.set {_here(context)}")
    field, given = _field_and_rest(context, what)
    if not given:
        return Ask(f"bulk.set {field} ")
    where = rows_meant(context, conditions)
    said = f"{field} set on {_counted(context, where)}"
    if given.startswith("="):
        return Change(BulkSet(where, field, formula=given[1:].strip()), say=said)
    value = number_in(given)
    if isinstance(value, str):
        return Say(value, "error")
    return Change(BulkSet(where, field, value), say=said)


@command("bulk.compute", "Compute on many rows", "Give a field what an expression comes to on each row described "
         "behind where, as a value: S*2 doubles it.", group="rows", sweeps="document", edits=True,
         argument="[FIELD EXPRESSION where ROWS]")  # fmt: skip
def bulk_compute(context: Context, argument: str) -> Effect:
    what, conditions = parted(argument)
    if not what:
        return Ask(f"bulk.compute {_here(context)}")
    field, expression = _field_and_rest(context, what)
    if not expression:
        return Ask(f"bulk.compute {field} ")
    where = rows_meant(context, conditions)
    return Change(BulkExpression(where, field, expression), say=f"{field} computed on {_counted(context, where)}")


@command("bulk.replace", "Replace text", "Replace a text in labels and formulas: /old/new/ or old new; /pattern/new/r "
         "takes a regular expression, $& in new is what it found; in the selection, or everywhere.", group="rows",
         sweeps="document", edits=True, argument="/OLD/NEW/ where ROWS", aliases=("replace", "s"))  # fmt: skip
def bulk_replace(context: Context, argument: str) -> Effect:
    what, conditions = parted(argument)
    change = _replacement(what)
    infos: dict[int, str | None] = {}
    formulas: dict[int, dict[str, str | None]] = {}
    everything = columns(context.document, context.view)
    block = selected(context.document, context.view) if context.view.anchor else None
    places = everything if block is None else [everything[index] for index in block.columns]
    for index in rows_meant(context, conditions).indices(context.document):
        row = context.document.keyframes[index]
        for column in places:
            text = (row.info if column.part == "label" else row.formulas.get(column.field)) or ""
            if column.part in ("label", "formula") and (changed := change.of(text)) != text:
                if column.part == "label":
                    infos[row.frame] = changed or None
                else:
                    formulas.setdefault(row.frame, {})[column.field] = changed or None
    count = len(infos) + sum(map(len, formulas.values()))
    if not count:
        return Say(f"{change.old!r} is in no label and no formula there", "warning")
    edit = SetCells(f"replace {change.old} by {change.new}", formulas=formulas, infos=infos)
    return Change(edit, say=f"replaced in {counted(count, 'cell')}")


@dataclass(frozen=True, slots=True)
class Replacement:
    """What is replaced by what."""

    old: str
    new: str
    pattern: Pattern | None = None
    """What `old` means as a regular expression; None: just itself."""

    def of(self, text: str) -> str:
        """The text with every place replaced; `$&` in `new` is what a pattern found. Raises EditError."""
        if self.pattern is None:
            return text.replace(self.old, self.new)
        try:
            spans = self.pattern.spans(text)
        except PatternError as error:
            raise EditError(f"this pattern costs too much: {error}", hint="make it simpler") from error
        for start, end in reversed(spans):
            text = text[:start] + self.new.replace("$&", text[start:end]) + text[end:]
        return text


def _replacement(text: str) -> Replacement:
    """`/old/new/` with any mark between, `r` behind it for a pattern, or two words. Raises EditError."""
    if text and not re.match(r'[\w"]', text):
        parts = text.split(text[0])
        if len(parts) in (3, 4) and parts[1] and "".join(parts[3:]) in ("", "r"):
            if parts[3:] == ["r"] and re.search(r"[\\$]\d", parts[2]):
                raise EditError("groups of a pattern have no numbers here", hint="$& stands for all that it found")
            return Replacement(parts[1], parts[2], compiled(parts[1]) if parts[3:] == ["r"] else None)
    elif len(words(text)) == 2 and words(text)[0]:
        old, new = words(text)
        return Replacement(old, new)
    raise EditError("what is to be replaced by what?", hint="write /old/new/, /pattern/new/r, or two words")


@command("bulk.label", "Label many rows", 'Label the rows described behind where; "" takes their labels away.',
         group="rows", sweeps="document", edits=True, argument="TEXT where ROWS")  # fmt: skip
def bulk_label(context: Context, argument: str) -> Effect:
    what, conditions = parted(argument)
    text = what[1:-1] if len(what) > 1 and what[0] == what[-1] == '"' else what
    where = rows_meant(context, conditions)
    return Change(BulkLabel(where, text or None), say=f"labelled {_counted(context, where)}")


@command("bulk.delete", "Delete many rows", "Delete the rows described: a word of their label, label~PATTERN, "
         "zoom=1.5, 4s..8s. The first row stays.", group="rows",
         sweeps="document", edits=True, argument="ROWS")  # fmt: skip
def bulk_delete(context: Context, argument: str) -> Effect:
    _, conditions = parted(f"where {argument}" if not argument.startswith("where ") else argument)
    where = rows_meant(context, conditions)
    count = len([index for index in where.indices(context.document) if index])
    if not count:
        return Say("the first keyframe is where the animation starts; clear its cells instead", "warning")
    return Change(BulkDelete(where), view=context.view.without_selection(), say=f"deleted {counted(count, 'row')}")
