"""How numbers and texts turn into each other: the rules of JavaScript (LANGUAGE §4, §8.4), which documents rely on.

>>> number_text(1e21), number_text(1e-7), number_text(-0.0), fixed_text(1 / 64, 5)
('1e+21', '1e-7', '0', '0.01563')
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal

BLANKS = " \t\n\v\f\r\xa0\ufeff\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What JavaScript takes for white space."""
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_RADIX = {"0x": 16, "0o": 8, "0b": 2}
_INFINITIES = {"Infinity": math.inf, "+Infinity": math.inf, "-Infinity": -math.inf}
_WIDE = Context(prec=1100)


def number_text(value: float) -> str:
    """The shortest text that reads back as `value`, in JavaScript's spelling."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if 1e-4 <= abs(value) < 1e15:  # Python and JavaScript agree here
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    assert isinstance(exponent, int)
    point = len(digits) + exponent
    return ("-" if sign else "") + _placed(text, point)


def _placed(digits: str, point: int) -> str:
    """Digits with the decimal point after `point` of them, or in exponent form outside 1e-7 … 1e21."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    exponent = point - 1
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{mantissa}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def text_number(text: str) -> float:
    """The number a text stands for, or NaN."""
    text = text.strip(BLANKS)
    if not text:
        return 0.0
    if _DECIMAL.fullmatch(text):
        return float(text)
    if text in _INFINITIES:
        return _INFINITIES[text]
    base = _RADIX.get(text[:2].lower())
    if base is not None and len(text) <= 300 and text[2:].isascii() and text[2:].isalnum():
        try:
            return float(int(text[2:], base))
        except (ValueError, OverflowError):
            return math.nan
    return math.nan


def fixed_text(value: float, decimals: int) -> str:
    """`value` with this many decimals; exact ties go away from zero (JavaScript's toFixed)."""
    if not abs(value) < 1e21:
        return number_text(value)
    text = f"{value:.{decimals}f}"
    scaled = value * 2.0 ** (decimals + 1)
    if scaled == int(scaled) and int(scaled) % 2:  # only such binary fractions can be ties
        text = str(Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP, context=_WIDE))
    return text[1:] if value == 0 and text[0] == "-" else text


def precise_text(value: float, digits: int) -> str:
    """`value` with this many significant digits, in JavaScript's toPrecision spelling; ties go away from zero."""
    if not math.isfinite(value):
        return number_text(value)
    if value == 0:
        return f"{0:.{digits - 1}f}"
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(Decimal(value))
    exponent = rounded.adjusted()
    if exponent < -6 or exponent >= digits:
        mantissa = "".join(map(str, rounded.as_tuple().digits)).ljust(digits, "0")
        sign = "-" if rounded.is_signed() else ""
        fraction = "." + mantissa[1:] if digits > 1 else ""
        return f"{sign}{mantissa[0]}{fraction}e{'+' if exponent >= 0 else '-'}{abs(exponent)}"
    return f"{rounded:.{digits - 1 - exponent}f}"
