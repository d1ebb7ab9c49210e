"""Changing an object of plain values in its text, at the speed of one search: what `json_text.rewritten` gives, sooner.

Keyframe rows are such objects, and a bulk action changes ten thousand of them. Whatever is out of the ordinary (an
escape in a text, a value with parts, fewer than two members) is left to `json_text`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from parseq_tui.formats.json_text import spelled

_MEMBER = re.compile(r'([ \t\n\r,]*)("([^"\\]*)"([ \t\n\r]*:[ \t\n\r]*))([^ \t\n\r",{}\[\]]+|"[^"\\]*")')
"""Gap, key with colon, key, colon, value."""


def rewritten_flat(text: str, changes: Mapping[str, Any]) -> str | None:
    """The text of an object with some keys changed, added or (None) removed; None if that needs more care.

    `text` is valid JSON from brace to brace. An added `KEY_i` stands behind KEY, everything else at the end; where each
    key has a line, before the last one.
    """
    found = _MEMBER.findall(text)
    closing = len(text) - 1 - len(text[:-1].rstrip(" \t\n\r"))
    if len(found) < 2 or sum(len(gap) + len(head) + len(value) for gap, head, _, _, value in found) != (
        len(text) - 2 - closing
    ):
        return None
    opening, between, colon = found[0][0], found[1][0], found[0][3]
    keys: list[str] = []
    parts: list[str] = []
    gaps: list[str] = []
    for gap, head, key, _, value in found:
        if key in changes:
            new = changes[key]
            if new is None:
                continue
            value = spelled(new)
        keys.append(key)
        gaps.append(gap)
        parts.append(head + value)
    if len(changes.keys() - {member[2] for member in found}):
        _add(changes, found, keys, gaps, parts, between, colon)
    if not keys:
        return "{}"
    gaps[0] = opening
    body = "".join([piece for pair in zip(gaps, parts, strict=True) for piece in pair])
    return f"{{{body}{text[len(text) - 1 - closing :]}"


def spelled_like_flat(model: str, content: Mapping[str, Any]) -> str | None:
    """A new object of plain values, laid out as `model` is; None if that needs more care."""
    first = _MEMBER.match(model, 1)
    second = None if first is None else _MEMBER.match(model, first.end())
    if first is None or second is None or not content:
        return None
    closing = model[len(model[:-1].rstrip(" \t\n\r")) :]
    parts = [f"{spelled(key)}{first[4]}{spelled(value)}" for key, value in content.items()]
    return f"{{{first[1]}{second[1].join(parts)}{closing}"


def _add(
    changes: Mapping[str, Any],
    found: list[tuple[str, ...]],
    keys: list[str],
    gaps: list[str],
    parts: list[str],
    between: str,
    colon: str,
) -> None:
    """Put in the keys that are new."""
    known = {member[2] for member in found}
    added = {key: value for key, value in changes.items() if key not in known and value is not None}
    partners = {key: key[:-2] for key in added if key.endswith("_i") and key[:-2] in keys}
    for key, value in sorted(added.items(), key=lambda item: item[0] not in partners):
        place = keys.index(partners[key]) + 1 if key in partners else len(keys)
        if "\n" in between and place == len(keys) and place > 1:
            place -= 1
        keys.insert(place, key)
        gaps.insert(place, between)
        parts.insert(place, f"{spelled(key)}{colon}{spelled(value)}")
