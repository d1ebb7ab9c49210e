"""Commands on the columns of fields: hide, show, add, reorder, resize, fold groups.

Which fields are shown and in which order is part of the document (`displayedFields`), so undo takes it back. Widths and
folded groups belong to the window: they are kept between runs (see `remembered`), but not in the file.
"""

from __future__ import annotations

from dataclasses import replace

from parseq_tui.errors import counted
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import SetDisplayedFields, SetManagedFields, Several
from parseq_tui.timeline.edits.base import Edit
from parseq_tui.timeline.fields import field_named
from parseq_tui.ui.commands.registry import Change, Context, Effect, Look, Say, command
from parseq_tui.ui.drawing.grid import lay_out
from parseq_tui.ui.view_state import (
    MAXIMUM_WIDTH,
    MINIMUM_WIDTH,
    ViewState,
    carried_over,
    clamped,
    column_at,
    columns,
    displayed,
    shown_fields,
)


def _no_field(context: Context) -> str | None:
    return None if column_at(context.document, context.view).field else "move to a field first"


@command("view.hide_field", "Hide this field", "Take the field out of the table; it keeps its values.", group="view",
         edits=True)  # fmt: skip
def hide_field(context: Context, argument: str) -> Effect:
    name = argument or column_at(context.document, context.view).field
    if name not in displayed(context.document):
        return Say("move to a field first")
    if shown_fields(context.document, context.view) == (name,):
        return Say("the last field stays", "warning")
    left = tuple(one for one in displayed(context.document) if one != name)
    return Change(SetDisplayedFields(left), say=f"{name} is hidden; z a shows all")


@command("view.show_fields", "Show all fields", "Show every field that the document manages, and unfold all groups.",
         group="view", edits=True)  # fmt: skip
def show_fields(context: Context, argument: str) -> Effect:
    document = context.document
    everything = _with_hidden(document)
    if everything == displayed(document):
        return Look(_with_folds(document, context.view, frozenset()), "every field is shown")
    edit = SetDisplayedFields(everything)
    view = carried_over(document, edit.apply(document), context.view)
    return Change(edit, view=_with_folds(edit.apply(document), view, frozenset()))


def _with_hidden(document: Document) -> tuple[str, ...]:
    """All fields: those that are shown in their order, each hidden one behind the one it is managed behind."""
    order = list(displayed(document))
    before: str | None = None
    for name in document.managed_fields:
        if name not in order:
            order.insert(order.index(before) + 1 if before is not None else 0, name)
        before = name
    return tuple(order)


@command("document.fields", "Add a field", "Manage and show this field: zoom, angle, my_number…", group="document",
         edits=True, argument="FIELD", aliases=("fields",))  # fmt: skip
def add_field(context: Context, argument: str) -> Effect:
    document = context.document
    edits: list[Edit] = []
    if argument not in document.managed_fields:
        edits.append(SetManagedFields((*document.managed_fields, argument)))
    if argument not in displayed(document):
        edits.append(SetDisplayedFields((*displayed(document), argument)))
    unfolded = _with_folds(document, context.view, context.view.folded - {argument})
    edit = Several(tuple(edits), f"add field {argument}")
    after = edit.apply(document)
    view = carried_over(document, after, unfolded).without_selection()
    place = next(i for i, column in enumerate(columns(after, view)) if column.field == argument)
    view = replace(view, column=place)
    return Change(edit, view=view) if edits else Look(view, f"{argument} is there already")


def _shift(name: str, title: str, by: int) -> None:
    @command(name, title, f"{title}; the order is saved with the document.", group="view", edits=True,
             why_not=_no_field)  # fmt: skip
    def run(context: Context, argument: str) -> Effect:
        field = column_at(context.document, context.view).field
        shown = shown_fields(context.document, context.view)
        place = shown.index(field) + by
        if not 0 <= place < len(shown):
            return Say(f"{field} is at the edge already")
        order = [one for one in displayed(context.document) if one != field]
        order.insert(order.index(shown[place]) + (by > 0), field)
        return Change(SetDisplayedFields(tuple(order)), say=f"{field} moved; the order is saved with the document")


def dropped_on(context: Context, field: str, onto: str) -> Effect:
    """The effect of dropping the head of `field` on that of another one: it takes that place."""
    order = list(displayed(context.document))
    if not {field, onto} <= set(order):
        return Say("only fields can be moved")
    place = order.index(onto)
    order.remove(field)
    order.insert(place, field)
    return Change(SetDisplayedFields(tuple(order)), say=f"{field} moved; the order is saved with the document")


_shift("view.field_left", "Move the field left", -1)
_shift("view.field_right", "Move the field right", 1)


def _resize(name: str, title: str, by: int) -> None:
    @command(name, title, f"{title}; z w alone gives it its own width again.", group="view")
    def run(context: Context, argument: str) -> Effect:
        here = column_at(context.document, context.view)
        now = lay_out(context.document, context.view, context.width).widths[context.view.column]
        return _with_width(context, dict(context.view.widths).get(here, now) + by)


_resize("view.wider", "Make the column wider", 2)
_resize("view.narrower", "Make the column narrower", -2)


@command("view.width", "Width of the column", "So many cells wide; without a number as wide as it needs.", group="view",
         argument="[CELLS]", aliases=("width",))  # fmt: skip
def set_width(context: Context, argument: str) -> Effect:
    if not argument:
        return _with_width(context, None)
    if not argument.isdecimal() or len(argument) > 4:
        return Say(f"{argument!r} is no width: write a number of cells", "warning")
    return _with_width(context, int(argument))


def _with_width(context: Context, width: int | None) -> Effect:
    return resized(context, context.view.column, width)


def resized(context: Context, column: int, width: int | None) -> Effect:
    """The effect of making a column so wide; None: as wide as it needs."""
    here = columns(context.document, context.view)[column]
    if here.part == "frame":
        return Say("the frame column is as wide as it needs")
    others = tuple(pair for pair in context.view.widths if pair[0] != here)
    if width is None:
        return Look(replace(context.view, widths=others), f"{here.title} has its own width")
    width = min(max(width, MINIMUM_WIDTH), MAXIMUM_WIDTH)
    return Look(
        replace(context.view, widths=(*others, (here, width))), f"{here.title} is {counted(width, 'cell')} wide"
    )


@command("view.fold_group", "Fold or unfold the group", "Show only the first field of the group this field belongs to "
         "(motion, sampling…), or all again.", group="view", why_not=_no_field)  # fmt: skip
def fold_group(context: Context, argument: str) -> Effect:
    document, view = context.document, context.view
    group = field_named(column_at(document, view).field, document.dialect).group
    members = [name for name in displayed(document) if field_named(name, document.dialect).group == group]
    hidden = frozenset(members) & view.folded
    if hidden:
        return Look(_with_folds(document, view, view.folded - hidden), f"{group}: {counted(len(members), 'field')}")
    if len(members) < 2:
        return Say(f"{members[0]} is the only field of its group ({group})")
    folded = view.folded | frozenset(members[1:])
    count = counted(len(folded & frozenset(members)), "field")
    return Look(_with_folds(document, view, folded, members[0]), f"{group}: {count} folded; z g unfolds")


def _with_folds(document: Document, view: ViewState, folded: frozenset[str], instead: str = "") -> ViewState:
    """The view with other fields folded, the cursor on its column, or on field `instead` where that is hidden now."""
    if folded == view.folded:
        return view
    here = column_at(document, view)
    after = replace(view.without_selection(), folded=folded)
    everything = columns(document, after)
    wanted = here if here in everything else replace(here, field=instead)
    column = everything.index(wanted) if wanted in everything else view.column
    return clamped(document, replace(after, column=column))
