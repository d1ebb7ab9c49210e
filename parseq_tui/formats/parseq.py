"""What is Parseq's own in a document: whose it is, its defaults, and its grouping of operators.

A document made by Parseq reads `10-5-2` as 10-(5-2) (LANGUAGE §3). Its formulas are brought into ordinary grouping,
with explicit parentheses, when it is opened. In its file, a formula nobody touched stays as it is written; one that
was edited is written so that Parseq reads what was meant, because the file goes on being Parseq's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from parseq_tui.errors import FormulaError
from parseq_tui.language.tokens import EMBEDDED
from parseq_tui.timeline.document import Dialect
from parseq_tui.timeline.fields import SEED_ERA_ONLY

GENERATED_BY = "sd_parseq"
SEED_ERA_VERSION = "0.02"
BLANK_ROWS: tuple[Mapping[str, Any], ...] = ({"frame": 0, "seed": 0, "seed_i": "S+f"}, {"frame": 119})
"""The rows of Parseq's "blank" template, for a document of its own without any."""

_SEED_ERA_ONLY = SEED_ERA_ONLY.keys() | {"prompt_1_weight"}


def dialect_of(top: Mapping[str, Any], row_fields: Iterable[str]) -> Dialect:
    """Whose document this is, by its top-level keys and the fields its first row mentions."""
    meta = top.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    if meta.get("generated_by") == "parseq-tui":
        return "native"
    looks_old = not _SEED_ERA_ONLY.isdisjoint(row_fields) and "managedFields" not in top
    if looks_old or meta.get("version") == SEED_ERA_VERSION:
        return "2022"
    return "parseq" if meta.get("generated_by") == GENERATED_BY else "native"


@dataclass(frozen=True, slots=True)
class Grouping:
    """How formulas and prompt texts get from a file into a document (`read_…`) and back."""

    read_formula: Callable[[str], str]
    read_prompt: Callable[[str], str]
    write_formula: Callable[[str], str]
    write_prompt: Callable[[str], str]


def grouping_of(dialect: Dialect) -> Grouping:
    """The grouping of a dialect's files. Formulas nobody can read pass through: `bake` reports them."""
    if dialect == "native":
        return Grouping(_unchanged, _unchanged, _unchanged, _unchanged)
    if dialect == "2022":  # prompts held names only then, no expressions
        return Grouping(_read_formula, _unchanged, explicit_formula, _unchanged)
    return Grouping(_read_formula, _read_prompt, explicit_formula, explicit_prompt)


def _unchanged(text: str) -> str:
    return text


# Parseq's grammar is loaded when there is something to read with it: documents of our own need none of it.


def _read_formula(text: str) -> str:
    from parseq_tui.language.parseq_grouping import to_ordinary_grouping

    try:
        return to_ordinary_grouping(text)
    except FormulaError:
        return text


def explicit_formula(text: str) -> str:
    """A formula of ours, written so that Parseq groups it as we do."""
    from parseq_tui.language.parseq_grouping import to_shared_grouping

    try:
        return to_shared_grouping(text)
    except FormulaError:
        return text


def explicit_prompt(text: str) -> str:
    """A prompt of ours with every `${formula}` written so that Parseq groups it as we do."""
    return _in_prompt(explicit_formula, text)


def _read_prompt(text: str) -> str:
    return _in_prompt(_read_formula, text)


def _in_prompt(regrouped: Callable[[str], str], text: str) -> str:
    return EMBEDDED.sub(lambda match: "${" + regrouped(match[1]) + "}", text)
