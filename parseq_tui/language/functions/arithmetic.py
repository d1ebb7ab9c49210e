"""Arithmetic, raw mathematics and mathematical constants."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from parseq_tui.language.declarations import function, number, variable
from parseq_tui.language.moment import Moment
from parseq_tui.language.values import Floats, Numbers

CATEGORY = "arithmetic"

_VALUE = number("v", help="the value")
_PLACES = number("p", help="decimal places kept; negative rounds to tens, hundreds …", default=0)
_TERMS = (number("a", help="one value"), number("b", help="the other value"))


def _minimum_of_one(a: float, b: float) -> float:
    return (a if a < b else b) if a == a and b == b else math.nan


def _maximum_of_one(a: float, b: float) -> float:
    return (a if a > b else b) if a == a and b == b else math.nan


@function(
    "min",
    *_TERMS,
    category=CATEGORY,
    help="the smaller of two values",
    example="min(L, sin(p=20))",
    single=_minimum_of_one,
)
def minimum(_: Moment, a: Numbers, b: Numbers) -> Numbers:
    return np.minimum(a, b)


@function(
    "max",
    *_TERMS,
    category=CATEGORY,
    help="the greater of two values",
    example="max(0, sin(p=20))",
    single=_maximum_of_one,
)
def maximum(_: Moment, a: Numbers, b: Numbers) -> Numbers:
    return np.maximum(a, b)


@function("abs", _VALUE, category=CATEGORY, help="the value without its sign", example="abs(sin(p=20))", single=abs)
def absolute(_: Moment, v: Numbers) -> Numbers:
    return np.abs(v)


def _scaled(operation: Callable[[Any], Any], v: Numbers, p: Numbers) -> Numbers:
    """`operation` applied at 10^p times the value."""
    if isinstance(p, float) and p == 0:
        return operation(v)  # type: ignore[no-any-return]
    scale = np.power(10.0, p)
    return operation(v * scale) / scale  # type: ignore[no-any-return]


def half_up(v: Any) -> Any:
    """The nearest whole number; halves go up (JavaScript's Math.round)."""
    whole = np.floor(v)
    return whole + (v - whole >= 0.5)


@function("round", _VALUE, _PLACES, category=CATEGORY, help="the nearest number; halves go up", example="round(f/15)")
def rounded(_: Moment, v: Numbers, p: Numbers) -> Numbers:
    return _scaled(half_up, v, p)


@function("floor", _VALUE, _PLACES, category=CATEGORY, help="the next whole number below", example="floor(f/15)")
def floored(_: Moment, v: Numbers, p: Numbers) -> Numbers:
    return _scaled(np.floor, v, p)


@function("ceil", _VALUE, _PLACES, category=CATEGORY, help="the next whole number above", example="ceil(f/15)")
def ceiling(_: Moment, v: Numbers, p: Numbers) -> Numbers:
    return _scaled(np.ceil, v, p)


def _leading_zeros(v: Any) -> Any:
    """Leading zero bits of the value cut to an unsigned 32-bit integer."""
    whole = np.where(np.isfinite(v), np.trunc(v), 0.0)
    bits = np.mod(whole, 2.0**32)
    return np.where(bits > 0, 32.0 - np.frexp(bits)[1], 32.0)


_RAW: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "sin": (np.sin, "sine of an angle in radians", "f/10"),
    "cos": (np.cos, "cosine of an angle in radians", "f/10"),
    "tan": (np.tan, "tangent of an angle in radians", "f/100"),
    "asin": (np.arcsin, "arc sine, in radians", "f/120"),
    "acos": (np.arccos, "arc cosine, in radians", "f/120"),
    "atan": (np.arctan, "arc tangent, in radians", "f/20-3"),
    "log": (np.log, "natural logarithm", "f+1"),
    "exp": (np.exp, "e to the power of the value", "f/40"),
    "sqrt": (np.sqrt, "square root", "f"),
    "cbrt": (np.cbrt, "cube root", "f-60"),
    "clz32": (_leading_zeros, "leading zero bits of a 32-bit integer", "f"),
    "expm1": (np.expm1, "e to the power of the value, less 1", "f/40"),
    "log1p": (np.log1p, "natural logarithm of 1 + the value", "f"),
    "log10": (np.log10, "logarithm to base 10", "f+1"),
    "log2": (np.log2, "logarithm to base 2", "f+1"),
    "sign": (np.sign, "-1, 0 or 1", "sin(p=20)"),
    "sinh": (np.sinh, "hyperbolic sine", "f/30-2"),
    "cosh": (np.cosh, "hyperbolic cosine", "f/30-2"),
    "tanh": (np.tanh, "hyperbolic tangent", "f/30-2"),
    "asinh": (np.arcsinh, "inverse hyperbolic sine", "f-60"),
    "acosh": (np.arccosh, "inverse hyperbolic cosine", "f/20+1"),
    "atanh": (np.arctanh, "inverse hyperbolic tangent", "f/125"),
}


def _declare_raw(name: str, operation: Callable[[Any], Any], about: str, example: str) -> None:
    @function(f"_{name}", _VALUE, category="raw mathematics", help=about, example=f"_{name}({example})")
    def raw(_: Moment, v: Numbers) -> Numbers:
        return operation(v)  # type: ignore[no-any-return]


for _name, (_operation, _about, _example) in _RAW.items():
    _declare_raw(_name, _operation, _about, _example)

CONSTANTS: dict[str, tuple[float, str]] = {
    "PI": (math.pi, "circumference of a circle of diameter 1"),
    "E": (math.e, "base of the natural logarithm"),
    "SQRT2": (math.sqrt(2), "square root of 2"),
    "SQRT1_2": (math.sqrt(0.5), "square root of 1/2"),
    "LN2": (math.log(2), "natural logarithm of 2"),
    "LN10": (math.log(10), "natural logarithm of 10"),
    "LOG2E": (1.4426950408889634, "logarithm of e to base 2"),
    "LOG10E": (0.4342944819032518, "logarithm of e to base 10"),
}


def _declare_constant(name: str, value: float, about: str) -> None:
    @variable(name, category="constants", help=about, example=name, constant=True)
    def constant(_: Moment) -> float | Floats:
        return value


for _name, (_value, _about) in CONSTANTS.items():
    _declare_constant(_name, _value, _about)
