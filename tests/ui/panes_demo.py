"""The panes alone, over a made-up document: `python tests/ui/panes_demo.py [theme] [folder of a document's renders]`.

Also the app that the tests of the panes drive. F2 next theme, F3 ASCII, F4 problems, F5 help, F6 open, Ctrl+Q quits.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from parseq_tui.errors import Span
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.paths import bundled
from parseq_tui.render.client import RenderClient
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.prompts import Overlap, Prompt, Prompts
from parseq_tui.ui.screens.help import HelpEntry, HelpScreen, HelpSection
from parseq_tui.ui.screens.open_document import Offer, OpenChoice, OpenDocument
from parseq_tui.ui.theming.theme import ColorLevel, color_level, load_themes, role_defaults
from parseq_tui.ui.widgets.curves import CurvesPane
from parseq_tui.ui.widgets.problems import ProblemsPane
from parseq_tui.ui.widgets.prompts import PromptsPane
from parseq_tui.ui.widgets.render_pane import RenderPane

FIELDS = ("strength", "zoom", "rotation_3d_z", "seed")


def make_table(frames: int = 400, first: int = 0) -> FrameTable:
    """Curves of several kinds: waves, a ramp, a spike of one frame."""
    at = np.arange(frames, dtype=np.float64)
    spike = np.zeros(frames)
    spike[frames // 2] = 5
    columns = {
        "strength": 0.5 + 0.3 * np.sin(at / 30),
        "zoom": 1 + 0.1 * at / frames,
        "rotation_3d_z": spike,
        "seed": np.floor(at / 50),
    }
    return FrameTable(
        first_frame=first,
        frame_count=frames,
        fps=20,
        bpm=120,
        cadence=1,
        columns=MappingProxyType(columns),
        prompt_texts=lambda index: (f"a (cat:1.2) at {index} AND a dog :0.5", "blurry"),
        failed_fields=frozenset({"seed"}),
    )


def make_document(frames: int = 400, first: int = 0) -> Document:
    last = first + frames - 1
    keyframes = tuple(
        Keyframe(frame, MappingProxyType({"strength": 0.5}), MappingProxyType({"zoom": "L"} if frame == first else {}))
        for frame in (first, first + frames // 4, first + frames // 2, last)
    )
    prompts = Prompts(
        entries=(
            Prompt("cats", "a (cat:${0.5+sin(p=1b)}), soft light", "blurry", False, first, first + frames // 2),
            Prompt("dogs", "a dog", "", False, first + frames // 3, last, Overlap("linear", frames // 6, 0)),
            Prompt("always", "masterpiece", "", True),
        ),
        common=Prompt(positive="detailed"),
    )
    return Document(keyframes, FIELDS, FIELDS, prompts)


PROBLEMS = (
    Diagnostic("warning", "a chain that Parseq groups to the right", field="zoom", keyframe=0),
    Diagnostic(
        "error",
        'unknown function "sni"',
        hint='did you mean "sin"?',
        field="zoom",
        frame=30,
        keyframe=30,
        text="1 + sni(p=4b)",
        span=Span(4, 7),
    ),
)


class PanesDemo(App[None]):
    """Two columns like the editor's."""

    CSS = """
    Screen { background: $background; }
    #left { width: 2fr; } #right { width: 1fr; min-width: 30; }
    CurvesPane, PromptsPane, RenderPane, ProblemsPane { border: round $border-blurred; height: 1fr; }
    CurvesPane:focus, PromptsPane:focus, RenderPane:focus, ProblemsPane:focus { border: round $border; }
    ProblemsPane { height: 8; display: none; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "next_theme"),
        Binding("f3", "ascii"),
        Binding("f4", "problems"),
        Binding("f5", "help"),
        Binding("f6", "open"),
    ]

    def __init__(
        self,
        frames: int = 400,
        first: int = 0,
        theme: str = "night",
        client: RenderClient | None = None,
        level: ColorLevel | None = None,
    ) -> None:
        super().__init__()
        self.table, self.document = make_table(frames, first), make_document(frames, first)
        self.client = client
        self.first_theme, self.level = theme, level
        self.refused: list[str] = []
        self.posted: list[Message] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return role_defaults()

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="left"):
                yield CurvesPane()
                yield ProblemsPane()
            with Vertical(id="right"):
                yield RenderPane(self.client)
                yield PromptsPane()

    def on_mount(self) -> None:
        level = self.level or color_level(self.console.color_system)
        for theme in load_themes([bundled("themes")]):
            self.register_theme(theme.textual(level))
        self.theme = self.first_theme
        self.show()
        self.query_one(CurvesPane).focus()

    def show(self) -> None:
        first = self.table.first_frame
        self.query_one(CurvesPane).show(self.table, self.document, FIELDS, first)
        self.query_one(PromptsPane).show(self.document, self.table, first)
        self.query_one(ProblemsPane).show(PROBLEMS)

    def move(self, frame: int) -> None:
        self.query_one(CurvesPane).set_playhead(frame)
        self.query_one(PromptsPane).set_playhead(frame)
        self.query_one(RenderPane).set_playhead(frame)

    def on_curves_pane_playhead_moved(self, message: CurvesPane.PlayheadMoved) -> None:
        self.posted.append(message)
        self.move(message.frame)

    def on_curves_pane_window_moved(self, message: CurvesPane.WindowMoved) -> None:
        self.query_one(PromptsPane).set_window(message.start, message.count)

    def on_curves_pane_refused(self, message: CurvesPane.Refused) -> None:
        self.refused.append(message.reason)

    def on_curves_pane_value_wanted(self, message: CurvesPane.ValueWanted) -> None:
        self.posted.append(message)

    def on_curves_pane_nudged(self, message: CurvesPane.Nudged) -> None:
        self.posted.append(message)

    def on_curves_pane_keyframe_dragged(self, message: CurvesPane.KeyframeDragged) -> None:
        self.posted.append(message)

    def on_render_pane_frame_selected(self, message: RenderPane.FrameSelected) -> None:
        self.posted.append(message)
        self.move(message.frame)

    def on_render_pane_refused(self, message: RenderPane.Refused) -> None:
        self.refused.append(message.reason)

    def on_render_pane_start_requested(self, message: RenderPane.StartRequested) -> None:
        self.posted.append(message)

    def on_render_pane_stop_requested(self, message: RenderPane.StopRequested) -> None:
        self.posted.append(message)

    def on_prompts_pane_playhead_moved(self, message: PromptsPane.PlayheadMoved) -> None:
        self.posted.append(message)

    def on_prompts_pane_edited(self, message: PromptsPane.Edited) -> None:
        self.posted.append(message)

    def on_prompts_pane_range_changed(self, message: PromptsPane.RangeChanged) -> None:
        self.posted.append(message)

    def on_prompts_pane_added(self, message: PromptsPane.Added) -> None:
        self.posted.append(message)

    def on_prompts_pane_removed(self, message: PromptsPane.Removed) -> None:
        self.posted.append(message)

    def on_problems_pane_problem_selected(self, message: ProblemsPane.ProblemSelected) -> None:
        self.posted.append(message)

    def action_next_theme(self) -> None:
        names = [theme.name for theme in load_themes([bundled("themes")])]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def action_ascii(self) -> None:
        self.query_one(CurvesPane).set_glyphs("ascii")
        self.query_one(PromptsPane).set_glyphs("ascii")

    def action_problems(self) -> None:
        pane = self.query_one(ProblemsPane)
        pane.display = not pane.display

    def action_help(self) -> None:
        entries = tuple(
            HelpEntry(f"thing.{n}", f"ctrl+{chr(97 + n)}", "Does a thing. " * (1 + n % 5)) for n in range(26)
        )
        language = HelpEntry("sin", "sin(p=1b, amp=1)", "A sine wave.", "1 + sin(p=4b)")
        self.push_screen(HelpScreen([HelpSection("edit", entries), HelpSection("functions", (language,))]))

    def action_open(self) -> None:
        choice = OpenChoice("example", Path("dance.json"))
        self.push_screen(OpenDocument([Offer(choice, "dance", "cats and dogs dance")]))


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else "night"
    renders = RenderClient(Path(sys.argv[2])) if len(sys.argv) > 2 else None
    length = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    PanesDemo(length, 0, chosen, renders).run()
