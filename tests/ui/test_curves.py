"""The curves pane, driven like a user does: what it shows, what it posts, and how little it sends."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from pane_session import in_panes, settled, text_of
from panes_demo import FIELDS, PanesDemo, make_document, make_table
from textual.events import MouseScrollDown, MouseScrollUp
from textual.geometry import Offset, Region
from textual.pilot import Pilot
from waiting import PATIENCE_SECONDS

from parseq_tui.timeline.time_series import TimeSeries
from parseq_tui.ui.drawing import plot
from parseq_tui.ui.drawing.curve_view import CurveView, keyframe_indices
from parseq_tui.ui.drawing.grips import Drag, Grip, mark_cell
from parseq_tui.ui.theming.theme import Palette, role_defaults
from parseq_tui.ui.widgets.curve_strips import legend_parts
from parseq_tui.ui.widgets.curves import CurvesPane
from parseq_tui.ui.widgets.prompts import PromptsPane


def rows(app: PanesDemo) -> list[str]:
    return text_of(app.query_one(CurvesPane))


def test_shows_curves_legend_keyframes_beats_playhead_and_prompts() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        text = rows(app)
        assert text[0].startswith("1● strength 0.5  2■ zoom 1  3▲ rotation_3d_z 0  4◆ seed 0!")
        picture = "\n".join(text[1:])
        assert picture.count("●") == 4, "one mark per keyframe of strength"
        assert "■" in picture and "┊" in picture and "┃" in picture
        assert text[-3].lstrip().startswith("P1█") and text[-3].endswith(" "), "the first prompt ends earlier"
        assert app.query_one(CurvesPane).border_title == "curves  own scales  ┊ 4 beats"

    in_panes(test)


def test_every_size_works() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        for size in ((80, 24), (200, 60), (60, 10), (45, 5)):
            await pilot.resize_terminal(*size)
            await settled(app)
            assert {len(row) for row in rows(app)} == {app.query_one(CurvesPane).size.width}

    in_panes(test)


def test_keys_move_the_playhead_by_asking() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await pilot.press("right", "right", "shift+right", "left", "end", "home", "left")
        assert [message.frame for message in app.posted] == [1, 2, 12, 11, 399, 0, 0]

    in_panes(test)


def test_enter_goes_to_the_nearest_keyframe() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.move(110)
        await pilot.press("enter")
        assert app.posted[-1].frame == 100  # type: ignore[attr-defined]

    in_panes(test)


def test_a_click_asks_for_the_frame_under_it() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await pilot.click(CurvesPane, offset=(41, 10))
        asked = app.posted[-1].frame  # type: ignore[attr-defined]
        pane = app.query_one(CurvesPane)
        assert pane._chart is not None and pane._chart.column_of(asked) == 40

    in_panes(test)


def test_zoom_keeps_the_playhead_where_it_is_and_pan_stays_inside() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        app.move(200)
        before = pane._column(200)
        await pilot.press("plus", "plus")
        await settled(app)
        assert pane.window[1] == 100
        assert pane._column(200) == pytest.approx(before, abs=1)
        pane.action_page(-1000)
        assert pane.window == (0, 100)
        pane.action_page(1000)
        assert pane.window == (300, 100)
        for _ in range(30):
            pane.action_zoom(2)
        assert pane.window[1] == 4
        await pilot.press("f")
        assert pane.window == (0, 400)

    in_panes(test)


def test_a_window_that_moves_is_told_the_prompts_and_stands_in_the_titles() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        await pilot.press("plus")
        await settled(app)
        assert pane.window == (0, 200)
        assert app.query_one(PromptsPane).border_title == "prompts  frames 0-199"
        assert pane.border_title == "curves  frames 0-199  own scales  ┊ 4 beats"

    in_panes(test)


def test_keys_add_up_before_the_playhead_has_gone_round_the_editor() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        for _ in range(5):
            pane.action_move(1)
        assert pane._playhead == 5

    in_panes(test)


def test_every_curve_is_named_as_long_as_there_is_room() -> None:
    view = CurveView(make_table(), make_document())
    view.show(view.table, view.document, ("strength", "zoom", "rotation_3d_z", "seed"))
    palette = Palette(role_defaults())

    def legend(width: int) -> str:
        return "".join(text for text, _ in legend_parts(view, 0, palette, "braille", width))

    assert legend(80) == "1● strength 0.5  2■ zoom 1  3▲ rotation_3d_z 0  4◆ seed 0!"
    assert legend(55) == "1● strength 0.5  2■ zoom 1  3▲ rotati…_z 0  4◆ seed 0!"
    assert legend(48) == "1● strength 0.5  2■ zoom  3▲ rotati…_z  4◆ seed!"
    assert legend(36) == "1●str…th 0.5 2■zoom 3▲rot…_z 4◆seed!"
    assert legend(28) == "1●s…th 2■zoom 3▲r…_z 4◆seed!"
    view.activate("seed")
    assert legend(28) == "1●s…th 2■zoom 3▲r…_z 4◆seed!"
    assert legend(25) == "1●s…th 2■zoom 4◆seed! +1", "the active curve is always named"
    assert all(len(legend(width)) <= width for width in range(10, 80))
    letters = "".join(text for text, _ in legend_parts(view, 0, palette, "ascii", 33))
    assert letters == "1A s…th 2B zoom 3C r…_z 4D seed!", "marks that are letters stand by themselves"
    view.show(view.table, view.document, ())
    assert legend(80) == ""


def test_zero_lies_on_one_row_however_it_came_about() -> None:
    values = np.sin(np.arange(65) * np.pi / 8)  # 0 and 1e-16 alternate at the zeros
    zeros = np.arange(0, 65, 8)
    for height in range(6, 30):
        made = plot.chart(plot.ChartRequest((plot.Curve("a", values, zeros),), 90, height, 0, 65))
        assert made is not None
        assert len({y for y, row in enumerate(made.cells.rows) if "●" in row}) == 1


def test_the_window_follows_a_playhead_that_leaves_it() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        pane.action_zoom(8)
        app.move(300)
        await settled(app)
        assert pane._column(300) is not None

    in_panes(test)


def test_moving_the_playhead_repaints_two_columns_and_builds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        built: list[object] = []
        monkeypatch.setattr("parseq_tui.ui.widgets.curves.chart", built.append)
        refreshed: list[Region] = []
        original = pane.refresh
        monkeypatch.setattr(
            pane, "refresh", lambda *regions, **kw: (refreshed.extend(regions), original(*regions, **kw))[1]
        )
        pane.set_playhead(150)
        assert not built
        assert sorted((region.width, region.height) for region in refreshed) == [(1, 37), (1, 37), (78, 1)]
        pane.set_playhead(150)
        assert len(refreshed) == 3

    in_panes(test)


def test_a_burst_of_edits_is_drawn_once_more_not_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        requests: list[plot.ChartRequest] = []
        edited = threading.Event()

        def slow(request: plot.ChartRequest) -> plot.Chart | None:
            requests.append(request)
            assert edited.wait(PATIENCE_SECONDS)
            return plot.chart(request)

        monkeypatch.setattr("parseq_tui.ui.widgets.curves.chart", slow)
        table = app.table
        for number in range(50):
            columns = MappingProxyType({**table.columns, "zoom": table["zoom"] + number})
            table = replace(table, columns=columns)
            pane.show(table, app.document, FIELDS, 0)
            await asyncio.sleep(0)
        edited.set()
        await settled(app)
        assert len(requests) == 2
        assert requests[-1].curves[1].values is table["zoom"], "the last edit is what is seen"

    in_panes(test)


def test_pictures_are_built_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        threads: list[int] = []

        def where(request: plot.ChartRequest) -> plot.Chart | None:
            threads.append(threading.get_ident())
            return plot.chart(request)

        monkeypatch.setattr("parseq_tui.ui.widgets.curves.chart", where)
        app.query_one(CurvesPane).action_zoom(2)
        await settled(app)
        assert threads and threading.get_ident() not in threads

    in_panes(test, frames=100_000)


def test_curves_hide_scales_change_and_the_axis_moves_on() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        await pilot.press("1", "s", "a")
        await settled(app)
        assert rows(app)[0].startswith("1- strength  2■ zoom 1")
        assert pane.border_title == "curves  one scale  ┊ 4 beats"
        assert pane._chart is not None and pane._chart.request.axis_of == 0
        await pilot.press("2", "3", "4")
        await settled(app)
        assert rows(app)[1].rstrip() == "every curve is hidden: 1-8 show them"

    in_panes(test)


def test_ascii_needs_no_special_font() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await pilot.press("f3")
        await settled(app)
        assert "".join(rows(app)).isascii()

    in_panes(test)


def test_documents_that_start_later_than_frame_0() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        assert pane.window == (0, 400)
        await pilot.press("end")
        assert app.posted[-1].frame == 1399  # type: ignore[attr-defined]
        assert any("1100" in row for row in rows(app))

    in_panes(test, first=1000)


def test_a_theme_change_colours_again_without_drawing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        before = pane.render_line(8)
        monkeypatch.setattr("parseq_tui.ui.widgets.curves.chart", lambda request: pytest.fail("drawn again"))
        app.theme = "paper"
        await pilot.pause()
        after = pane.render_line(8)
        assert after.text == before.text
        assert after != before

    in_panes(test)


def test_keyframes_of_a_field_are_its_values_and_its_formulas() -> None:
    document, table = make_document(), make_table()
    assert keyframe_indices(document, "strength", table).tolist() == [0, 100, 200, 399]
    assert keyframe_indices(document, "zoom", table).tolist() == [0]
    assert keyframe_indices(document, "seed", table).tolist() == []
    assert keyframe_indices(document, "strength", replace(table, frame_count=150)).tolist() == [0, 100]


def test_fields_the_table_does_not_have_are_left_out() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.query_one(CurvesPane).show(app.table, app.document, ("nonsense", "zoom"), 0)
        await settled(app)
        assert rows(app)[0].startswith("1● zoom 1")
        assert np.isfinite(app.table["zoom"]).all()

    in_panes(test)


def test_arrows_nudge_the_keyframe_under_the_playhead_and_k_makes_one() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.move(100)
        await pilot.press("up", "shift+down", "alt+right", "k")
        up, down, later, made = (m for m in app.posted if isinstance(m, CurvesPane.Nudged | CurvesPane.ValueWanted))
        assert isinstance(up, CurvesPane.Nudged) and isinstance(down, CurvesPane.Nudged)
        assert (up.field, up.frame, up.frames, up.by) == ("strength", 100, 0, pytest.approx(0.01))
        assert (down.frame, down.by) == (100, pytest.approx(-0.1))
        assert isinstance(later, CurvesPane.Nudged) and (later.frame, later.frames, later.by) == (100, 1, 0)
        assert isinstance(made, CurvesPane.ValueWanted), "the playhead has gone along"
        assert (made.frame, made.value) == (101, pytest.approx(app.table["strength"][101], abs=1e-3))

    in_panes(test)


def grip_of(pane: CurvesPane, frame: int) -> tuple[int, int]:
    """Column and row of the picture in which the keyframe of the first curve stands."""
    assert pane._chart is not None
    curve = pane._chart.request.curves[0]
    cell = mark_cell(pane._chart, curve, 0, frame)
    assert cell is not None
    return cell


def test_a_keyframe_is_dragged_with_the_mouse_in_one_step() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        column, row = grip_of(pane, 100)
        await pilot.mouse_down(CurvesPane, offset=(column + 1, row + 2))
        await pilot.hover(CurvesPane, offset=(column + 6, row + 2 - 3))
        assert rows(app)[0].startswith("strength: 0.")
        assert "◎" in rows(app)[row - 2]
        await pilot.mouse_up(CurvesPane, offset=(column + 6, row + 2 - 3))
        tried, dropped = app.posted
        assert isinstance(tried, CurvesPane.KeyframeDragged) and isinstance(dropped, CurvesPane.KeyframeDragged)
        assert (tried.stage, dropped.stage) == ("held", "dropped")
        assert (dropped.field, dropped.frame) == ("strength", 100)
        made = pane._chart
        assert made is not None and made.column_of(dropped.to_frame) == column + 5
        per_row = (made.scales[0].high - made.scales[0].low) / made.canvas_height
        assert dropped.value == pytest.approx(0.5 + 3 * per_row, abs=0.01), "the cell's 0.5, whatever the curve says"
        assert "◎" not in "".join(rows(app))

    in_panes(test)


def test_a_held_keyframe_moves_one_way_only_after_x_or_y() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        column, row = grip_of(pane, 100)
        await pilot.mouse_down(CurvesPane, offset=(column + 1, row + 2))
        await pilot.hover(CurvesPane, offset=(column + 6, row - 1))
        await pilot.press("y")
        held = app.posted[-1]
        assert isinstance(held, CurvesPane.KeyframeDragged)
        assert held.to_frame == 100 and held.value > 0.5
        assert rows(app)[row - 2][column] == "◎", "it is seen where it would be dropped"
        await pilot.press("x")
        held = app.posted[-1]
        assert isinstance(held, CurvesPane.KeyframeDragged)
        assert held.to_frame > 100 and held.value == 0.5
        assert rows(app)[row + 1][column + 5] == "◎"

    in_panes(test)


def test_another_key_while_dragging_puts_the_keyframe_back() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        column, row = grip_of(pane, 100)
        await pilot.mouse_down(CurvesPane, offset=(column + 1, row + 2))
        await pilot.hover(CurvesPane, offset=(column + 9, row + 2))
        await pilot.press("escape")
        last = app.posted[-1]
        assert isinstance(last, CurvesPane.KeyframeDragged) and last.stage == "given up"
        assert "◎" not in "".join(rows(app))
        await pilot.mouse_up(CurvesPane, offset=(column + 9, row + 2))
        assert app.posted[-1] is last, "the button that is let go later moves nothing"

    in_panes(test)


def test_the_playhead_is_drawn_along_where_there_is_no_keyframe() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await pilot.mouse_down(CurvesPane, offset=(31, 5))
        await pilot.hover(CurvesPane, offset=(45, 30))
        await pilot.mouse_up(CurvesPane, offset=(45, 30))
        await pilot.hover(CurvesPane, offset=(60, 30))
        made = app.query_one(CurvesPane)._chart
        assert made is not None
        asked = [m.frame for m in app.posted if isinstance(m, CurvesPane.PlayheadMoved)]
        assert list(dict.fromkeys(asked)) == [made.frame_at(30), made.frame_at(44)]

    in_panes(test)


def test_the_wheel_zooms_around_the_mouse_and_pans_with_a_modifier() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        made = pane._chart
        assert made is not None
        before = made.frame_at(50)
        await turn_wheel(pilot, MouseScrollUp, column=50)
        await settled(app)
        assert pane.window[1] == 320 and pane._chart is not None
        assert pane._chart.frame_at(50) == pytest.approx(before, abs=2)
        start = pane.window[0]
        await turn_wheel(pilot, MouseScrollUp, column=50, shift=True)
        assert pane.window == (start - 32, 320)
        await turn_wheel(pilot, MouseScrollDown, column=50)
        assert pane.window == (0, 400)

    in_panes(test)


async def turn_wheel(
    pilot: Pilot[None], event: type[MouseScrollUp | MouseScrollDown], column: int, *, shift: bool = False
) -> None:
    """One notch over a column of the picture."""
    pane = pilot.app.query_one(CurvesPane)
    x, y = pane.content_region.offset + Offset(column, 10)
    at = {"x": x - pane.region.x, "y": y - pane.region.y, "delta_x": 0, "delta_y": 0, "button": 0}
    pane.post_message(event(pane, **at, shift=shift, meta=False, ctrl=False, screen_x=x, screen_y=y))
    await pilot.pause()


def test_the_column_of_the_tables_cursor_is_the_active_curve_until_another_is_chosen() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        assert pane._view is not None
        pane.follow("zoom")
        assert pane._view.axis_field() == "zoom"
        await pilot.press("a")
        pane.follow("zoom")
        assert pane._view.axis_field() == "rotation_3d_z", "the cursor has not left its column"
        pane.show(app.table, app.document, ("rotation_3d_z", "zoom"), 0)
        assert pane._view.axis_field() == "rotation_3d_z", "it stays active in another place"
        pane.follow("seed")
        assert pane._view.axis_field() == "rotation_3d_z", "that one is not shown"

    in_panes(test)


def test_a_click_on_a_name_shows_its_curve_and_makes_it_the_active_one() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        await pilot.press("2")
        await settled(app)
        await pilot.click(CurvesPane, offset=(rows(app)[0].index("zoom") + 1, 1))
        await settled(app)
        assert pane._view is not None and pane._view.axis_field() == "zoom"
        assert rows(app)[0].startswith("1● strength 0.5  2■ zoom 1")

    in_panes(test)


def test_keys_jump_between_the_keyframes_of_the_active_curve() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+right", "ctrl+right", "ctrl+left", "end", "ctrl+right", "a", "enter")
        asked = [m.frame for m in app.posted if isinstance(m, CurvesPane.PlayheadMoved)]
        assert asked == [100, 200, 100, 399, 0], "zoom has one, a formula at 0"

    in_panes(test)


def test_scales_are_fitted_to_the_frames_shown() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        await pilot.press("plus", "plus", "v")
        await settled(app)
        assert pane._chart is not None
        shown = app.table["zoom"][:100]
        assert (pane._chart.scales[1].low, pane._chart.scales[1].high) == (shown.min(), shown.max())
        assert pane.border_title == "curves  frames 0-99  own scales fitted  ┊ 1 beat"

    in_panes(test)


def test_what_is_only_tried_out_is_drawn_beside_the_old_curve_on_its_scale() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(CurvesPane)
        pane.show(app.table, app.document, ("strength",), 0)
        pane.show_trial("strength", app.table["strength"] * 2)
        await settled(app)
        assert rows(app)[0].startswith("1● strength 0.5  ? strength 1")
        assert pane._chart is not None
        assert pane._chart.scales[0] == pane._chart.scales[1]
        assert set(np.unique(pane._chart.cells.series)) == {0, 1, 9}
        pane.show_trial("strength", None)
        await settled(app)
        assert "?" not in rows(app)[0]

    in_panes(test)


def test_time_series_are_curves_that_cannot_be_changed() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        loudness = TimeSeries("loud", np.array([0.0, 1000.0]), np.array([1.0, 7.0]), "milliseconds")
        pane = app.query_one(CurvesPane)
        pane.show(app.table, replace(app.document, time_series=(loudness,)), ("loud",), 20)
        await settled(app)
        assert rows(app)[0].startswith("1● loud 1"), "at frame 20, one second, the point has not taken effect yet"
        pane.set_playhead(21)
        assert rows(app)[0].startswith("1● loud 7")
        await pilot.press("k", "up")
        assert app.posted == []

    in_panes(test)


def test_a_held_keyframe_goes_the_way_of_the_mouse_and_may_leave_the_scale() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        made = app.query_one(CurvesPane)._chart
        assert made is not None
        column, row = made.column_of(100), made.row_of(0, float(app.table["strength"][100]))
        assert column is not None
        value = float(app.table["strength"][100])
        drag = Drag(made, Grip("strength", 100, value), column, row)
        assert drag.moved_to(column, row - 2)[0] == 100, "straight up changes no frame"
        assert drag.moved_to(column + 3, row)[1] == value, "straight along changes no value"
        assert drag.moved_to(column, -5)[1] > made.scales[0].high
        assert drag.moved_to(10_000, row)[0] <= 399

    in_panes(test)


def test_what_cannot_be_changed_says_why_and_beats_are_stepped() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.move(0)
        await pilot.press("w", "w", "W")
        asked = [message.frame for message in app.posted if isinstance(message, CurvesPane.PlayheadMoved)]
        assert asked[0] == asked[2] and asked[1] == pytest.approx(2 * asked[0], abs=1)
        await pilot.press("1", "2", "3", "4", "k")
        assert app.refused[-1] == "no curve is shown here: a goes to the next curve, 1-8 show them"

    in_panes(test)
