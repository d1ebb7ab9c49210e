"""What the formula bar and the title say about a document, in words ready to print."""

from __future__ import annotations

from dataclasses import replace

from rich.cells import cell_len

from parseq_tui.errors import counted
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.session import Session
from parseq_tui.timeline.document import Document, Options
from parseq_tui.timeline.fields import field_named, is_declared
from parseq_tui.timeline.fitting import reads_numbers
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.commands.cells import formula_in_effect
from parseq_tui.ui.commands.registry import Context
from parseq_tui.ui.drawing.cells import fixed, plain, shortest
from parseq_tui.ui.drawing.grid import LABEL_MAXIMUM, clock, value_at
from parseq_tui.ui.view_state import Position, column_at, playhead, selected
from parseq_tui.ui.widgets.formula_bar import CellView
from parseq_tui.ui.widgets.status_bar import TitleView

_WARNED_DECIMALS = 6
"""Of a number that is complained of: what arithmetic leaves behind them is nobody's doing."""


def cell_view(context: Context) -> CellView:
    """The cursor's cell and what its field comes to at the playhead."""
    document, view, table = context.document, context.view, context.table
    column, row = column_at(document, view), document.keyframes[view.row]
    frame = playhead(document, view)
    place, brief = _place(document, frame, view.position)
    if not column.field:
        words = {
            "frame": "the keyframe's frame: type a frame, 4s or 8b, +8 to move the row",
            "label": "Enter writes a label for this keyframe; formulas can search for it",
        }
        label = plain(row.info or "") if column.part == "label" else ""
        return CellView(column.part, frame, place, brief, help=label or words[column.part])
    name = column.field
    formula, since = formula_in_effect(context, name)
    value = row.values.get(name)
    baked = value_at(table, name, frame)
    unread = _unread(formula, column.part == "value" and value is not None)
    return CellView(
        title=name,
        frame=frame,
        position=place,
        brief=brief,
        value=shortest(value) if value is not None and frame == row.frame else "",
        result="" if baked is None else fixed(baked, 4),
        formula=formula,
        since=None if since is None or since == row.frame else since,
        help=unread + _meaning(name, document),
        label=plain(row.info) if row.info and cell_len(plain(row.info)) > LABEL_MAXIMUM and not unread else "",
        warning=_beyond(name, baked if value is None or frame != row.frame else value, document),
        problem=_problem(table, name, formula, since),
        is_formula=column.part == "formula",
        takes_formula=column.part == "value",
        grouping=view.grouping,
    )


def _place(document: Document, frame: int, shown: Position) -> tuple[str, str]:
    """A frame with its time and beat, and with what of these the table does not show; as wide as the last frame's."""
    last = document.last_frame
    number = f"{frame:<{len(str(last))}}"
    time, beat = (f"{of(frame, document.options):<{len(of(last, document.options))}}" for of in (_time, _beat))
    return f"{number}  {time}  {beat}", f"{number}  {time if shown == 'beats' else beat}"


def _time(frame: int, options: Options) -> str:
    return clock(frame, options.fps)


def _beat(frame: int, options: Options) -> str:
    return f"beat {frame * options.bpm / (options.fps * 60):.2f}" if options.fps else ""


def _unread(formula: str, is_number: bool) -> str:
    """A word to whoever changes a number and wonders why no curve moves; "" if the formula uses it."""
    if not is_number or reads_numbers(formula):
        return ""
    return "the formula does not use this number; S is its name there   "


def _meaning(name: str, document: Document) -> str:
    field = field_named(name, document.dialect)
    low, high = field.minimum, field.maximum
    bounds = f"  {low:g} … {high:g}" if low is not None and high is not None else ""
    unit = f" ({field.unit})" if field.unit else ""
    own = "" if is_declared(name) else "a number of your own: use it in prompts as ${" + name + "}"
    meaning = own or field.meaning
    unused = "" if name in document.managed_fields else "   (not managed: it has no effect; :fields manages it)"
    return f"{meaning}{unit}{bounds}{unused}"


def _beyond(name: str, value: float | None, document: Document) -> str:
    """That a value makes no sense for its field; "" if it does, or if nothing is known about that."""
    field = field_named(name, document.dialect)
    if value is None or field.holds(value):
        return ""
    rounded = round(value, _WARNED_DECIMALS)
    number = shortest(value if field.holds(rounded) else rounded)
    return f"{number} makes no sense for {name}: keep it {field.range} ({field.meaning})"


def _problem(table: FrameTable | None, name: str, formula: str, since: int | None) -> Diagnostic | None:
    """The first error of the formula in effect; else one of the field's others, and where."""
    mine = [one for one in table.errors if one.field == name] if table is not None else []
    here = next((one for one in mine if one.keyframe == since and one.text == formula), None)
    if here is not None or not mine:
        return here
    other = mine[0]
    at = "" if other.keyframe is None else f"at frame {other.keyframe}: "
    return replace(other, message=at + other.message, span=None)


def title_view(session: Session, state: str) -> TitleView:
    """The title line."""
    document = session.document
    options = document.options
    count = document.frame_count
    about = f"{counted(count, 'frame')}  {clock(count, options.fps)}  {options.fps:g} fps  {options.bpm:g} bpm"
    errors = len(session.table.errors) if session.table else 0
    if errors:
        about += f"   ! {counted(errors, 'error')} (g e)"
    return TitleView(plain(session.name), session.dirty, session.read_only, about, state)


def selection_text(context: Context) -> str:
    """How much is selected; "" for the cursor alone."""
    if context.view.anchor is None:
        return ""
    rows, across = selected(context.document, context.view).size
    told = {
        "block": f"{rows:,} × {across}",
        "rows": counted(rows, "whole row"),
        "columns": counted(across, "whole column"),
        "all": f"all {rows:,} × {across}",
    }
    return f"{told[context.view.reach]} selected "
