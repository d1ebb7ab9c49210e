"""Documents of October 2022 (LANGUAGE §14): the format before that one, upgraded; what they must hold.

The version before `meta` existed is upgraded as its own loader did, but for one thing: that loader threw away whatever
followed the first oscillator of a formula (Q28). Here it is kept, and said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from parseq_tui.formats.parseq import SEED_ERA_VERSION
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe

_OLD_CALL = re.compile(r"\b(sin|sq|tri|saw)\(([^(),]*),([^(),]*),([^(),]*),([^(),]*)\)")
_OLD_WEIGHT = re.compile(r"prompt_(\d)_weight(_i)?\Z")


def is_ancient(top: Mapping[str, Any]) -> bool:
    """Whether a 2022 document is older than its `meta` key."""
    return "meta" not in top


def upgraded_text(text: str) -> tuple[str, tuple[Diagnostic, ...]]:
    """The text of an ancient document as one with `meta`, and what was worth a word."""
    old = json.loads(text)
    notes: list[Diagnostic] = []
    rows = [_upgraded_row(row, notes) for row in old.get("keyframes", [])]
    new = {"meta": {"version": SEED_ERA_VERSION}, **old, "keyframes": rows}
    if isinstance(old.get("prompts"), list):
        new["prompts"] = _joined_prompts(old["prompts"])
    lines = [f" {json.dumps(key)}: {_spelled(key, value)}" for key, value in new.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n", tuple(notes)


def _spelled(key: str, value: Any) -> str:
    if key != "keyframes":
        return json.dumps(value, ensure_ascii=False)
    rows = (json.dumps(row, ensure_ascii=False) for row in value)
    return "[\n  " + ",\n  ".join(rows) + "\n ]"


def _joined_prompts(prompts: list[Any]) -> dict[str, str]:
    def joined(half: str) -> str:
        texts = [str(entry.get(half) or "") if isinstance(entry, dict) else "" for entry in prompts]
        weighted = [f"{text} :${{prompt_weight_{number}}}" for number, text in enumerate(texts, 1) if text]
        return " AND ".join(weighted)

    return {"positive": joined("positive"), "negative": joined("negative")}


def _upgraded_row(row: Any, notes: list[Diagnostic]) -> Any:
    if not isinstance(row, dict):
        return row
    upgraded: dict[str, Any] = {}
    for key, value in row.items():
        old_weight = _OLD_WEIGHT.match(key)
        name = f"prompt_weight_{old_weight[1]}{old_weight[2] or ''}" if old_weight else key
        if name.endswith("_i") and isinstance(value, str):
            value = _upgraded_formula(value, name[:-2], row.get("frame"), notes)
        upgraded[name] = value
    return upgraded


def _upgraded_formula(formula: str, field: str, frame: Any, notes: list[Diagnostic]) -> str:
    upgraded = _OLD_CALL.sub(r"\1(period=\4, phase=\3, amp=\5, centre=\2)", formula)
    first = _OLD_CALL.search(formula)
    if first and formula[first.end() :].strip():
        notes.append(
            Diagnostic(
                "warning",
                "the program this was made with ignored everything behind the first oscillator",
                hint=f"delete {formula[first.end() :].strip()!r} to get its curve back",
                code="lost-tail",
                field=field,
                keyframe=frame if isinstance(frame, int) else None,
                text=upgraded,
            )
        )
    return upgraded


# -- into today's fields -------------------------------------------------------------------------------------------

MODERN_NAMES: Mapping[str, str] = {
    "denoise": "strength",
    "rotx": "rotation_3d_x",
    "roty": "rotation_3d_y",
    "rotz": "rotation_3d_z",
    "panx": "translation_x",
    "pany": "translation_y",
    "zoom": "translation_z",
}
"""2022's name of a field → today's (LANGUAGE §14.4). The others kept their name; motion kept its name only in part: its
units and its order of operations are Deforum's then, so a modernised document moves differently."""

_OWN_VALUES = re.compile(r"(?<![A-Za-z0-9_])[LSCP](?![A-Za-z0-9_])")
"""A field's own curve through its values, in any of its interpolations."""


def modernised(document: Document) -> Document:
    """A 2022 document in today's fields, as a new document of our own.

    Strength is the complement of denoise: values turn into 1 − value, formulas into 1 − (formula) with the curves they
    read turned back. What has no field today (loopback_*, the colour window) stays under its name. Formulas that fail
    counted as 0 then, and are errors now.
    """
    rows = (_modern_row(row) for row in document.keyframes)
    managed = tuple(MODERN_NAMES.get(name, name) for name in document.managed_fields)
    shown = tuple(MODERN_NAMES.get(name, name) for name in document.displayed_fields)
    return replace(
        document, keyframes=tuple(rows), managed_fields=managed, displayed_fields=shown, dialect="native", origin=None
    )


def _modern_row(row: Keyframe) -> Keyframe:
    values = {
        MODERN_NAMES.get(name, name): 1 - value if name == "denoise" else value for name, value in row.values.items()
    }
    formulas = {
        MODERN_NAMES.get(name, name): _complement(text) if name == "denoise" else text
        for name, text in row.formulas.items()
    }
    return Keyframe(row.frame, MappingProxyType(values), MappingProxyType(formulas), row.info)


def _complement(formula: str) -> str:
    if _OWN_VALUES.fullmatch(formula.strip()):
        return formula  # a curve through 1 − values is 1 − the curve
    return f"1-({_OWN_VALUES.sub(lambda match: f'(1-{match[0]})', formula)})"
