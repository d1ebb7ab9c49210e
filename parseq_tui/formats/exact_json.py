"""JSON with positions: reads values at the C decoder's speed and still knows where each member and element stands.

A container is walked one level at a time, each value in it decoded in one go. Stricter than the standard: a key given
twice, NaN and Infinity, and half a surrogate pair are errors, because a program that reads on would lose something.
Reading raises JSONDecodeError and its like; `problem` then finds the place again and says how to mend it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from types import MappingProxyType
from typing import Any, NamedTuple

MAX_DEPTH = 64
"""Levels of nesting a file may have. Documents have six; what has more is a mistake or an attack."""

_SPACE = re.compile(r"[ \t\n\r]*")
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


class Member(NamedTuple):
    """One `"key": value` of an object. Offsets are code points into the text."""

    key: str
    key_start: int
    value_start: int
    value_end: int
    value: Any


class Element(NamedTuple):
    """One value of an array."""

    value_start: int
    value_end: int
    value: Any


Scan = Callable[[str, int], tuple[Any, int]]
"""Text and position of a value → the value and where it ends."""


class Refused(ValueError):
    """Valid JSON that is not accepted: see `problem` for where."""


class Unreadable(ValueError):
    """A value inside a container could not be read; `step` is its key or index, `start` where it begins."""

    def __init__(self, step: str | int, start: int) -> None:
        super().__init__(step, start)
        self.step = step
        self.start = start


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a JSON text, and where."""

    message: str
    hint: str
    offset: int
    pointer: str
    kind: str = "json"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Refused("duplicate key")
    return value


def _no_constant(name: str) -> Any:
    raise Refused(name)


decode: Scan = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant).raw_decode
"""Reads a value; objects become dicts. Raises JSONDecodeError, Refused, RecursionError."""

decode_pairs: Scan = json.JSONDecoder(object_pairs_hook=tuple, parse_constant=_no_constant).raw_decode
"""Reads a value; objects become tuples of (key, value), duplicates included: faster where they are walked just once."""


def skip_space(text: str, position: int) -> int:
    """Where the next token begins."""
    match = _SPACE.match(text, position)
    return match.end() if match else position


def members(text: str, start: int, by_key: Mapping[str, Scan] = MappingProxyType({})) -> Iterator[Member]:
    """The members of the object at `start`; `by_key` names another way to read certain members.

    Does not look for duplicate keys. Raises JSONDecodeError at this level, Unreadable for a value.
    """
    position = skip_space(text, start + 1)
    if text[position : position + 1] == "}":
        return
    while True:
        if text[position : position + 1] != '"':
            raise JSONDecodeError("Expecting property name", text, position)
        key, key_end = decode(text, position)
        colon = skip_space(text, key_end)
        if text[colon : colon + 1] != ":":
            raise JSONDecodeError("Expecting ':' delimiter", text, colon)
        value_start = skip_space(text, colon + 1)
        try:
            value, value_end = by_key.get(key, decode)(text, value_start)
        except (ValueError, RecursionError) as error:
            raise Unreadable(key, value_start) from error
        yield Member(key, position, value_start, value_end, value)
        position = skip_space(text, value_end)
        if text[position : position + 1] == "}":
            return
        if text[position : position + 1] != ",":
            raise JSONDecodeError("Expecting ',' delimiter", text, position)
        position = skip_space(text, position + 1)


def elements(text: str, start: int, scan: Scan = decode) -> Iterator[Element]:
    """The elements of the array at `start`. Raises as `members` does."""
    position = skip_space(text, start + 1)
    if text[position : position + 1] == "]":
        return
    index = 0
    while True:
        try:
            value, value_end = scan(text, position)
        except (ValueError, RecursionError) as error:
            raise Unreadable(index, position) from error
        yield Element(position, value_end, value)
        index += 1
        position = skip_space(text, value_end)
        if text[position : position + 1] == "]":
            return
        if text[position : position + 1] != ",":
            raise JSONDecodeError("Expecting ',' delimiter", text, position)
        position = skip_space(text, position + 1)


def container_end(text: str, last: Member | Element | None, start: int) -> int:
    """The offset behind the closing bracket of a container whose last part is `last`."""
    return skip_space(text, start + 1 if last is None else last.value_end) + 1


def read_elements(text: str, start: int, take: Callable[[int, Element], None], scan: Scan = decode) -> int:
    """Hands the elements of the array at `start` on one by one, with their index, and keeps none; the array's end."""
    last = None
    for index, element in enumerate(elements(text, start, scan)):
        take(index, element)
        last = Element(element.value_start, element.value_end, None)
    return container_end(text, last, start)


def discard_elements(text: str, start: int) -> tuple[None, int]:
    """A Scan that checks an array element by element and keeps nothing: for large parts nobody needs."""
    if text[start : start + 1] != "[":
        return None, decode(text, start)[1]
    return None, read_elements(text, start, lambda *_: None)


def too_deep(value: Any) -> bool:
    """Whether a decoded value has more than MAX_DEPTH levels."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            part
            for container in level
            if isinstance(container, dict | list | tuple)
            for part in (container.values() if isinstance(container, dict) else container)
        ]
        if not level:
            return False
    return True


def half_pair(text: str) -> int | None:
    """Where a string escape names half a character (`\\ud83d` alone), or None."""
    position = 0
    while match := _HALF_PAIR.search(text, position):
        position = match.end()
        start = match.start()
        backslashes = start - len(text[:start].rstrip("\\")) if text[start - 1 : start] == "\\" else 0
        if backslashes % 2:
            continue
        low = _HALF_PAIR.match(text, position)
        is_high = text[start + 3] in "89abAB"
        if is_high and low and text[position + 3] not in "89abAB":
            position = low.end()
            continue
        return start
    return None


def problem(text: str) -> Problem | None:
    """The first thing that is wrong with a JSON text, or None if nothing is."""
    steps: list[str | int] = []
    position = skip_space(text, 0)
    while len(steps) <= MAX_DEPTH:
        try:
            _walk(text, position, at_top=not steps)
        except Unreadable as error:
            steps.append(error.step)
            position = error.start
            if text[position : position + 1] not in ("{", "["):
                return _explained(text, error.__cause__, position, steps)
        except (ValueError, RecursionError) as error:
            return _explained(text, error, position, steps)
        else:
            lone = half_pair(text)
            if lone is None:
                return None
            return Problem("half a surrogate pair", "write the character itself", lone, "")
    return Problem(f"nested more than {MAX_DEPTH} levels deep", "flatten it", position, pointer_of(steps), "too-deep")


def pointer_of(steps: list[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


class _Twice(ValueError):
    def __init__(self, key: str, offset: int) -> None:
        super().__init__(key)
        self.key = key
        self.offset = offset


def _walk(text: str, position: int, at_top: bool) -> None:
    """Read one level strictly; whatever is wrong is raised."""
    opening = text[position : position + 1]
    last: Member | Element | None = None
    if opening == "{":
        seen: set[str] = set()
        for member in members(text, position):
            if member.key in seen:
                raise _Twice(member.key, member.key_start)
            seen.add(member.key)
            last = member
    elif opening == "[":
        for element in elements(text, position):
            last = element
    else:
        _, end = decode(text, position)
        last = Element(position, end, None)
    if at_top:
        end = container_end(text, last, position) if opening in ("{", "[") else position + 1
        if opening in ("{", "[") and skip_space(text, end) != len(text):
            raise JSONDecodeError("Extra data", text, skip_space(text, end))


def _explained(text: str, error: BaseException | None, position: int, steps: list[str | int]) -> Problem:
    if isinstance(error, _Twice):
        path = pointer_of([*steps, error.key])
        return Problem(
            f"the key {shown(error.key)} stands here twice", "keep one of them", error.offset, path, "duplicate-key"
        )
    if isinstance(error, JSONDecodeError):
        message, hint = _in_words(text, error)
        return Problem(message, hint, error.pos, pointer_of(steps))
    if isinstance(error, Refused):
        word = str(error)
        return Problem(
            f"{word} is not a JSON number", "write a finite number", position, pointer_of(steps), "not-a-number"
        )
    if isinstance(error, RecursionError):
        return Problem("nested too deeply", "flatten it", position, pointer_of(steps), "too-deep")
    # Python refuses to read integers of thousands of digits.
    return Problem("this number is far too long", "write a number of ordinary size", position, pointer_of(steps))


def shown(value: object) -> str:
    """A text (or what is none) in quotes for a message: no control characters, not too long."""
    text = str(value)
    cut = text if len(text) <= 40 else text[:39] + "…"
    return '"' + "".join(ch if ch.isprintable() else "�" for ch in cut) + '"'


def _in_words(text: str, error: JSONDecodeError) -> tuple[str, str]:
    here = text[error.pos : error.pos + 1]
    before = text[: error.pos].rstrip()[-1:]
    if error.msg.startswith("Unterminated string"):
        return "this text is never closed", 'add the missing "'
    if error.msg.startswith("Invalid control character"):
        return "a line break or control character inside a text", 'write it as \\n or \\t, or close the text with "'
    if error.msg.startswith("Invalid \\"):
        return "an unknown escape in a text", "write \\\\ for a backslash"
    if not here:
        return "the file ends too early", "close every { and [, or restore the file from its backup"
    if error.msg.startswith("Extra data"):
        return "there is more behind the end of the document", "remove it: a file holds one document"
    if here in "]}" and before == ",":
        return "a comma before the closing bracket", "remove the comma"
    if here == "'":
        return "single quotes", 'JSON texts stand in double quotes: "…"'
    if here in "/#":
        return "a comment", "JSON has none: remove it"
    if "delimiter" in error.msg and "," in error.msg:
        return f"found {shown(here)} where a comma or a closing bracket belongs", "add the missing comma"
    if "delimiter" in error.msg:
        return f"found {shown(here)} where a colon belongs", "a key is followed by a colon"
    if "property name" in error.msg:
        return f"found {shown(here)} where a key belongs", "keys stand in double quotes"
    found = text[error.pos : error.pos + 12].split("\n")[0].rstrip()
    return f"found {shown(found)} where a value belongs", "texts stand in double quotes"
