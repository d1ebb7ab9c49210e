"""Writing JSON into a text that somebody laid out: what did not change stays, what is new looks like its neighbours.

`rewritten` is the whole idea: given the text of a value and what it shall mean now, it keeps every character that still
means the same. Keys keep their order, numbers their spelling, brackets their whitespace.

>>> rewritten('{ "a": 1.50,  "b": [1,2] }', 0, {"a": 1.5, "b": [1, 3]})
'{ "a": 1.50,  "b": [1,3] }'
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parseq_tui.formats.exact_json import Element, Member, container_end, decode, elements, members
from parseq_tui.language.numbers_as_text import number_text


@dataclass(frozen=True, slots=True)
class Layout:
    """The characters between the parts of a container."""

    opening: str = ""
    """Between the bracket and the first part."""
    between: str = ", "
    """Between one part and the next, comma included."""
    closing: str = ""
    """Between the last part and the bracket."""
    colon: str = ": "

    def joined(self, brackets: str, parts: Sequence[str]) -> str:
        """The text of a container with these parts; `brackets` is "{}" or "[]"."""
        if not parts:
            return brackets
        return brackets[0] + self.opening + self.between.join(parts) + self.closing + brackets[1]


INLINE = Layout()


def layout_at(text: str, start: int) -> Layout | None:
    """The layout of the container at `start`; None if it is empty or no container."""
    return layout_of(text, start, _parts(text, start))


def layout_of(text: str, start: int, parts: Sequence[Member | Element]) -> Layout | None:
    """The layout of the container at `start` that has these parts; None if it has none."""
    if not parts:
        return None
    first, last = parts[0], parts[-1]
    opening = text[start + 1 : _start(first)]
    colon = ": "
    if isinstance(first, Member):
        _, key_end = decode(text, first.key_start)
        colon = text[key_end : first.value_start]
    if len(parts) > 1:
        between = text[first.value_end : _start(parts[1])]
    else:
        between = "," + (opening if "\n" in opening else "" if colon == ":" else " ")
    return Layout(opening, between, text[last.value_end : container_end(text, last, start) - 1], colon)


def spelled(value: Any, layout: Layout = INLINE) -> str:
    """A value on one line; `layout` only says whether spaces follow commas and colons."""
    if isinstance(value, str):
        return json.dumps(whole_characters(value), ensure_ascii=False)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(value) if math.isfinite(value) else "null"
    flat = Layout(between="," if layout.colon == ":" else ", ", colon=":" if layout.colon == ":" else ": ")
    if isinstance(value, Mapping):
        parts = [f"{spelled(str(key))}{flat.colon}{spelled(part, layout)}" for key, part in value.items()]
        return flat.joined("{}", parts)
    return flat.joined("[]", [spelled(part, layout) for part in value])


def whole_characters(text: str) -> str:
    """`text` without halves of surrogate pairs (from a paste of broken bytes): no file can hold those."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def spelled_like(text: str, start: int, value: Any) -> str:
    """A new value, laid out as the value at `start` is: same line breaks, and its parts like that one's parts."""
    layout = layout_at(text, start)
    if isinstance(value, Mapping) and text[start] == "{" and layout:
        models = {member.key: member for member in members(text, start)}
        parts = []
        for key, part in value.items():
            model = models.get(key)
            shown = spelled_like(text, model.value_start, part) if model else spelled(part, layout)
            parts.append(f"{spelled(str(key))}{layout.colon}{shown}")
        return layout.joined("{}", parts)
    if isinstance(value, list | tuple) and text[start] == "[" and layout:
        model_start = next(elements(text, start)).value_start
        return layout.joined("[]", [spelled_like(text, model_start, part) for part in value])
    return spelled(value, layout or INLINE)


def same(one: Any, other: Any) -> bool:
    """Whether two decoded values mean the same JSON. 1 and 1.0 do; 1 and true do not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(part, other[key]) for key, part in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def rewritten(text: str, start: int, value: Any) -> str:
    """The text of the value at `start`, changed as little as possible so that it means `value`."""
    opening = text[start]
    if opening == "{" and isinstance(value, Mapping):
        return _rewritten_object(text, start, value)
    if opening == "[" and isinstance(value, list | tuple):
        return _rewritten_array(text, start, value)
    return spelled(value)


def _kept_or_rewritten(text: str, part: Member | Element, value: Any) -> str:
    if part.value is value or same(part.value, value):
        return text[part.value_start : part.value_end]
    return rewritten(text, part.value_start, value)


def _rewritten_object(text: str, start: int, value: Mapping[str, Any]) -> str:
    old = list(members(text, start))
    layout = layout_at(text, start) or INLINE
    known = {member.key for member in old}
    pieces: list[tuple[str, str]] = []  # what stands before a part (bracket or comma, and space), the part
    for index, member in enumerate(old):
        if member.key in value:
            gap = (
                text[start + 1 : member.key_start] if index == 0 else text[old[index - 1].value_end : member.key_start]
            )
            head = text[member.key_start : member.value_start]
            pieces.append((gap, head + _kept_or_rewritten(text, member, value[member.key])))
    keys = [member.key for member in old if member.key in value]
    for key, part in value.items():
        if key not in known:
            place = _place(key, keys, list(value), layout)
            keys.insert(place, key)
            pieces.insert(place, ("", f"{spelled(str(key))}{layout.colon}{spelled(part, layout)}"))
    end = container_end(text, old[-1] if old else None, start)
    closing = text[old[-1].value_end : end - 1] if old else text[start + 1 : end - 1]
    return "{" + _with_gaps(pieces, layout) + (closing if pieces else "") + "}"


def _place(key: str, keys: list[str], order: list[str], layout: Layout) -> int:
    """Where a new key goes: behind the one it follows in `order`, but not at the end where each key has a line.

    There it would need a comma on the line above: two lines of difference for one change.
    """
    before = order[: order.index(key)]
    place = max((keys.index(name) + 1 for name in before if name in keys), default=0)
    if "\n" in layout.between and place == len(keys) and place > 1:
        place -= 1
    return place


def _with_gaps(pieces: list[tuple[str, str]], layout: Layout) -> str:
    """The parts with what stands between them: their own gap where it fits, the container's usual one elsewhere."""
    out: list[str] = []
    for index, (gap, part) in enumerate(pieces):
        has_comma = gap.lstrip().startswith(",")
        if index == 0:
            out.append(layout.opening if has_comma or not gap else gap)
        else:
            out.append(gap if has_comma else layout.between)
        out.append(part)
    return "".join(out)


def _rewritten_array(text: str, start: int, value: Sequence[Any]) -> str:
    old = list(elements(text, start))
    if not old:
        return spelled(value)
    layout = layout_at(text, start) or INLINE
    sources = _sources(old, value)
    pieces: list[tuple[str, str]] = []
    for part, source in zip(value, sources, strict=True):
        if source is None:
            pieces.append(("", spelled_like(text, old[0].value_start, part)))
            continue
        gap = (
            text[start + 1 : old[0].value_start]
            if source == 0
            else text[old[source - 1].value_end : old[source].value_start]
        )
        pieces.append((gap, _kept_or_rewritten(text, old[source], part)))
    end = container_end(text, old[-1], start)
    return "[" + _with_gaps(pieces, layout) + (text[old[-1].value_end : end - 1] if pieces else "") + "]"


def _sources(old: Sequence[Element], value: Sequence[Any]) -> list[int | None]:
    """For each new part the old element whose text it continues: an equal one, else the one in its place."""
    sources: list[int | None] = [
        place if place < len(old) and same(old[place].value, part) else None for place, part in enumerate(value)
    ]
    unused: dict[str, list[int]] = {}
    for place in sorted(set(range(len(old))) - set(sources), reverse=True):
        unused.setdefault(_canonical(old[place].value), []).append(place)
    for place, part in enumerate(value):
        equals = unused.get(_canonical(part)) if sources[place] is None else None
        if equals:
            sources[place] = equals.pop()
    free = {place for places in unused.values() for place in places}
    for place, source in enumerate(sources):
        if source is None and place in free and type(old[place].value) is type(value[place]):
            sources[place] = place
    return sources


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=dict)


def _parts(text: str, start: int) -> list[Member] | list[Element]:
    if text[start] == "{":
        return list(members(text, start))
    return list(elements(text, start)) if text[start] == "[" else []


def _start(part: Member | Element) -> int:
    return part.key_start if isinstance(part, Member) else part.value_start
