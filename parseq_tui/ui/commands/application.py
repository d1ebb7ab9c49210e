"""Commands on the document as a file, on renders and on the program itself. Most are done by the running editor."""

from __future__ import annotations

from parseq_tui.timeline.document import Lock
from parseq_tui.timeline.edits import SetLock, SetName, SetRates
from parseq_tui.ui.commands.registry import Change, Context, Do, Effect, Group, Say, WhyNot, always, command

LOCKS: tuple[Lock, ...] = ("frames", "seconds", "beats")


def _application(
    name: str,
    title: str,
    help_text: str,
    group: Group,
    *,
    why_not: WhyNot = always,
    argument: str = "",
    aliases: tuple[str, ...] = (),
    edits: bool = False,
) -> None:
    @command(name, title, help_text, group=group, why_not=why_not, argument=argument, aliases=aliases, edits=edits)
    def run(context: Context, given: str) -> Effect:
        return Do(name, given)


def _nothing_to_undo(context: Context) -> str | None:
    return None if context.undo_label else "nothing has been changed yet"


def _nothing_to_redo(context: Context) -> str | None:
    return None if context.redo_label else "nothing was undone"


def _has_no_file(context: Context) -> str | None:
    return None if context.has_path else "the document has no file yet: save it first, :w NAME.json"


def _no_conflicts(context: Context) -> str | None:
    return None if context.conflicts else "nothing was changed differently here and on disk"


def _not_rendering(context: Context) -> str | None:
    return None if context.rendering else "nothing is being rendered"


def _cannot_prune(context: Context) -> str | None:
    return "wait for the render, or stop it first" if context.rendering else _has_no_file(context)


_application("document.save", "Save", "Write the document to its file; :w NAME saves under a name.", "document",
             argument="[FILE]", aliases=("w", "write", "save"))  # fmt: skip
_application("document.save_as", "Save as…", "Write the document to another file and go on there.", "document",
             argument="FILE", aliases=("saveas",))  # fmt: skip
_application("document.open", "Open…", "Open another document, a recent one or an example.", "document",
             argument="[FILE]", aliases=("e", "open"))  # fmt: skip
_application("document.reload", "Reload from disk", "Take what the file holds now; undo brings yours back.", "document",
             why_not=_has_no_file, aliases=("reload",), edits=True)  # fmt: skip
_application("document.conflicts", "Settle conflicts",
             "What was changed differently here and on disk, side by side: choose.", "document", why_not=_no_conflicts,
             aliases=("conflicts",), edits=True)  # fmt: skip
_application("document.recover", "Recover unsaved work", "Ask again about work left behind by an editor that died.",
             "document", aliases=("recover",), edits=True)  # fmt: skip
_application("document.undo", "Undo", "Take back the last change.", "document", why_not=_nothing_to_undo,
             aliases=("undo",), edits=True)  # fmt: skip
_application("document.redo", "Redo", "Do again what was undone.", "document", why_not=_nothing_to_redo,
             aliases=("redo",), edits=True)  # fmt: skip
_application("document.history", "History", "Every step by name; Enter goes back (or on) to any of them.", "document",
             aliases=("history",))  # fmt: skip
_application("document.outside", "Edit the file in $EDITOR", "The whole document in your own editor, as one step.",
             "document", aliases=("outside",), edits=True)  # fmt: skip


def _number_option(name: str, option: str, title: str) -> None:
    @command(name, title, f"{title} of the document.", group="document", argument="NUMBER", aliases=(option,),
             edits=True, sweeps="document")  # fmt: skip
    def run(context: Context, argument: str) -> Effect:
        try:
            value = float(argument)
        except ValueError:
            return Say(f"{argument!r} is no number", "warning")
        locked, unit = context.document.lock, "beats" if option == "bpm" else "seconds"
        hint = f"; undo and `:lock {unit}` first to keep their {unit}" if locked == "frames" else ""
        told = f"{argument} {option}: keyframes keep their {locked}{hint}"
        return Change(SetRates(fps=value) if option == "fps" else SetRates(bpm=value), say=told)


_number_option("document.fps", "fps", "Frames per second")
_number_option("document.bpm", "bpm", "Beats per minute")


@command("document.lock", "Lock keyframes to…", "What keyframes keep when fps or bpm change: frames, seconds or beats.",
         group="document", argument="UNIT", aliases=("lock",), edits=True)  # fmt: skip
def lock(context: Context, argument: str) -> Effect:
    for unit in LOCKS:
        if unit.startswith(argument):
            return Change(SetLock(unit))
    return Say(f"keyframes are locked to frames, seconds or beats, not to {argument!r}", "warning")


@command("document.rename", "Name the document", "The name inside the file, not the file's name.", group="document",
         argument="NAME", aliases=("name",), edits=True)  # fmt: skip
def rename(context: Context, argument: str) -> Effect:
    return Change(SetName(argument))


_application("render.all", "Render everything", "Render all frames; finished ones come from the cache.", "render",
             aliases=("render",))  # fmt: skip
_application("render.selection", "Render the selection", "Render from the first to the last selected keyframe.",
             "render")  # fmt: skip
_application("render.frame", "Render this frame", "Render the frame under the playhead.", "render")
_application("render.draft", "Render a draft", "Render everything with few steps, to see the motion.", "render")
_application("render.forecast", "What a render costs",
             "Count the frames that are not in the cache and estimate the time, before rendering.", "render",
             why_not=_has_no_file, aliases=("forecast", "plan"))  # fmt: skip
_application("render.pause", "Pause or go on", "Wait after this frame with the model loaded; again: go on.", "render",
             why_not=_not_rendering, aliases=("pause",))  # fmt: skip
_application("render.takes", "Takes", "All renders of this document, with their sizes; Enter looks at one.", "render",
             why_not=_has_no_file, aliases=("takes",))  # fmt: skip
_application("render.seeds", "Render with new seeds",
             "Everything again with seeds that no take had: another film of the same values.", "render",
             aliases=("seeds",))  # fmt: skip
_application("render.compare", "A/B: compare two takes",
             "Two renders beside each other at the playhead, and what differs; o looks at one, again: ends.", "render",
             why_not=_has_no_file, aliases=("compare", "ab"))  # fmt: skip
_application("render.prune", "Clear old frames", "Delete cached frames, the oldest first; :prune MB keeps so much.",
             "render", why_not=_cannot_prune, argument="[MEGABYTES]", aliases=("prune",))  # fmt: skip
_application("render.stop", "Stop rendering", "Finish the frame, then stop.", "render", why_not=_not_rendering,
             aliases=("stop",))  # fmt: skip
_application("render.release", "Let the engine go",
             "Free the memory of the engine that is kept ready for the next render (setting linger).", "render",
             aliases=("release",))  # fmt: skip

_application("application.command_line", "Command line", "Type a command by name.", "application")
_application("application.palette", "Command palette", "Find any command by a few letters.", "application")
_application("application.help", "Help", "Keys and commands.", "application", argument="[TOPIC]",
             aliases=("help", "h"))  # fmt: skip
_application("application.mouse", "Mouse on or off", "Give the mouse back to the terminal, to select text.",
             "application", aliases=("mouse",))  # fmt: skip
_application("application.theme", "Next theme", "Another theme; :theme NAME picks one.", "application",
             argument="[NAME]", aliases=("theme",))  # fmt: skip
_application("application.tour", "Tour", "The first minute: what the screen shows and how it is worked.", "application",
             aliases=("tour",))  # fmt: skip
_application("application.settings", "Settings", "Every setting, its value, and where that comes from.", "application",
             aliases=("settings",))  # fmt: skip
_application("application.redraw", "Redraw", "Draw the whole screen again.", "application", aliases=("redraw",))
_application("application.suspend", "Suspend", "Back to the shell; fg returns.", "application", aliases=("suspend",))
_application("application.quit", "Quit", "Leave; asks only if something is unsaved. A render goes on.", "application",
             aliases=("q", "quit"))  # fmt: skip
_application("application.save_and_quit", "Save and quit", "Write the document and leave.", "application",
             aliases=("wq", "x"))  # fmt: skip
_application("application.discard_and_quit", "Quit without saving", "Leave; unsaved changes are gone.", "application",
             aliases=("q!",))  # fmt: skip
