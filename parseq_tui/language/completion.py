"""What could stand at the cursor of a formula, and the signature of the call around it.

Both work on whatever has been typed so far: nothing has to be readable yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from parseq_tui.language.functions.easing import CURVES
from parseq_tui.language.registry import FUNCTIONS, VARIABLES, Function
from parseq_tui.language.tokens import Token, tokenize

CompletionKind = Literal["function", "variable", "parameter", "field", "keyword", "curve"]

KEYWORDS = {
    "if": "if (condition) value else other",
    "else": "the value where the condition does not hold",
    "and": "1 where both are above 0",
    "or": "1 where either is above 0",
    "not": "1 where the value is not above 0",
    "true": "1",
    "false": "0",
}
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_READERS = frozenset({"field", "dangerous"})


@dataclass(frozen=True, slots=True)
class Completion:
    """One proposal."""

    text: str
    """What replaces text[start:cursor]."""
    start: int
    kind: CompletionKind
    help: str
    """One line."""


@dataclass(frozen=True, slots=True)
class ActiveSignature:
    """The call the cursor is in."""

    text: str
    """The whole signature, "sin(period, phase=0, …)"."""
    start: int
    """Where the current parameter stands in `text`; start == end if none is."""
    end: int
    help: str


@dataclass(slots=True)
class _OpenCall:
    """A call whose parenthesis is open at the cursor."""

    name: str
    position: int = 0
    """How many commas stand between its parenthesis and the cursor."""
    named: str = ""
    """The parameter named in the current argument."""
    given: frozenset[str] = frozenset()
    """The parameters named in the arguments before it; "" for one without a name."""


def completions(text: str, cursor: int, names: Iterable[str] = ()) -> list[Completion]:
    """Proposals for the word before `cursor`, best first; `names` are fields and time series of the document."""
    tokens, opened = _before(text, cursor)
    last = tokens[-1] if tokens else None
    if last is not None and last.kind == "comment":
        return []
    quote = text.rfind('"', 0, cursor)
    if _in_text(text[:cursor]):
        return _in_quotes(text[quote + 1 : cursor], quote + 1, opened, names)
    match = _WORD.search(text, 0, cursor)
    word = match.group() if match else ""
    start = cursor - len(word)
    if not word and last is not None and last.kind in ("number", "name", "text"):
        return []
    if text[start - 1 : start].isdigit():
        return []  # the unit of a number: 2b
    candidates = _candidates(opened, names, start, argument_begins=_argument_begins(tokens, word))
    return _ranked(candidates, word)


def signature_at(text: str, cursor: int) -> ActiveSignature | None:
    """The signature of the innermost call around `cursor`."""
    _, opened = _before(text, cursor)
    for call in reversed(opened):
        function = FUNCTIONS.get(call.name)
        if function is not None:
            return _signature(function, call)
    return None


def _signature(function: Function, call: _OpenCall) -> ActiveSignature:
    text = function.signature()
    parameters = function.parameters
    if call.named:
        current = next((p for p in parameters if call.named in p.names), None)
    else:
        current = parameters[call.position] if call.position < len(parameters) else None
    if current is None:
        return ActiveSignature(text, len(text), len(text), function.help)
    start = len(function.name) + 1
    for parameter in parameters:
        if parameter is current:
            break
        start += len(str(parameter)) + 2
    return ActiveSignature(text, start, start + len(str(current)), f"{current.name}: {current.help}")


def _before(text: str, cursor: int) -> tuple[list[Token], list[_OpenCall]]:
    """The tokens before the cursor, and the calls that are open there, outermost first."""
    tokens = [t for t in tokenize(text[:cursor], tolerant=True) if t.kind not in ("space", "end")]
    opened: list[_OpenCall] = []
    for index, token in enumerate(tokens):
        if token.kind != "operator":
            continue
        before = tokens[index - 1] if index else None
        if token.text == "(":
            opened.append(_OpenCall(before.text if before is not None and before.kind == "name" else ""))
        elif not opened:
            continue
        elif token.text == ")":
            opened.pop()
        elif token.text == ",":
            opened[-1].position += 1
            opened[-1].given |= {opened[-1].named}
            opened[-1].named = ""
        elif token.text == "=" and before is not None:
            opened[-1].named = before.text
    return tokens, opened


def _in_text(text: str) -> bool:
    """Whether a text in double quotes is open at the end."""
    inside = False
    position = 0
    while position < len(text):
        if text[position] == "\\" and inside:
            position += 1
        elif text[position] == '"':
            inside = not inside
        elif text[position] == "#" and not inside:
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
        position += 1
    return inside


def _in_quotes(word: str, start: int, opened: list[_OpenCall], names: Iterable[str]) -> list[Completion]:
    """Names of curves or fields, where the call takes one."""
    call = next((call for call in reversed(opened) if call.name), None)
    function = FUNCTIONS.get(call.name) if call is not None else None
    if call is None or function is None:
        return []
    position = call.position if call.position < len(function.parameters) else -1
    parameter = call.named or (function.parameters[position].name if function.parameters else "")
    if parameter in ("curve", "c"):
        found = [Completion(name, start, "curve", "an easing curve") for name in CURVES]
    elif call.name in _READERS and parameter in ("name", "n"):
        found = [Completion(name, start, "field", "a field of this document") for name in names]
    else:
        return []
    return _ranked(found, word)


def _argument_begins(tokens: list[Token], word: str) -> bool:
    """Whether a parameter's name could stand at the cursor."""
    before = tokens[-2:-1] if word else tokens[-1:]
    return bool(before) and before[0].text in ("(", ",")


def _candidates(
    opened: list[_OpenCall], names: Iterable[str], start: int, *, argument_begins: bool
) -> Iterator[Completion]:
    function = FUNCTIONS.get(opened[-1].name) if opened and argument_begins else None
    for parameter in function.parameters if function else ():
        if opened[-1].given.isdisjoint(("", *parameter.names)):  # behind an argument without a name none has one
            yield Completion(parameter.name + "=", start, "parameter", parameter.help)
    for name in dict.fromkeys(names):
        yield Completion(name, start, "field", "a field or time series of this document")
    for constant in (False, True):
        for name, variable in VARIABLES.items():
            if variable.constant == constant:
                yield Completion(name, start, "variable", variable.help)
        for name, declared in FUNCTIONS.items():
            if name.startswith("_") == constant:
                yield Completion(name + "(", start, "function", declared.help)
    for name, about in KEYWORDS.items():
        yield Completion(name, start, "keyword", about)


def _ranked(candidates: Iterable[Completion], word: str) -> list[Completion]:
    """What begins with the word (case counting first), then what holds it; in the order given otherwise."""
    lowered = word.lower()
    ranked: list[tuple[int, Completion]] = []
    for candidate in candidates:
        text = candidate.text
        if text == word:
            continue
        if text.startswith(word):
            ranked.append((0, candidate))
        elif text.lower().startswith(lowered):
            ranked.append((1, candidate))
        elif len(word) > 1 and lowered in text.lower():
            ranked.append((2, candidate))
    return [candidate for _, candidate in sorted(ranked, key=lambda pair: pair[0])]
