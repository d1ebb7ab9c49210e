"""Lists of prompts as other programs pass them around, in: Deforum's `{"frame": "text --neg text"}`, or plain lines."""

from __future__ import annotations

import re

from parseq_tui.formats.exact_json import decode, problem, shown
from parseq_tui.formats.source import Source
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits.prompts import ImportPrompts, SpreadPromptsEvenly
from parseq_tui.timeline.keyframe import MAX_FRAME
from parseq_tui.timeline.prompts import Overlap, Prompt

_NEGATIVE = re.compile(r"\s*--neg\b\s*")
_TRAILING_COMMA = re.compile(r",(\s*\})\s*\Z")


def joined_halves(positive: str, negative: str) -> str:
    """Both halves of a prompt as one text, as Deforum reads it."""
    return f"{positive} --neg {negative}" if negative else positive


def split_halves(text: str) -> tuple[str, str]:
    """The positive and the negative half of such a text."""
    positive, *negative = _NEGATIVE.split(text, maxsplit=1)
    return positive, negative[0] if negative else ""


def read_prompt_list(text: str, document: Document) -> tuple[Prompt, ...]:
    """The prompts of a list, with their ranges in `document`. Raises DocumentError.

    An object gives each prompt the frame it starts on; it lasts until the next one. Lines share the timeline evenly.
    """
    text = text.strip()
    if text.startswith("{"):
        return _timed(text, document.last_frame)
    if re.match(r'"\d+"\s*:', text):  # Deforum's box shows the members without their braces
        return _timed("{" + text + "}", document.last_frame)
    lines = [line.strip() for line in text.splitlines()]
    prompts = tuple(_prompt(line, number) for number, line in enumerate(filter(None, lines), 1))
    if not prompts:
        return ()
    return SpreadPromptsEvenly().apply(ImportPrompts(prompts, replace_all=True).apply(document)).prompts.entries


def _timed(text: str, last_frame: int) -> tuple[Prompt, ...]:
    text = _TRAILING_COMMA.sub(r"\1", text)
    source = Source(text)
    found = problem(text)
    if found is not None:
        raise source.error_of(found)
    raw, _ = decode(text, 0)
    starts: dict[int, str] = {}
    for key, value in raw.items():
        if not key.strip().isdigit() or int(key[:10]) > MAX_FRAME or not isinstance(value, str):
            hint = 'write {"0": "a cat", "30": "a dog"}'
            raise source.error(
                f"{shown(key)} cannot start a prompt", 0, pointer=f"/{key}", kind="wrong-type", hint=hint
            )
        starts[int(key)] = value
    ordered = sorted(starts)
    ends = [start - 1 for start in ordered[1:]] + [max(last_frame, ordered[-1])] if ordered else []
    return tuple(
        _prompt(starts[start], number, start, end)
        for number, (start, end) in enumerate(zip(ordered, ends, strict=True), 1)
    )


def _prompt(text: str, number: int, start: int = 0, end: int = 0) -> Prompt:
    positive, negative = split_halves(text)
    return Prompt(
        f"Prompt {number}",
        positive.strip(),
        negative.strip(),
        all_frames=False,
        start=start,
        end=end,
        overlap=Overlap(formula="prompt_weight_1"),
    )
