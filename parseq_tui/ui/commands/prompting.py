"""Commands on the list of prompts. A prompt is named by its number in the list; without one, the playhead's."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from parseq_tui.timeline.edits import (
    AddPrompt,
    Edit,
    KeyframesAt,
    MovePrompt,
    SetCommonPosition,
    SetInfo,
    SetPromptsEnabled,
    Several,
    SplitPrompt,
    SpreadPromptsEvenly,
)
from parseq_tui.timeline.edits.prompts import fresh_name, span_of
from parseq_tui.timeline.prompts import CommonPosition
from parseq_tui.ui.commands.registry import Change, Context, Do, Effect, Say, command
from parseq_tui.ui.view_state import playhead


def _no_prompts(context: Context) -> str | None:
    return None if context.document.prompts.entries else "there are no prompts yet"


def _meant(context: Context, argument: str) -> int | Say:
    """Index of the prompt that is meant, or what to say where there is none."""
    entries = context.document.prompts.entries
    if argument:
        if argument.isdecimal() and 1 <= int(argument[:9]) <= len(entries):
            return int(argument) - 1
        return Say(f"there is no prompt {argument!r}: they are numbered from 1 to {len(entries)}", "warning")
    frame = playhead(context.document, context.view)
    for index, prompt in enumerate(entries):
        start, end = span_of(prompt, context.document)
        if start <= frame <= end:
            return index
    return Say(f"no prompt is active at frame {frame}: say its number", "warning")


@command("prompt.earlier", "Move prompt up", "Join it before the one above it.", group="prompts", why_not=_no_prompts,
         argument="[NUMBER]", edits=True)  # fmt: skip
def earlier(context: Context, argument: str) -> Effect:
    which = _meant(context, argument)
    if isinstance(which, Say):
        return which
    return Change(MovePrompt(which, which - 1)) if which else Say("it is the first one")


@command("prompt.later", "Move prompt down", "Join it after the one below it.", group="prompts", why_not=_no_prompts,
         argument="[NUMBER]", edits=True)  # fmt: skip
def later(context: Context, argument: str) -> Effect:
    which = _meant(context, argument)
    if isinstance(which, Say):
        return which
    last = len(context.document.prompts.entries) - 1
    return Change(MovePrompt(which, which + 1)) if which < last else Say("it is the last one")


@command("prompt.split", "Split prompt here", "Cut it in two at the playhead; both keep the text.", group="prompts",
         why_not=_no_prompts, argument="[NUMBER]", edits=True)  # fmt: skip
def split(context: Context, argument: str) -> Effect:
    which = _meant(context, argument)
    return which if isinstance(which, Say) else Change(SplitPrompt(which, playhead(context.document, context.view)))


@command("prompt.duplicate", "Duplicate prompt", "Another one like it, right behind it.", group="prompts",
         why_not=_no_prompts, argument="[NUMBER]", edits=True)  # fmt: skip
def duplicate(context: Context, argument: str) -> Effect:
    which = _meant(context, argument)
    if isinstance(which, Say):
        return which
    prompts = context.document.prompts
    prompt = prompts.entries[which]
    return Change(AddPrompt(replace(prompt, name=fresh_name(prompts, prompt.name), origin=None), which + 1))


@command("prompt.spread", "Spread prompts evenly",
         "Give each an equal share of the time; :prompt.spread 10 fades them into each other over 10 frames.",
         group="prompts", why_not=_no_prompts, argument="[FADE]", edits=True)  # fmt: skip
def spread(context: Context, argument: str) -> Effect:
    if argument and not argument.isdecimal():
        return Say(f"{argument!r} is no number of frames to fade over", "warning")
    return Change(SpreadPromptsEvenly(min(int(argument[:9] or 0), context.document.frame_count)))


@command("prompt.import", "Import prompts", 'Add the prompts of a file: one a line, or {"0": "a cat", "30": "a dog"}.',
         group="prompts", argument="FILE", edits=True)  # fmt: skip
def import_list(context: Context, argument: str) -> Effect:
    return Do("prompt.import", argument)


@command("prompt.managed", "Prompts on or off", "Whether frames get this document's prompts; off, it leaves them to "
         "the renderer.", group="prompts", edits=True)  # fmt: skip
def managed(context: Context, argument: str) -> Effect:
    enabled = not context.document.prompts.enabled
    return Change(SetPromptsEnabled(enabled), say=f"frames get {'these prompts' if enabled else 'no prompts'} now")


@command("prompt.common_position", "Place of the common prompt",
         "Append it to every prompt, prepend it, or make it a template in which [prompt] stands for each.",
         group="prompts", argument="[append, prepend or template]", edits=True)  # fmt: skip
def common_position(context: Context, argument: str) -> Effect:
    places: tuple[CommonPosition, ...] = get_args(CommonPosition)
    following = places[(places.index(context.document.prompts.common_position) + 1) % len(places)]
    place = next((place for place in places if place == argument), None) if argument else following
    if place is None:
        return Say(f"{argument!r} is none of {', '.join(places)}", "warning")
    return Change(SetCommonPosition(place), say=f"common prompt: {place}")


@command("prompt.rows", "Rows where prompts begin",
         "A keyframe on each prompt's first frame, labelled with its name: info_match(\"name\") finds it.",
         group="prompts", why_not=_no_prompts, edits=True)  # fmt: skip
def rows(context: Context, argument: str) -> Effect:
    document = context.document
    starts = {entry.start: entry.name for entry in reversed(document.prompts.entries) if not entry.all_frames}
    fresh = {frame: name for frame, name in starts.items() if document.keyframe_at(frame) is None}
    bare = {
        frame: name
        for frame, name in starts.items()
        if (row := document.keyframe_at(frame)) is not None and not row.info
    }
    if not fresh and not bare:
        return Say("each prompt that begins somewhere has a labelled row there already")
    edits: list[Edit] = [KeyframesAt((frame,), name) for frame, name in sorted(fresh.items())]
    edits += [SetInfo(frame, name) for frame, name in sorted(bare.items())]
    return Change(Several(tuple(edits), "rows where prompts begin"))
