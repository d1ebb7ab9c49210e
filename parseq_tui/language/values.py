"""The values of the language and its operators, for whole runs of frames.

A value is a number, a text, or "undefined" (the leak of `computed_at`); over many frames it is either one Python value
that holds for all of them, a float64 array, or an object array that mixes kinds. Operators follow LANGUAGE §4:
JavaScript's coercions, except that dividing by the number 0 is an error (reported by the evaluator).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import EvaluationProblem
from parseq_tui.language.numbers_as_text import number_text, text_number

MAX_TEXT = 10_000
"""Characters of one result that a formula looking back may build up."""
MAX_TEXT_IN_ALL = 100_000_000
"""Characters that one operation may write over all frames."""
_CHUNK = 4096


class Undefined:
    """What `computed_at` gives where there is no result: NaN in arithmetic, the word in texts."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = Undefined()

Floats: TypeAlias = NDArray[np.float64]
Scalar: TypeAlias = "float | str | Undefined"
Numbers: TypeAlias = "float | Floats"
Value: TypeAlias = "Scalar | Floats | NDArray[Any]"


def as_text(value: Scalar) -> str:
    """One value as text."""
    if isinstance(value, str):
        return value
    return "undefined" if isinstance(value, Undefined) else number_text(value)


def as_number(value: Scalar) -> float:
    """One value as number."""
    if isinstance(value, float):
        return value
    return math.nan if isinstance(value, Undefined) else text_number(value)


def is_numeric(value: Value) -> bool:
    """Whether it is numbers only, at every frame."""
    return isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype == np.float64)


def to_numbers(value: Value) -> Numbers:
    """`value` with texts converted to numbers."""
    if isinstance(value, np.ndarray):
        if value.dtype == np.float64:
            return value
        return np.fromiter(map(as_number, value.tolist()), np.float64, len(value))
    return as_number(value)


def spread(value: Value, count: int) -> Floats | NDArray[Any]:
    """`value` as an array of `count` frames."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, float):
        return np.full(count, value)
    array = np.empty(count, dtype=object)
    array[:] = value
    return array


def each(operation: Callable[..., Scalar], *values: Value) -> Value:
    """`operation` applied frame by frame."""
    count = next((len(value) for value in values if isinstance(value, np.ndarray)), None)
    if count is None:
        return operation(*values)
    lists = [value.tolist() if isinstance(value, np.ndarray) else [value] * count for value in values]
    results: list[Scalar] = []
    written = 0
    for begin in range(0, count, _CHUNK):
        part = list(map(operation, *(items[begin : begin + _CHUNK] for items in lists)))
        written += sum(len(item) for item in part if isinstance(item, str))
        if written > MAX_TEXT_IN_ALL:
            raise too_long()
        results += part
    result = np.empty(count, dtype=object)
    result[:] = results
    return tidy(result)


def too_long() -> EvaluationProblem:
    """The error for texts that outgrow memory."""
    return EvaluationProblem("the texts of this formula grow too long", kind="text-too-long", hint="shorten them")


def tidy(array: NDArray[Any]) -> NDArray[Any]:
    """An object array of numbers alone as float64; any other as it is."""
    if array.dtype == object and all(isinstance(item, float) for item in array.tolist()):
        return array.astype(np.float64)
    return array


def power(base: Numbers, exponent: Numbers) -> Numbers:
    """base ** exponent by JavaScript's rules: (±1) to an infinite or undefined power is NaN."""
    result: Numbers = np.power(base, exponent)
    unusual = ~np.isfinite(exponent)
    if np.any(unusual):
        result = np.where(unusual & (np.abs(base) == 1), np.nan, result)
    return result if isinstance(result, np.ndarray) and result.ndim else float(result)


def _modulo(left: Numbers, right: Numbers) -> Numbers:
    result: Numbers = np.fmod(left, right)
    return result


def _compare(comparison: Callable[[Any, Any], Any]) -> Callable[[Numbers, Numbers], Numbers]:
    def compare(left: Numbers, right: Numbers) -> Numbers:
        return comparison(left, right) * 1.0  # type: ignore[no-any-return]

    return compare


def _both(left: Numbers, right: Numbers) -> Numbers:
    result: Floats = ((np.asarray(left) > 0) & (np.asarray(right) > 0)).astype(np.float64)
    return result


def _either(left: Numbers, right: Numbers) -> Numbers:
    result: Floats = ((np.asarray(left) > 0) | (np.asarray(right) > 0)).astype(np.float64)
    return result


NUMERIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: np.divide(left, right),
    "%": _modulo,
    "^": power,
    "<": _compare(lambda left, right: left < right),
    "<=": _compare(lambda left, right: left <= right),
    ">": _compare(lambda left, right: left > right),
    ">=": _compare(lambda left, right: left >= right),
    "==": _compare(lambda left, right: left == right),
    "!=": _compare(lambda left, right: left != right),
    "and": _both,
    "&&": _both,
    "or": _either,
    "||": _either,
}
"""Operators on numbers: arrays, or floats."""


def _units(text: str) -> bytes:
    """Texts are ordered by UTF-16 code units."""
    return text.encode("utf-16-be", "surrogatepass")


def _ordered(symbol: str) -> Callable[[Scalar, Scalar], float]:
    numeric = NUMERIC[symbol]

    def ordered(left: Scalar, right: Scalar) -> float:
        if isinstance(left, str) and isinstance(right, str):
            return float(numeric(_units(left), _units(right)))
        return float(numeric(as_number(left), as_number(right)))

    return ordered


def _equal(left: Scalar, right: Scalar) -> float:
    if isinstance(left, Undefined) or isinstance(right, Undefined):
        return float(left is right)
    if isinstance(left, str) and isinstance(right, str):
        return float(left == right)
    return float(as_number(left) == as_number(right))


def _plus(left: Scalar, right: Scalar) -> Scalar:
    if isinstance(left, str) or isinstance(right, str):
        return as_text(left) + as_text(right)
    return as_number(left) + as_number(right)


def _numeric(symbol: str) -> Callable[[Scalar, Scalar], float]:
    numeric = NUMERIC[symbol]
    return lambda left, right: float(numeric(as_number(left), as_number(right)))


MIXED: dict[str, Callable[[Any, Any], Any]] = {
    **{symbol: _numeric(symbol) for symbol in ("-", "*", "/", "%", "^", "and", "&&", "or", "||")},
    **{symbol: _ordered(symbol) for symbol in ("<", "<=", ">", ">=")},
    "+": _plus,
    "==": _equal,
    "!=": lambda left, right: 1.0 - _equal(left, right),
    ":": lambda left, right: f"({as_text(left)}:{as_text(right)})",
}
"""Operators on one pair of values of any kind."""


def negated(value: Scalar) -> Scalar:
    """The negative of one value; of a text, the text behind a minus."""
    return "-" + value if isinstance(value, str) else -as_number(value)


def binary(symbol: str, left: Value, right: Value) -> Value:
    """left `symbol` right at every frame. Division by zero gives what IEEE 754 says; the evaluator refuses it first."""
    if symbol != ":" and is_numeric(left) and is_numeric(right):
        result: Value = NUMERIC[symbol](left, right)
        return result if isinstance(result, np.ndarray) and result.ndim else float(result)  # type: ignore[arg-type]
    return each(MIXED[symbol], left, right)


def positive(value: Value) -> bool | NDArray[np.bool_]:
    """Where a condition holds: above 0. Negative numbers, NaN and words do not."""
    numbers = to_numbers(value)
    return numbers > 0
