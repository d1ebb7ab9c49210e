"""What could stand at the cursor of a formula, and the signature of the call around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Completion:
    """One proposal."""

    text: str
    """What replaces text[start:cursor]."""
    start: int
    kind: Literal["function", "variable", "parameter", "field", "keyword", "curve"]
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


def completions(text: str, cursor: int, names: Iterable[str] = ()) -> list[Completion]:
    """Proposals for the word before `cursor`, best first; `names` are fields and time series of the document."""
    raise NotImplementedError


def signature_at(text: str, cursor: int) -> ActiveSignature | None:
    """The signature of the innermost call around `cursor`."""
    raise NotImplementedError
