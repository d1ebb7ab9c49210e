"""Which columns are shown, in which order and how wide: (fields, keys, fields), and what of it is saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from keystrokes import Fingers

from parseq_tui.paths import views_file
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.commands.fields_shown import dropped_on
from parseq_tui.ui.drawing.column_curves import ColumnCurves
from parseq_tui.ui.drawing.grid import header_cell, lay_out
from parseq_tui.ui.drawing.sparkline import sparkline
from parseq_tui.ui.remembered import looks, recalled, remember
from parseq_tui.ui.view_state import ViewState, column_at, shown_fields

MOTION = ("angle", "zoom", "translation_x")


def fingers(fields: tuple[str, ...], at: str = "", *, managed: tuple[str, ...] = ()) -> Fingers:
    """Fingers on a table of these fields, the cursor on the value column of one of them."""
    document = Document((Keyframe(0, dict.fromkeys(fields, 1.0)), Keyframe(60)), managed or fields, fields)
    return Fingers(document, ViewState(column=2 + 2 * fields.index(at or fields[0])))


def shown(hands: Fingers) -> str:
    """The fields shown, the cursor's in brackets."""
    here = column_at(hands.session.document, hands.desk.view).field
    names = shown_fields(hands.session.document, hands.desk.view)
    return " ".join(f"[{name}]" if name == here else name for name in names)


@pytest.mark.parametrize(
    ("at", "keys", "after", "saved"),
    [
        ("zoom", "z h", "seed angle [translation_x]", ("seed", "angle", "translation_x")),
        ("zoom", "z h z a", "seed angle zoom [translation_x]", ("seed", *MOTION)),
        ("zoom", "z left", "seed [zoom] angle translation_x", ("seed", "zoom", "angle", "translation_x")),
        ("zoom", "z right", "seed angle translation_x [zoom]", ("seed", "angle", "translation_x", "zoom")),
        ("zoom", "z right u", "seed angle [zoom] translation_x", ("seed", *MOTION)),
        ("zoom", "z H z H z H", "[zoom] seed angle translation_x", ("zoom", "seed", "angle", "translation_x")),
        # groups fold in the window only: the document still shows all
        ("zoom", "z g", "seed [angle]", ("seed", *MOTION)),
        ("zoom", "z g z g", "seed [angle] zoom translation_x", ("seed", *MOTION)),
        ("zoom", "z g z a", "seed [angle] zoom translation_x", ("seed", *MOTION)),
        ("zoom", "z g z left", "[angle] seed", ("angle", "seed", "zoom", "translation_x")),
        ("zoom", "z g : f i e l d s space z o o m enter", "seed angle [zoom]", ("seed", *MOTION)),
    ],
)  # fmt: skip
def test_columns(at: str, keys: str, after: str, saved: tuple[str, ...]) -> None:
    hands = fingers(("seed", *MOTION), at)
    hands.press(keys)
    assert shown(hands) == after
    assert hands.session.document.displayed_fields == saved


def test_all_managed_fields_come_back_behind_those_in_order() -> None:
    hands = fingers(("zoom", "seed"), managed=("seed", "angle", "zoom"))
    hands.press("z a")
    assert shown(hands) == "[zoom] seed angle"
    hands.press("z a")
    assert hands.host.said[-1] == "every field is shown"


def test_what_cannot_be_done_says_why() -> None:
    hands = fingers(("seed", "zoom"), "zoom")
    for keys, words in (
        ("z right", "at the edge already"),
        ("z g", "the only field of its group"),
        ("z w x enter", "no width"),
        ("left left left left left z left", "move to a field first"),
        ("z plus", "as wide as it needs"),
    ):
        hands.press(keys.replace("z w x", ": w i d t h space x"))
        assert words in hands.host.said[-1]
    assert not hands.session.dirty


def test_a_width_is_chosen_by_key_or_number_and_given_back() -> None:
    hands = fingers(("seed", "zoom"), "zoom")

    def width() -> int:
        return lay_out(hands.session.document, hands.desk.view, 100).widths[hands.desk.view.column]

    own = width()
    hands.press("z plus z plus")
    assert width() == own + 4
    hands.press(": w i d t h space 4 0 enter right")
    hands.press("left")
    assert width() == 40
    hands.press("z minus")
    assert width() == 38
    hands.press("z w")
    assert width() == own
    assert not hands.session.dirty


def test_the_head_of_a_folded_group_counts_what_is_behind_it() -> None:
    hands = fingers(("seed", *MOTION), "zoom")
    hands.press("z g")
    grid = lay_out(hands.session.document, hands.desk.view)
    heads = [header_cell(column, width, grid.folds) for column, width in zip(grid.columns, grid.widths, strict=True)]
    assert any("angle +2" in head for head in heads)


def test_the_curve_under_a_head_goes_on_from_the_value_into_the_formula_column() -> None:
    hands = fingers(("seed", "zoom"), "zoom")
    table = hands.session.bake()
    grid = lay_out(hands.session.document, hands.desk.view, 100)
    curves = ColumnCurves()
    cells = [curves.cell(grid, table, column) for column in range(len(grid.columns))]
    assert [len(cell) for cell in cells] == list(grid.widths)
    assert cells[0].isspace() and cells[1].isspace()
    assert "".join(cells[2:4]).rstrip() == sparkline(table["seed"], grid.widths[2] + grid.widths[3] - 1)
    assert curves.cell(grid, None, 2).isspace(), "before the first bake"


def test_the_curves_under_the_heads_show_the_frames_that_the_curves_pane_shows() -> None:
    hands = fingers(("seed", "zoom"), "zoom")
    table = hands.session.bake()
    grid = lay_out(hands.session.document, hands.desk.view, 100)
    curves, width = ColumnCurves(), grid.widths[2] + grid.widths[3] - 1

    def drawn() -> str:
        return "".join(curves.cell(grid, table, column) for column in (2, 3)).rstrip()

    assert curves.set_window(5, 10) and not curves.set_window(5, 10)
    assert drawn() == sparkline(table["seed"][5:15], width)
    assert curves.set_window(10**6, 10) and drawn() == sparkline(table["seed"], width), (
        "the table may be shorter by now"
    )


def test_curves_in_the_heads_can_be_switched_off() -> None:
    hands = fingers(("seed", "zoom"), "zoom")
    hands.press("z s")
    assert hands.desk.view.curves == "always"
    hands.press("z s")
    assert hands.desk.view.curves == "never"
    hands.press("z s")
    assert hands.desk.view.curves == "tall"


def test_how_a_document_is_looked_at_is_kept_between_runs(tmp_path: Path) -> None:
    hands = fingers(("seed", *MOTION), "zoom")
    hands.press("z plus z g t z i z t z s")
    view = hands.desk.view
    assert (recalled(tmp_path / "a.json", ViewState()), looks(ViewState())) == (ViewState(), {})
    remember(tmp_path / "a.json", view)
    remember(tmp_path / "b.json", ViewState(formulas=False))
    again = recalled(tmp_path / "a.json", ViewState())
    for name in ("widths", "folded", "plotted", "formulas", "position", "curves"):
        assert getattr(again, name) == getattr(view, name)
    assert again.row == 0, "the cursor begins at the top"
    remember(tmp_path / "a.json", ViewState())
    assert recalled(tmp_path / "a.json", ViewState()) == ViewState()


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"x": 3}', '{"WHO": {"widths": [[1, 2, 3], "a", ["zoom", "value", 9e9]], "folded": {}}}']
)
def test_a_broken_memory_of_looks_costs_nothing(tmp_path: Path, text: str) -> None:
    views_file().parent.mkdir(parents=True)
    views_file().write_text(text.replace("WHO", str(tmp_path / "a.json")))
    assert recalled(tmp_path / "a.json", ViewState()) == ViewState()


@pytest.mark.parametrize(
    ("field", "onto", "after"),
    [
        ("seed", "translation_x", ("angle", "zoom", "translation_x", "seed")),
        ("translation_x", "seed", ("translation_x", "seed", "angle", "zoom")),
        ("zoom", "angle", ("seed", "zoom", "angle", "translation_x")),
    ],
)
def test_a_head_dropped_on_another_takes_its_place(field: str, onto: str, after: tuple[str, ...]) -> None:
    hands = fingers(("seed", *MOTION))
    hands.desk.carry_out(dropped_on(hands.desk.context(), field, onto))
    assert hands.session.document.displayed_fields == after


def test_the_last_cell_of_a_head_is_its_edge() -> None:
    hands = fingers(("seed", "zoom"), "zoom")
    grid = lay_out(hands.session.document, hands.desk.view, 100)
    edges = [grid.edge_under(x, 0) for x in range(100)]
    assert [column for column in edges if column is not None] == [1, 2, 3, 4, 5]
    assert edges[grid.frozen + grid.widths[2] - 1] == 2


def test_a_ninth_curve_is_refused_in_words() -> None:
    hands = fingers(tuple(f"field_{number}" for number in range(9)))
    for number in range(9):
        hands.desk.run_line(f"plot field_{number}")
    assert len(hands.desk.view.plotted) == 8
    assert hands.host.said[-1] == "8 curves are shown already; t in the column of one takes it out"
