"""Edits of prompts: texts, ranges, overlaps, the list itself. An entry is named by its place in the list, from 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from parseq_tui.errors import EditError, counted
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits.base import MAX_FRAME, Edit
from parseq_tui.timeline.prompts import CommonPosition, Overlap, Prompt, Prompts

Which = int | Literal["common"]
"""An entry's place in the list, or the prompt that is added to all of them."""


@dataclass(frozen=True, slots=True)
class SetPromptText:
    """Change an entry's positive or negative text; None leaves it as it is."""

    which: Which
    positive: str | None = None
    negative: str | None = None

    @property
    def label(self) -> str:
        half = "negative" if self.positive is None else "text"
        return f"set {half} of {_called(self.which)}"

    def continues(self, earlier: Edit) -> bool:
        same_half = isinstance(earlier, SetPromptText) and (earlier.positive is None) == (self.positive is None)
        return same_half and isinstance(earlier, SetPromptText) and earlier.which == self.which

    def apply(self, document: Document) -> Document:
        return changed_prompt(document, self.which, self._changed)

    def _changed(self, prompt: Prompt) -> Prompt:
        positive = prompt.positive if self.positive is None else self.positive
        negative = prompt.negative if self.negative is None else self.negative
        return replace(prompt, positive=positive, negative=negative)


@dataclass(frozen=True, slots=True)
class SetPromptName:
    """Call an entry something else."""

    which: int
    name: str

    @property
    def label(self) -> str:
        return f"name {_called(self.which)}"

    def apply(self, document: Document) -> Document:
        return changed_prompt(document, self.which, lambda prompt: replace(prompt, name=self.name))


@dataclass(frozen=True, slots=True)
class SetPromptRange:
    """Show an entry from `start` to `end` (both inclusive), or on all frames."""

    which: int
    start: int = 0
    end: int = 0
    all_frames: bool = False

    @property
    def label(self) -> str:
        where = "all frames" if self.all_frames else f"{self.start}–{self.end}"
        return f"{_called(self.which)} on {where}"

    def continues(self, earlier: Edit) -> bool:
        return isinstance(earlier, SetPromptRange) and earlier.which == self.which

    def apply(self, document: Document) -> Document:
        if self.all_frames:
            return changed_prompt(document, self.which, lambda prompt: replace(prompt, all_frames=True))
        if not 0 <= self.start <= self.end <= MAX_FRAME:
            raise EditError(
                f"a prompt cannot go from {self.start} to {self.end}", hint="start at 0 or later, end after the start"
            )
        return changed_prompt(
            document, self.which, lambda prompt: replace(prompt, all_frames=False, start=self.start, end=self.end)
        )


@dataclass(frozen=True, slots=True)
class SetPromptOverlap:
    """How an entry's weight travels at its ends."""

    which: int
    overlap: Overlap

    @property
    def label(self) -> str:
        return f"{self.overlap.kind} overlap of {_called(self.which)}"

    def apply(self, document: Document) -> Document:
        return changed_prompt(document, self.which, lambda prompt: replace(prompt, overlap=self.overlap))


@dataclass(frozen=True, slots=True)
class AddPrompt:
    """Put an entry into the list: at `place`, or (None) at the end."""

    prompt: Prompt
    place: int | None = None

    @property
    def label(self) -> str:
        return f"add prompt {self.prompt.name}".rstrip()

    def apply(self, document: Document) -> Document:
        entries = document.prompts.entries
        place = len(entries) if self.place is None else self.place
        if not 0 <= place <= len(entries):
            raise EditError(
                f"there is no place {place} among {counted(len(entries), 'prompt')}", hint="add it at the end"
            )
        return _with_entries(document, (*entries[:place], self.prompt, *entries[place:]))


@dataclass(frozen=True, slots=True)
class RemovePrompt:
    """Take an entry out of the list."""

    which: int

    @property
    def label(self) -> str:
        return f"remove {_called(self.which)}"

    def apply(self, document: Document) -> Document:
        entries = document.prompts.entries
        _existing(document, self.which)
        return _with_entries(document, (*entries[: self.which], *entries[self.which + 1 :]))


@dataclass(frozen=True, slots=True)
class MovePrompt:
    """Move an entry to another place in the list: the order in which prompts are joined."""

    which: int
    to: int

    @property
    def label(self) -> str:
        return f"move {_called(self.which)} to place {self.to + 1}"

    def apply(self, document: Document) -> Document:
        entries = list(document.prompts.entries)
        _existing(document, self.which)
        if not 0 <= self.to < len(entries):
            raise EditError(f"there is no place {self.to + 1}", hint=f"places go from 1 to {len(entries)}")
        entries.insert(self.to, entries.pop(self.which))
        return _with_entries(document, tuple(entries))


@dataclass(frozen=True, slots=True)
class SplitPrompt:
    """Cut an entry in two: the second one starts at `frame`. Both keep the text; the outer fades stay outside."""

    which: int
    frame: int

    @property
    def label(self) -> str:
        return f"split {_called(self.which)} at {self.frame}"

    def apply(self, document: Document) -> Document:
        prompt = _existing(document, self.which)
        start, end = span_of(prompt, document)
        if not start < self.frame <= end:
            raise EditError(
                f"frame {self.frame} does not cut {_called(self.which)}", hint=f"split between {start + 1} and {end}"
            )
        first = replace(
            prompt, all_frames=False, start=start, end=self.frame - 1, overlap=replace(prompt.overlap, fade_out=0)
        )
        second = replace(
            prompt,
            name=fresh_name(document.prompts, prompt.name),
            all_frames=False,
            start=self.frame,
            end=end,
            overlap=replace(prompt.overlap, fade_in=0),
            origin=None,
        )
        entries = document.prompts.entries
        return _with_entries(document, (*entries[: self.which], first, second, *entries[self.which + 1 :]))


@dataclass(frozen=True, slots=True)
class SpreadPromptsEvenly:
    """Give every entry an equal share of the timeline, in list order, cross-fading over `fade` frames (LANGUAGE §13).

    Where Parseq lets neighbours share the frame they meet on, the later one has it to itself.
    """

    fade: int = 0

    label = "spread prompts evenly"

    def apply(self, document: Document) -> Document:
        entries = document.prompts.entries
        if not entries:
            raise EditError("there are no prompts to spread", hint="add one first")
        if self.fade < 0:
            raise EditError(f"prompts cannot fade over {self.fade} frames", hint="use 0 or more")
        share = document.frame_count / len(entries)
        spread = (self._placed(document, index, prompt, share) for index, prompt in enumerate(entries))
        return _with_entries(document, tuple(spread))

    def _placed(self, document: Document, index: int, prompt: Prompt, share: float) -> Prompt:
        first, last, half = document.first_frame, document.last_frame, self.fade / 2
        start = max(first, first + math.ceil(index * share - half))
        end = min(last, first + math.ceil((index + 1) * share + half) - 1)
        at_start, at_end = index == 0, index == len(document.prompts.entries) - 1
        overlap = replace(
            prompt.overlap,
            kind="linear" if self.fade else "none",
            fade_in=0 if at_start else self.fade,
            fade_out=0 if at_end else self.fade,
        )
        return replace(prompt, all_frames=False, start=start, end=end, overlap=overlap)


@dataclass(frozen=True, slots=True)
class ImportPrompts:
    """Add (or put in place of all) a list of entries, as `formats.prompt_lists.read_prompt_list` gives them."""

    prompts: tuple[Prompt, ...]
    replace_all: bool = False

    @property
    def label(self) -> str:
        return f"import {counted(len(self.prompts), 'prompt')}"

    def apply(self, document: Document) -> Document:
        if not self.prompts:
            raise EditError("the list holds no prompts", hint="one prompt a line, or a JSON object of frame: prompt")
        kept = () if self.replace_all else document.prompts.entries
        return _with_entries(document, (*kept, *self.prompts))


@dataclass(frozen=True, slots=True)
class SetPromptsEnabled:
    """Whether frames get prompts at all."""

    enabled: bool

    @property
    def label(self) -> str:
        return "prompts on" if self.enabled else "prompts off"

    def apply(self, document: Document) -> Document:
        return replace(document, prompts=replace(document.prompts, enabled=self.enabled))


@dataclass(frozen=True, slots=True)
class SetCommonPosition:
    """Where the common prompt goes: behind each entry, before it, or around it (`[prompt]` marks the place)."""

    position: CommonPosition

    @property
    def label(self) -> str:
        return f"{self.position} the common prompt"

    def apply(self, document: Document) -> Document:
        return replace(document, prompts=replace(document.prompts, common_position=self.position))


def changed_prompt(document: Document, which: Which, change: Callable[[Prompt], Prompt]) -> Document:
    """The document with `change` applied to one prompt."""
    prompts = document.prompts
    if which == "common":
        return replace(document, prompts=replace(prompts, common=change(prompts.common)))
    changed = change(_existing(document, which))
    return _with_entries(document, (*prompts.entries[:which], changed, *prompts.entries[which + 1 :]))


def span_of(prompt: Prompt, document: Document) -> tuple[int, int]:
    """First and last frame an entry is active on."""
    return (document.first_frame, document.last_frame) if prompt.all_frames else (prompt.start, prompt.end)


def fresh_name(prompts: Prompts, name: str) -> str:
    """`name` with a number behind it that no entry has yet."""
    taken = {entry.name for entry in prompts.entries}
    stem = name.rstrip("0123456789 ") or "Prompt"
    return next(f"{stem} {number}" for number in range(2, len(taken) + 3) if f"{stem} {number}" not in taken)


def _existing(document: Document, which: int) -> Prompt:
    entries = document.prompts.entries
    if not 0 <= which < len(entries):
        raise EditError(f"there is no prompt {which + 1}", hint=f"the document has {counted(len(entries), 'prompt')}")
    return entries[which]


def _with_entries(document: Document, entries: tuple[Prompt, ...]) -> Document:
    return replace(document, prompts=replace(document.prompts, entries=entries))


def _called(which: Which) -> str:
    return "the common prompt" if which == "common" else f"prompt {which + 1}"
