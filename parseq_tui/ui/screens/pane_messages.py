"""What the panes of an editor screen say, turned into commands and edits.

A mixin of the screen, so that Textual finds the handlers; it keeps no state.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from parseq_tui.errors import ParseqError
from parseq_tui.session import Session
from parseq_tui.timeline.edits import AddPrompt, Edit, RemovePrompt, SetPromptRange
from parseq_tui.ui.commands.cells import fitting_values, unread
from parseq_tui.ui.commands.fields_shown import dropped_on, resized
from parseq_tui.ui.commands.moving import at_frame
from parseq_tui.ui.commands.registry import Change, Say
from parseq_tui.ui.desk import Desk
from parseq_tui.ui.pane_edits import NudgeKeyframe, drag_edit, prompt_edit, value_edit
from parseq_tui.ui.panes import PaneActions, TabLine
from parseq_tui.ui.view_state import columns
from parseq_tui.ui.widgets.curves import CurvesPane
from parseq_tui.ui.widgets.formula_bar import FormulaBar
from parseq_tui.ui.widgets.keyframe_table import KeyframeTable
from parseq_tui.ui.widgets.problems import ProblemsPane
from parseq_tui.ui.widgets.prompts import PromptsPane
from parseq_tui.ui.widgets.render_pane import RenderPane

if TYPE_CHECKING:
    from parseq_tui.ui.actions.renders import RenderActions
    from parseq_tui.ui.actions.trial import Trial


class PaneMessages:
    """Handlers of the panes' messages. What they need of the screen is declared here, and made there."""

    session: Session
    curves: CurvesPane
    desk: Desk
    formula: FormulaBar
    panes: PaneActions
    renders: RenderActions
    trial: Trial

    def apply(self, edit: Edit) -> None:
        """A pane wants the document changed."""
        self._change(Change(edit))

    def _change(self, change: Change) -> None:
        """As a command does it: what was said of something else goes."""
        self.desk.carry_out(Say(""))
        self.desk.carry_out(change)

    def on_keyframe_table_pointed(self, event: KeyframeTable.Pointed) -> None:
        if self.formula.editing and not self.formula.commit("stay"):
            self.formula.focus(scroll_visible=False)
            return
        self.desk.point(event.row, event.column, extend=event.extend)
        if event.edit:
            self.desk.perform("cell.edit")

    def on_keyframe_table_resized(self, event: KeyframeTable.Resized) -> None:
        self.desk.carry_out(resized(self.desk.context(), event.column, event.width))

    def on_keyframe_table_head_dropped(self, event: KeyframeTable.HeadDropped) -> None:
        if self.session.read_only:
            self.desk.carry_out(Say("the document is open read-only", "warning"))
            return
        names = [column.field for column in columns(self.session.document, self.desk.view)]
        self.desk.carry_out(dropped_on(self.desk.context(), names[event.column], names[event.onto]))

    def on_tab_line_chosen(self, event: TabLine.Chosen) -> None:
        self.panes.go(event.pane)

    def on_curves_pane_playhead_moved(self, event: CurvesPane.PlayheadMoved) -> None:
        self.desk.look_at(event.frame)

    def on_curves_pane_refused(self, event: CurvesPane.Refused) -> None:
        self.desk.carry_out(Say(event.reason, "warning"))

    def on_curves_pane_value_wanted(self, event: CurvesPane.ValueWanted) -> None:
        context, value = self.desk.context(), event.value
        fitting = fitting_values(context, event.field, (event.frame,))[0]
        say = unread(context, event.field, event.frame)
        if fitting is not None and not math.isclose(fitting, value, rel_tol=1e-3, abs_tol=1e-9):
            value = round(fitting, 6)  # the formula makes the curve's value of it
            say = f"{event.field} is {value:g} at {event.frame}: its formula makes {event.value:g} of that"
        edit = value_edit(self.session.document, event.field, event.frame, value)
        self._change(Change(edit, say=say))
        self.desk.look_at(event.frame)  # a row that was made is the one that is meant now

    def on_curves_pane_nudged(self, event: CurvesPane.Nudged) -> None:
        document, to_frame = self.session.document, event.frame + event.frames
        context = self.desk.context()
        shown = fitting_values(context, event.field, (event.frame,))[0] or 0.0
        edit = NudgeKeyframe(event.field, event.frame, event.frames, event.by, event.step, shown)
        try:
            # the cursor goes along as a part of the step: moving it afterwards would end the step
            view = at_frame(edit.apply(document), self.desk.view, to_frame) if event.frames else None
        except ParseqError as error:
            self.desk.tell(error)
        else:
            self._change(Change(edit, view, unread(context, event.field, event.frame) if event.by else ""))
        if self.session.document is document:
            self.curves.set_playhead(event.frame)  # it has gone ahead

    def on_curves_pane_keyframe_dragged(self, event: CurvesPane.KeyframeDragged) -> None:
        edit = drag_edit(self.session.document, event.field, event.frame, event.to_frame, event.value)
        if event.stage == "held" and not self.session.read_only:
            self.trial.dragged(event.field, edit)
            self.desk.carry_out(Say("x: only in time   y: only in value   Esc: as it was"))
            return
        self.trial.end()
        if event.stage == "dropped":
            self.apply(edit)
        else:
            self.desk.carry_out(Say(""))

    def on_problems_pane_problem_selected(self, event: ProblemsPane.ProblemSelected) -> None:
        problem = event.diagnostic
        if problem.field:
            self.desk.perform("go.column", problem.field)
        if problem.keyframe is not None or problem.frame is not None:
            self.desk.look_at(problem.keyframe if problem.keyframe is not None else problem.frame or 0)
        self.panes.go("table")

    def on_prompts_pane_edited(self, event: PromptsPane.Edited) -> None:
        if edit := prompt_edit(event.index, event.before, event.after):
            self.apply(edit)

    def on_prompts_pane_playhead_moved(self, event: PromptsPane.PlayheadMoved) -> None:
        self.desk.look_at(event.frame)

    def on_prompts_pane_range_changed(self, event: PromptsPane.RangeChanged) -> None:
        self.apply(SetPromptRange(event.index, event.start, event.end, event.all_frames))

    def on_prompts_pane_command_wanted(self, event: PromptsPane.CommandWanted) -> None:
        self.desk.perform(event.command, event.argument)

    def on_prompts_pane_added(self, event: PromptsPane.Added) -> None:
        self.apply(AddPrompt(event.prompt))

    def on_prompts_pane_removed(self, event: PromptsPane.Removed) -> None:
        self.apply(RemovePrompt(event.index))

    def on_render_pane_start_requested(self, event: RenderPane.StartRequested) -> None:
        self.renders.start(event.scope, draft=event.draft)

    def on_render_pane_stop_requested(self) -> None:
        self.renders.do("render.stop", "")

    def on_render_pane_command_wanted(self, event: RenderPane.CommandWanted) -> None:
        self.desk.perform(event.command)

    def on_render_pane_refused(self, event: RenderPane.Refused) -> None:
        self.desk.carry_out(Say(event.reason, "warning"))

    def on_render_pane_over(self, event: RenderPane.Over) -> None:
        self.renders.over(event.progress)

    def on_render_pane_frame_selected(self, event: RenderPane.FrameSelected) -> None:
        self.desk.look_at(event.frame)
