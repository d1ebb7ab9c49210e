"""Searches labels with JavaScript's regular expressions, without catastrophic backtracking.

A part of a pattern answers "where can a match that starts here end?", and every answer is kept, so a search takes time
polynomial in the label, whatever the pattern; a budget of steps bounds that too. Only what a search without captures
needs is here: no back references, and lazy quantifiers are greedy ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from parseq_tui.language.numbers_as_text import BLANKS

MAX_PATTERN = 500
MAX_LABEL = 2_000
MAX_GROUPS = 40
"""Groups inside each other."""
MAX_STEPS = 1_000_000
"""Steps of all searches of one pattern together."""
MAX_COUNT: Final = 100_000

_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "f": "\f", "0": "\0"}
_SPECIAL = set("\\^$.*+?()[]{}|")

Test: TypeAlias = Callable[[str], bool]


class PatternError(Exception):
    """A pattern that cannot be read, or costs too much."""


@dataclass(frozen=True, slots=True, eq=False)
class _Character:
    test: Test


@dataclass(frozen=True, slots=True, eq=False)
class _Sequence:
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Choice:
    options: tuple[_Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Repeat:
    part: _Part
    least: int
    most: int


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A look around: whether `part` matches after (or before) here."""

    part: _Part
    wanted: bool
    behind: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Edge:
    """`^`, `$`, `\\b` or `\\B`."""

    kind: str


_Part: TypeAlias = "_Character | _Sequence | _Choice | _Repeat | _Look | _Edge"


class Pattern:
    """A pattern, ready to search. Raises PatternError if it is none."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_PATTERN:
            raise PatternError(f"a pattern may have {MAX_PATTERN} characters, this one has {len(text)}")
        self.literal = text if _SPECIAL.isdisjoint(text) else None
        self.root = _Reader(text).whole() if self.literal is None else None
        self.steps = 0

    def found_in(self, label: str) -> bool:
        """Whether the pattern matches anywhere in `label` (its first 2,000 characters)."""
        if self.literal is not None or self.root is None:
            return (self.literal or "") in label
        search = _Search(label[:MAX_LABEL], self.steps)
        found = any(search.ends(self.root, start) for start in range(len(search.label) + 1))
        self.steps = search.steps
        return found

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Start and end of every match in `text` (its first 2,000 characters), left to right, each as long as it gets.

        Matches do not overlap and hold at least one character.
        """
        if self.literal is not None or self.root is None:
            wanted = self.literal or ""
            return [match.span() for match in re.finditer(re.escape(wanted), text)] if wanted else []
        search = _Search(text[:MAX_LABEL], self.steps)
        found, start = [], 0
        while start < len(search.label):
            end = max(search.ends(self.root, start), default=start)
            if end > start:
                found.append((start, end))
            start = max(end, start + 1)
        self.steps = search.steps
        return found


class _Search:
    """One search of one label."""

    def __init__(self, label: str, steps: int) -> None:
        self.label = label
        self.steps = steps
        self.known: dict[tuple[int, int], frozenset[int]] = {}

    def ends(self, part: _Part, start: int) -> frozenset[int]:
        """Where matches of `part` that begin at `start` can end."""
        key = (id(part), start)
        found = self.known.get(key)
        if found is None:
            self.spend()
            found = self.known[key] = frozenset(self.compute(part, start))
        return found

    def spend(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise PatternError("this pattern takes too long: simplify its repetitions")

    def compute(self, part: _Part, start: int) -> Iterable[int]:
        match part:
            case _Character():
                return (start + 1,) if start < len(self.label) and part.test(self.label[start]) else ()
            case _Sequence():
                here = {start}
                for piece in part.parts:
                    here = {end for position in here for end in self.ends(piece, position)}
                return here
            case _Choice():
                return {end for option in part.options for end in self.ends(option, start)}
            case _Repeat():
                return self.repeated(part, start)
            case _Look():
                starts = range(start + 1) if part.behind else (start,)
                seen = any(
                    not part.behind or start in self.ends(part.part, at) for at in starts if self.ends(part.part, at)
                )
                return (start,) if seen == part.wanted else ()
            case _Edge():
                return (start,) if self.at_edge(part.kind, start) else ()

    def repeated(self, part: _Repeat, start: int) -> set[int]:
        here = {start}
        for _ in range(part.least):
            self.spend()
            after = {end for position in here for end in self.ends(part.part, position)}
            if after == here:  # nothing left to consume: further rounds change nothing
                break
            here = after
        reached = set(here)
        for _ in range(part.most - part.least):
            self.spend()
            here = {end for position in here for end in self.ends(part.part, position)} - reached
            if not here:
                break
            reached |= here
        return reached

    def at_edge(self, kind: str, at: int) -> bool:
        if kind == "^":
            return at == 0
        if kind == "$":
            return at == len(self.label)
        before = at > 0 and _is_word(self.label[at - 1])
        after = at < len(self.label) and _is_word(self.label[at])
        return (before != after) == (kind == "b")


def _is_word(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())


def _is_digit(character: str) -> bool:
    return character in "0123456789"


def _is_space(character: str) -> bool:
    return character in BLANKS


_CLASSES: dict[str, Test] = {"d": _is_digit, "w": _is_word, "s": _is_space}


def _opposite(test: Test) -> Test:
    return lambda character: not test(character)


def _one(wanted: str) -> Test:
    return lambda character: character == wanted


class _Reader:
    """Reads a pattern: alternatives of sequences of repeated atoms."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def whole(self) -> _Part:
        part = self.choice()
        if self.at < len(self.text):
            raise PatternError("the pattern has a ) too many")
        return part

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.at += len(text)
            return True
        return False

    def choice(self) -> _Part:
        self.depth += 1
        if self.depth > MAX_GROUPS:
            raise PatternError("the pattern nests too many groups")
        options = [self.sequence()]
        while self.take("|"):
            options.append(self.sequence())
        self.depth -= 1
        return options[0] if len(options) == 1 else _Choice(tuple(options))

    def sequence(self) -> _Part:
        parts: list[_Part] = []
        while self.at < len(self.text) and not self.peek("|") and not self.peek(")"):
            parts.append(self.term())
        return _Sequence(tuple(parts))

    def term(self) -> _Part:
        atom = self.atom()
        if isinstance(atom, _Edge) or (isinstance(atom, _Look) and atom.behind):
            if self.quantifier() is not None:
                raise PatternError("the pattern repeats something that has no length")
            return atom
        bounds = self.quantifier()
        if bounds is None:
            return atom
        self.take("?")
        return _Repeat(atom, *bounds)

    def quantifier(self) -> tuple[int, int] | None:
        for symbol, bounds in (("*", (0, MAX_COUNT)), ("+", (1, MAX_COUNT)), ("?", (0, 1))):
            if self.take(symbol):
                return bounds
        end = self.text.find("}", self.at)
        if not self.peek("{") or end < 0:
            return None
        low, comma, high = self.text[self.at + 1 : end].partition(",")
        if not (low.isascii() and low.isdigit()) or (high and not (high.isascii() and high.isdigit())):
            return None  # braces that count nothing stand for themselves
        self.at = end + 1
        least = int(low)
        most = int(high) if high else (MAX_COUNT if comma else least)
        if least > most:
            raise PatternError("the pattern's numbers in {} are out of order")
        return min(least, MAX_COUNT), min(most, MAX_COUNT)

    def atom(self) -> _Part:
        character = self.text[self.at]
        if character in "*+?":
            raise PatternError(f"the pattern has nothing to repeat before {character}")
        self.at += 1
        if character == "(":
            return self.group()
        if character == "[":
            return _Character(self.character_class())
        if character == ".":
            return _Character(lambda found: found not in "\n\r\u2028\u2029")
        if character in "^$":
            return _Edge(character)
        if character == "\\":
            return self.escape()
        return _Character(_one(character))

    def group(self) -> _Part:
        look: tuple[bool, bool] | None = None
        for opening, meaning in (
            ("?=", (True, False)),
            ("?!", (False, False)),
            ("?<=", (True, True)),
            ("?<!", (False, True)),
        ):
            if self.take(opening):
                look = meaning
                break
        else:
            if self.take("?<"):
                end = self.text.find(">", self.at)
                if end < 0 or not self.text[self.at : end].isidentifier():
                    raise PatternError("the pattern has a group without a proper name")
                self.at = end + 1
            elif self.peek("?") and not self.take("?:"):
                raise PatternError("the pattern has an unknown kind of group after (?")
        part = self.choice()
        if not self.take(")"):
            raise PatternError("the pattern has a ( that is never closed")
        return part if look is None else _Look(part, *look)

    def escape(self) -> _Part:
        if self.at >= len(self.text):
            raise PatternError("the pattern ends in a backslash")
        letter = self.text[self.at]
        if letter in "bB":
            self.at += 1
            return _Edge(letter)
        if letter in "123456789" or (letter == "k" and "(?<" in self.text):
            raise PatternError("back references are not possible in patterns")
        return _Character(self.escaped())

    def escaped(self) -> Test:
        """What a backslash sequence stands for, in or out of a class."""
        letter = self.text[self.at]
        self.at += 1
        if letter.lower() in _CLASSES:
            test = _CLASSES[letter.lower()]
            return test if letter.islower() else _opposite(test)
        if letter in _CONTROLS:
            return _one(_CONTROLS[letter])
        digits = {"x": 2, "u": 4}.get(letter, 0)
        code = self.text[self.at : self.at + digits]
        if digits and len(code) == digits and all(c in "0123456789abcdefABCDEF" for c in code):
            self.at += digits
            return _one(chr(int(code, 16)))
        return _one(letter)

    def character_class(self) -> Test:
        negated = self.take("^")
        tests: list[Test] = []
        while not self.take("]"):
            if self.at >= len(self.text):
                raise PatternError("the pattern has a [ that is never closed")
            tests.append(self.class_item())
        chosen = tuple(tests)
        return lambda character: any(test(character) for test in chosen) != negated

    def class_item(self) -> Test:
        first, test = self.class_character()
        if first is None or not self.peek("-") or self.text[self.at + 1 : self.at + 2] in ("", "]"):
            return test
        self.at += 1
        last, other = self.class_character()
        if last is None:
            return lambda character: character == "-" or test(character) or other(character)
        low, high = first, last
        if low > high:
            raise PatternError("the pattern has a range that is out of order")
        return lambda character: low <= character <= high

    def class_character(self) -> tuple[str | None, Test]:
        """The next character of a class if it is a single one, and its test."""
        character = self.text[self.at]
        self.at += 1
        if character != "\\":
            return character, _one(character)
        if self.at >= len(self.text):
            raise PatternError("the pattern ends in a backslash")
        begin = self.at
        if self.text[begin] == "b":
            self.at += 1
            return "\b", _one("\b")
        test = self.escaped()
        body = self.text[begin : self.at]
        if body.lower() in _CLASSES:
            return None, test
        if len(body) > 1:
            return chr(int(body[1:], 16)), test
        return _CONTROLS.get(body, body), test
