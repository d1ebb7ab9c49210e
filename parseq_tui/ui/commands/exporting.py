"""The commands that write for others: every frame's values, and the video."""

from __future__ import annotations

from parseq_tui.ui.commands.registry import Context, Do, Effect, command


@command("document.export", "Export frames…",
         "Every frame's values: NAME.frames.json for Deforum and Parseq's other readers, .txt for schedules, .csv.",
         group="document", argument="[FILE]", aliases=("export",))  # fmt: skip
def export_frames(context: Context, argument: str) -> Effect:
    return Do("document.export", argument)


@command("render.video", "Save the video…", "The film of the shown take, with its sound, under a name of yours.",
         group="render", argument="[FILE]", aliases=("video",))  # fmt: skip
def save_video(context: Context, argument: str) -> Effect:
    return Do("render.video", argument)
