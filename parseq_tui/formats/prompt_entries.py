"""The file's `prompts`, in and out, in all of its shapes (LANGUAGE §10.3).

    v0   {positive, negative}                                   one prompt on all frames; also the 2022 format
    v1   [entry, …]                                             a list
    v2   {format: "v2", enabled, promptList, commonPrompt, commonPromptPos}

A document is written back in the shape it came in for as long as that shape can say what it means; then in v2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, get_args

from parseq_tui.formats.source import PromptOrigin, PromptsOrigin, WrongPart
from parseq_tui.language.numbers_as_text import number_text, text_number
from parseq_tui.timeline.prompts import CommonPosition, Overlap, Prompt, Prompts

DEFAULT_WEIGHT = "prompt_weight_1"


def read_prompts(raw: Any, formula: Callable[[str], str], text: Callable[[str], str]) -> Prompts:
    """The prompts of a file; `formula` and `text` bring formulas and prompt texts into our own grouping.

    Raises WrongPart.
    """
    prompts = _read(raw)
    if prompts.entries or prompts.common.positive or prompts.common.negative:
        entries = tuple(_regrouped(entry, formula, text) for entry in prompts.entries)
        prompts = replace(prompts, entries=entries, common=_regrouped(prompts.common, formula, text))
    return replace(prompts, origin=PromptsOrigin(raw, prompts))


def _regrouped(prompt: Prompt, formula: Callable[[str], str], text: Callable[[str], str]) -> Prompt:
    overlap = prompt.overlap
    if overlap.kind == "custom" and overlap.formula:
        overlap = replace(overlap, formula=formula(overlap.formula))
    read = replace(prompt, positive=text(prompt.positive), negative=text(prompt.negative), overlap=overlap, origin=None)
    return replace(read, origin=PromptOrigin(prompt.origin, read) if isinstance(prompt.origin, Mapping) else None)


def _read(raw: Any) -> Prompts:
    empty = Prompt("Common", overlap=Overlap(formula=DEFAULT_WEIGHT))
    if raw is None:
        only = Prompt("Prompt 1", overlap=Overlap(formula=DEFAULT_WEIGHT))
        return Prompts((only,), empty)
    if isinstance(raw, list):
        entries = tuple(_entry(part, [index]) for index, part in enumerate(raw))
        enabled = raw[0].get("enabled") if raw else None
        return Prompts(entries, empty, enabled=enabled is None or bool(enabled))
    if not isinstance(raw, dict):
        raise WrongPart([], "an object")
    if "promptList" not in raw and raw.get("format") != "v2":
        only = Prompt(
            "Prompt 1",
            _text(raw, "positive", []),
            _text(raw, "negative", []),
            overlap=Overlap(formula=DEFAULT_WEIGHT),
        )
        return Prompts((only,), empty)
    return _read_v2(raw, empty)


def _read_v2(raw: dict[str, Any], empty: Prompt) -> Prompts:
    listed = raw.get("promptList", [])
    if not isinstance(listed, list):
        raise WrongPart(["promptList"], "a list")
    entries = tuple(_entry(part, ["promptList", index]) for index, part in enumerate(listed))
    common = _entry(raw["commonPrompt"], ["commonPrompt"]) if raw.get("commonPrompt") is not None else empty
    position: Any = raw.get("commonPromptPos") or "append"
    if position not in get_args(CommonPosition):
        raise WrongPart(["commonPromptPos"], 'one of "append", "prepend", "template"')
    return Prompts(entries, common, position, enabled=bool(raw.get("enabled", True)))


def _entry(raw: Any, steps: list[str | int]) -> Prompt:
    if not isinstance(raw, dict):
        raise WrongPart(steps, 'an object: {"positive": "…", "negative": "…"}')
    overlap = raw.get("overlap")
    if overlap is None:
        overlap = {}
    if not isinstance(overlap, dict):
        raise WrongPart([*steps, "overlap"], 'an object: {"type": "none"}')
    here: list[str | int] = [*steps, "overlap"]
    return Prompt(
        name=_text(raw, "name", steps),
        positive=_text(raw, "positive", steps),
        negative=_text(raw, "negative", steps),
        all_frames=bool(raw.get("allFrames", "from" not in raw)),
        start=math.ceil(_number(raw, "from", steps)),
        end=math.floor(_number(raw, "to", steps)),
        overlap=Overlap(
            kind=_text(overlap, "type", here) or "none",
            fade_in=_number(overlap, "inFrames", here),
            fade_out=_number(overlap, "outFrames", here),
            formula=_text(overlap, "custom", here),
        ),
        origin=raw,
    )


def _text(raw: Mapping[str, Any], key: str, steps: list[str | int]) -> str:
    value = raw.get(key)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(float(value))
    raise WrongPart([*steps, key], "a text")


def _number(raw: Mapping[str, Any], key: str, steps: list[str | int]) -> float:
    value = raw.get(key)
    if isinstance(value, str):
        value = text_number(value)
    if value is None:
        return 0
    if isinstance(value, bool | list | dict) or not abs(value) < 1e15:
        raise WrongPart([*steps, key], "a number of frames")
    return int(value) if value == int(value) else float(value)


def write_prompts(prompts: Prompts, formula: Callable[[str], str], text: Callable[[str], str]) -> Any:
    """What the file's `prompts` shall say; `formula` and `text` bring what they are given into the file's grouping.

    Parts that did not change are the very values that were read.
    """
    origin = prompts.origin if isinstance(prompts.origin, PromptsOrigin) else None
    if origin and prompts == origin.read and origin.raw is not None:
        return origin.raw
    if origin and isinstance(origin.raw, dict) and "promptList" not in origin.raw and _fits_v0(prompts):
        (only,) = prompts.entries
        read = origin.read.entries[0]
        changed = {"positive": (only.positive, read.positive), "negative": (only.negative, read.negative)}
        return origin.raw | {key: text(new) for key, (new, old) in changed.items() if new != old}
    entries = [_entry_object(entry, formula, text) for entry in prompts.entries]
    if origin and isinstance(origin.raw, list) and _fits_v1(prompts, origin.read):
        return entries
    raw = origin.raw if origin and isinstance(origin.raw, dict) and "promptList" in origin.raw else {"format": "v2"}
    changed_raw = dict(raw)
    if "enabled" not in raw or bool(raw["enabled"]) != prompts.enabled:
        changed_raw["enabled"] = prompts.enabled
    if origin is None or raw is not origin.raw or prompts.common != origin.read.common:
        changed_raw["commonPrompt"] = _entry_object(prompts.common, formula, text)
    if raw.get("commonPromptPos", "append") != prompts.common_position or "commonPromptPos" not in raw:
        changed_raw["commonPromptPos"] = prompts.common_position
    return changed_raw | {"promptList": entries}


def _fits_v0(prompts: Prompts) -> bool:
    if len(prompts.entries) != 1 or not prompts.enabled:
        return False
    only = prompts.entries[0]
    plain = only.all_frames and only.overlap.kind == "none" and only.name in ("", "Prompt 1")
    return plain and not (prompts.common.positive or prompts.common.negative)


def _fits_v1(prompts: Prompts, read: Prompts) -> bool:
    blank = not (prompts.common.positive or prompts.common.negative)
    return blank and prompts.enabled == read.enabled and bool(prompts.entries) and _enabled_stays(prompts, read)


def _enabled_stays(prompts: Prompts, read: Prompts) -> bool:
    """Whether the entry that carries the flag of a v1 list is still the first."""
    return read.enabled or prompts.entries[0].origin is read.entries[0].origin


def _entry_object(prompt: Prompt, formula: Callable[[str], str], text: Callable[[str], str]) -> Mapping[str, Any]:
    origin = prompt.origin if isinstance(prompt.origin, PromptOrigin) else None
    if origin and prompt == origin.read:
        return origin.raw
    if origin is None:
        return {
            "name": prompt.name,
            "positive": text(prompt.positive),
            "negative": text(prompt.negative),
            "allFrames": prompt.all_frames,
            "from": prompt.start,
            "to": prompt.end,
            "overlap": _overlap_object(prompt.overlap, None, formula),
        }
    read = origin.read
    changed = dict(origin.raw)
    for key, new, old in (
        ("name", prompt.name, read.name),
        ("positive", prompt.positive, read.positive),
        ("negative", prompt.negative, read.negative),
        ("allFrames", prompt.all_frames, read.all_frames),
        ("from", prompt.start, read.start),
        ("to", prompt.end, read.end),
    ):
        if new != old:
            changed[key] = text(new) if key in ("positive", "negative") and isinstance(new, str) else new
    if not prompt.all_frames:
        changed.setdefault("from", prompt.start)
        changed.setdefault("to", prompt.end)
        changed.setdefault("allFrames", False)
    if prompt.overlap != read.overlap:
        changed["overlap"] = dict(changed.get("overlap") or {}) | _overlap_object(prompt.overlap, read.overlap, formula)
    return changed


def _overlap_object(overlap: Overlap, read: Overlap | None, formula: Callable[[str], str]) -> dict[str, Any]:
    """The keys of an overlap; with `read`, only those that changed."""
    parts = {
        "type": (overlap.kind, read and read.kind),
        "inFrames": (overlap.fade_in, read and read.fade_in),
        "outFrames": (overlap.fade_out, read and read.fade_out),
        "custom": (overlap.formula, read and read.formula),
    }
    changed = {key: new for key, (new, old) in parts.items() if read is None or new != old}
    if "custom" in changed:
        changed["custom"] = formula(overlap.formula)
    return changed
