"""The command that writes every frame's values for other programs."""

from __future__ import annotations

from parseq_tui.ui.commands.registry import Context, Do, Effect, command


@command("document.export", "Export frames…",
         "Every frame's values: NAME.frames.json for Deforum and Parseq's other readers, .txt for schedules, .csv.",
         group="document", argument="[FILE]", aliases=("export",))  # fmt: skip
def export_frames(context: Context, argument: str) -> Effect:
    return Do("document.export", argument)
