"""The web UI's prompt syntax, as text → structures (WEBUI.md §4). Tokens and tensors are `engines.text_encoding`'s.

The order of reading is: networks are taken out, AND splits the prompt into terms, `[a:b:x]` becomes a timeline,
emphasis becomes weights. The invariant: every text reads as something; brackets that make no sense are kept as text,
and so are brackets nested absurdly deep, which bounds the time a text can take.

>>> [(term.text, term.weight) for term in split_terms("a cat :0.7 AND a dog :-0.3")]
[('a cat', 0.7), (' a dog', -0.3)]
>>> [(part.text, part.weight) for part in parse_emphasis("a (red:1.4) cat")[0]]
[('a ', 1.0), ('red', 1.4), (' cat', 1.0)]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

ROUND_FACTOR = 1.1
"""What one pair of round brackets multiplies the weight by; square ones divide by it."""
LONGEST_PROMPT = 50_000
"""Characters: more than the longest text that is encoded has, which is 7,500 tokens."""
LARGEST_WEIGHT = 1e6
"""Weights are held within ±this: a thousand brackets must not become infinity."""
DEEPEST_EMPHASIS = 200
"""An opening bracket inside this many others is text."""
DEEPEST_SCHEDULE = 20
"""Schedules nested deeper are kept as text."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)"
_EMPHASIS = re.compile(rf"\\(?P<escaped>[()\[\]\\]?)|(?P<open>[(\[])|:\s*(?P<weight>{_NUMBER})\s*\)|(?P<close>[)\]])")
# runs of white space are entered at their beginning only: a megabyte of them would else be read once per character
_BREAK = re.compile(r"(?:(?<!\s)\s++)?\bBREAK\b\s*+")
_TERM_WEIGHT = re.compile(rf"(?:(?<!\s)\s++)?:\s*+(?P<weight>{_NUMBER})\s*+$")
_NETWORK = re.compile(r"<(?P<kind>\w+):(?P<arguments>[^<>]+)>")
_PLAIN = re.compile(r"(?:[^\\|]|\\.)*")
"""Text between schedules."""
_SCHEDULE_NUMBER = re.compile(r"\s*(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*$")


@dataclass(frozen=True, slots=True)
class Emphasized:
    """A stretch of text of one weight."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Term:
    """One part between ANDs: its text, schedules and emphasis unread, and its share in the combination."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Network:
    """An extra network asked for in the prompt: `<lora:name:0.8>`."""

    kind: str
    name: str
    arguments: tuple[str, ...] = ()

    def weights(self) -> tuple[float, float]:
        """Strengths for the text encoder and the UNet: default 1, the second equal to the first."""
        named = dict(part.split("=", 1) for part in self.arguments if "=" in part)
        plain = [part for part in self.arguments if "=" not in part]
        encoder = _weight(named.get("te", plain[0] if plain else "1"), default=1.0)
        unet = _weight(named.get("unet", plain[1] if len(plain) > 1 else str(encoder)), default=encoder)
        return encoder, unet


@dataclass(frozen=True, slots=True)
class Moment:
    """A text in force until model call `end` (calls count from 0, `end` included)."""

    end: int
    text: str


def extract_networks(text: str) -> tuple[str, tuple[Network, ...]]:
    """The text without its `<kind:name:…>` tags, and the tags. For positive prompts only: negative ones keep them."""
    networks: list[Network] = []

    def take(found: re.Match[str]) -> str:
        name, *arguments = found["arguments"].split(":")
        networks.append(Network(found["kind"], name, tuple(arguments)))
        return ""

    return _NETWORK.sub(take, text), tuple(networks)


def split_terms(text: str) -> tuple[Term, ...]:
    """The parts between the whole words AND, each with the number after its last colon (1 without, negative allowed).

    Leading white space stays, trailing goes, as in the web UI; a number with an exponent is text.
    """
    return tuple(map(_term, re.split(r"\bAND\b", text)))


def _term(part: str) -> Term:
    found = _TERM_WEIGHT.search(part)
    if found is None:
        return Term(part.rstrip(), 1.0)
    return Term(part[: found.start()].rstrip(), _weight(found["weight"]))


def parse_emphasis(text: str, *, breaks_weigh: bool = False) -> tuple[tuple[Emphasized, ...], ...]:
    """Stretches of equal weight, in chunks separated by the whole word BREAK; at least one chunk with one stretch.

    `(x)` times 1.1, `[x]` divided by 1.1, `(x:1.3)` times 1.3; nested factors multiply; a backslash makes the next
    bracket text; an unclosed bracket reaches to the end of the text, a stray closing one is text. `breaks_weigh`: a
    BREAK inside brackets that weigh is no end of a chunk but a word of that weight, negated, as in the web UI.
    """
    reader = _EmphasisReader(breaks_weigh)
    position = 0
    for found in _EMPHASIS.finditer(text):
        reader.add(text[position : found.start()])
        reader.take(found)
        position = found.end()
    reader.add(text[position:])
    return reader.chunks()


@dataclass(slots=True)
class _EmphasisReader:
    """Collects stretches while brackets open and close. `None` marks a BREAK."""

    breaks_weigh: bool
    texts: list[str | None] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    open: dict[str, list[int]] = field(default_factory=lambda: {"(": [], "[": []})

    def take(self, found: re.Match[str]) -> None:
        if found["open"] and len(self.open["("]) + len(self.open["["]) < DEEPEST_EMPHASIS:
            self.open[found["open"]].append(len(self.texts))
        elif found["weight"] is not None and self.open["("]:
            self._multiply(self.open["("].pop(), _weight(found["weight"]))
        elif found["close"] and self.open["(" if found["close"] == ")" else "["]:
            self._close(found["close"])
        else:  # an escaped bracket, a lone backslash, or something that closes nothing
            self.add(found["escaped"] if found["escaped"] is not None else found[0])

    def add(self, text: str) -> None:
        for index, part in enumerate(_BREAK.split(text)):
            if index:
                self._append(None)
            if part:
                self._append(part)

    def chunks(self) -> tuple[tuple[Emphasized, ...], ...]:
        for bracket, closing in (("(", ")"), ("[", "]")):
            while self.open[bracket]:
                self._close(closing)
        chunks: list[list[Emphasized]] = [[]]
        for text, weight in zip(self.texts, self.weights, strict=True):
            if text is None and self.breaks_weigh and weight != 1:
                chunks[-1].append(Emphasized("BREAK", -weight))
            elif text is None:
                chunks.append([])
            elif chunks[-1] and chunks[-1][-1].weight == weight:
                chunks[-1][-1] = Emphasized(chunks[-1][-1].text + text, weight)
            else:
                chunks[-1].append(Emphasized(text, weight))
        return tuple(tuple(chunk) or (Emphasized("", 1.0),) for chunk in chunks)

    def _append(self, text: str | None) -> None:
        self.texts.append(text)
        self.weights.append(1.0)

    def _close(self, closing: str) -> None:
        if closing == ")":
            self._multiply(self.open["("].pop(), ROUND_FACTOR)
        else:
            self._multiply(self.open["["].pop(), 1 / ROUND_FACTOR)

    def _multiply(self, start: int, factor: float) -> None:
        for index in range(start, len(self.weights)):
            self.weights[index] = max(-LARGEST_WEIGHT, min(self.weights[index] * factor, LARGEST_WEIGHT))


def timeline(text: str, steps: int) -> tuple[Moment, ...]:
    """The texts in force during `steps` sampling steps (WEBUI.md §4.3), in order; the last one ends at `steps`.

    `[a:b:0.5]` changes after half of the steps, `[a:b:5]` after the fifth, `[b:5]` adds, `[a::5]` removes, `[a|b]`
    takes turns. Brackets that read as none of these stay as they are, for emphasis. A bar outside of turns, or a
    backslash before nothing, leaves the whole text as it is.
    """
    ends = {steps}
    try:
        render = _sequence(text, steps, ends, DEEPEST_SCHEDULE)
    except _NotASchedule:
        return (Moment(steps, text),)
    return tuple(Moment(end, render(end)) for end in sorted(ends))


def text_at(moments: tuple[Moment, ...], call: int) -> str:
    """The text for model call number `call`, from 0."""
    return next((moment.text for moment in moments if call <= moment.end), moments[-1].text)


_Render = Callable[[int], str]


class _NotASchedule(Exception):
    """Somewhere in the text stands what the web UI's grammar has no place for: it then reads no schedule at all."""


def _sequence(text: str, steps: int, ends: set[int], depth: int) -> _Render:
    """Text as a function of the step; the steps at which it changes are added to `ends`."""
    if not depth:
        return lambda _: text
    if "[" not in text:
        return _plain(text)
    parts: list[_Render] = []
    position = 0
    for start, stop in _square_groups(text):
        parts.append(_plain(text[position:start]))
        parts.append(_group(text[start + 1 : stop], steps, ends, depth - 1))
        position = stop + 1
    parts.append(_plain(text[position:]))
    return lambda step: "".join(part(step) for part in parts)


def _plain(text: str) -> _Render:
    if not _PLAIN.fullmatch(text):
        raise _NotASchedule
    return lambda _: text


def _group(inside: str, steps: int, ends: set[int], depth: int) -> _Render:
    """What stands between a pair of square brackets."""
    colons, bars = _split(inside, ":"), _split(inside, "|")
    if len(bars) > 1 and len(colons) == 1:
        ends.update(range(1, steps + 1))
        choices = [_sequence(part, steps, ends, depth) for part in bars]
        return lambda step: choices[(step - 1) % len(choices)](step)
    number = _SCHEDULE_NUMBER.match(colons[-1])
    if len(bars) == 1 and len(colons) in (2, 3) and number:
        change = _change_step(number["number"], steps)
        if change >= 1:
            ends.add(change)
        before = _sequence(colons[0] if len(colons) == 3 else "", steps, ends, depth)
        after = _sequence(colons[-2], steps, ends, depth)
        return lambda step: before(step) if step <= change else after(step)
    kept = _sequence(inside, steps, ends, depth)
    return lambda step: f"[{kept(step)}]"


def _change_step(number: str, steps: int) -> int:
    value = min(max(float(number), -1e9), 1e9)
    return min(steps, int(value * steps if "." in number else value))


def _square_groups(text: str) -> Iterator[tuple[int, int]]:
    """Outermost balanced pairs of square brackets: positions of both brackets."""
    opened: list[tuple[str, int]] = []
    groups: list[tuple[int, int]] = []
    for position, character in _unescaped(text):
        if character in "([":
            opened.append((character, position))
        elif character in ")]" and opened and opened[-1][0] == ("(" if character == ")" else "["):
            _, start = opened.pop()
            if character == "]":
                while groups and groups[-1][0] > start:
                    groups.pop()
                groups.append((start, position))
    yield from groups


def _split(text: str, separator: str) -> list[str]:
    """Parts of `text` between separators that stand outside of all brackets."""
    depth, start, parts = 0, 0, []
    for position, character in _unescaped(text):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def _unescaped(text: str) -> Iterator[tuple[int, str]]:
    for found in re.finditer(r"\\.|[()\[\]:|]", text, re.DOTALL):
        if len(found[0]) == 1:
            yield found.start(), found[0]


def _weight(number: str, default: float = 1.0) -> float:
    try:
        return max(-LARGEST_WEIGHT, min(float(number), LARGEST_WEIGHT))
    except ValueError:
        return default
