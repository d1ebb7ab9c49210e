"""Weighted prompt terms that move between the positive and the negative prompt with the sign of their weight."""

from __future__ import annotations

import math
from typing import Any

from parseq_tui.language.declarations import function, number, text
from parseq_tui.language.moment import Moment
from parseq_tui.language.numbers_as_text import fixed_text
from parseq_tui.language.values import Numbers, each

CATEGORY = "prompts"

MOVE_BEGIN, MOVE_END = "\ufdd0", "\ufdd1"
"""Around text that belongs in the other half; Unicode non-characters, which no text holds."""

_TERM = text("term", "t", help="the text")
_WEIGHT = number("weight", "w", help="its weight; below 0 the term moves to the other half")
_POSITIVE = number("posweight", "pw", help="the weight shown in the positive half instead", default=math.nan)
_NEGATIVE = number("negweight", "nw", help="the weight shown in the negative half instead", default=math.nan)


def _terms(moment: Moment, shape: str, values: tuple[Any, ...]) -> Any:
    half = moment.run.half
    if not half:
        moment.fail(
            "this function works only inside a prompt", "only-in-prompt", 'write it in a prompt: ${posneg("cat", L)}'
        )

    def term(text: str, weight: float, posweight: float, negweight: float) -> str:
        if weight == 0:
            return ""
        moves = weight < 0
        override = posweight if (half == "positive") != moves else negweight
        shown = fixed_text(abs(weight) if math.isnan(override) else override, 4)
        filled = shape.format(term=text, weight=shown)
        return f"{MOVE_BEGIN}{filled}{MOVE_END}" if moves else filled

    return each(term, *values)


@function(
    "posneg",
    _TERM,
    _WEIGHT,
    _POSITIVE,
    _NEGATIVE,
    category=CATEGORY,
    help="a weighted term: in the negative prompt while its weight is below 0",
    example='posneg("cat", sin(p=30, ps=3))',
    in_prompts_only=True,
)
def posneg(moment: Moment, term: Any, weight: Numbers, posweight: Numbers, negweight: Numbers) -> Any:
    return _terms(moment, "({term}:{weight})", (term, weight, posweight, negweight))


@function(
    "posneg_lora",
    _TERM,
    _WEIGHT,
    _POSITIVE,
    _NEGATIVE,
    category=CATEGORY,
    help="a LoRA: in the negative prompt while its weight is below 0",
    example='posneg_lora("sketch", sin(p=30, ps=3))',
    in_prompts_only=True,
)
def posneg_lora(moment: Moment, term: Any, weight: Numbers, posweight: Numbers, negweight: Numbers) -> Any:
    return _terms(moment, "<lora:{term}:{weight}>", (term, weight, posweight, negweight))
