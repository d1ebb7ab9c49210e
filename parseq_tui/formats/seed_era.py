"""Documents from before October 2022 (LANGUAGE §14.2): the format without `meta`, upgraded to that one.

The version before `meta` existed is upgraded as its own loader did, but for one thing: that loader threw away whatever
followed the first oscillator of a formula (Q28). Here it is kept, and said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from parseq_tui.formats.parseq import SEED_ERA_VERSION
from parseq_tui.language.diagnostics import Diagnostic

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
