"""Formulas for property tests: texts of the grammar, and random but readable expressions."""

from __future__ import annotations

from hypothesis import strategies as st

from parseq_tui.language.registry import FUNCTIONS, VARIABLES, Function

OPERATORS = ("+", "-", "*", "/", "%", "^", ":", "<", "<=", ">", ">=", "==", "!=", "and", "or", "&&", "||")
LOOKING_BACK = ("prev_computed_value",)

_gap = st.sampled_from(["", "", " ", " ", "  ", "\n"])
_atoms = st.sampled_from(["0", "1", "2.5", "7", "3b", "1s", "10f", "f", "k", "L", "S", '"x"', '"2"', "true", "PI"])


def _grow(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    chain = st.builds(
        lambda a, g, op, h, b: f"{a}{g or ' '}{op}{h or ' '}{b}", parts, _gap, st.sampled_from(OPERATORS), _gap, parts
    )
    tight = st.builds(lambda a, op, b: f"{a}{op}{b}", parts, st.sampled_from("+*/%^<"), parts)
    group = st.builds(lambda g, a, h: f"({g}{a}{h})", _gap, parts, _gap)
    minus = st.builds(lambda a: f"-{a}", parts)
    choice = st.builds(lambda c, a, b: f"if {c} {a} else {b}", parts, parts, parts)
    half = st.builds(lambda c, a: f"if {c} {a}", parts, parts)
    call = st.builds(lambda a, b: f"max({a}, {b})", parts, parts)
    named = st.builds(lambda a: f"sin(p={a})", parts)
    return st.one_of(chain, chain, tight, group, minus, choice, choice, half, call, named)


any_formula = st.builds(lambda g, a, h: g + a + h, _gap, st.recursive(_atoms, _grow, max_leaves=7), _gap)
"""Texts that mostly follow Parseq's grammar, `if` without parentheses included. Not all can be read."""


def _call_of(function: Function, parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A call with its required arguments and some others, all named."""
    texts = st.sampled_from(['"ease"', '"a"', '"r"', '"x|b"', '"zoom"', 'if (f>5) "a" else "b"'])

    def argument(name: str, kind: str) -> st.SearchStrategy[str]:
        value = parts if kind == "number" else texts
        return value.map(lambda text: f"{name}=({text})")

    chosen = [
        argument(p.name, p.kind) if p.required else st.one_of(st.just(""), argument(p.name, p.kind))
        for p in function.parameters
    ]
    return st.tuples(*chosen).map(lambda given: f"{function.name}({', '.join(a for a in given if a)})")


def _meaningful(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    usable = [f for f in dict.fromkeys(FUNCTIONS.values()) if f.name not in ("recompute_if", "computed_at")]
    calls = st.sampled_from(usable).flatmap(lambda function: _call_of(function, parts))
    remembered = st.builds(lambda a, b: f"recompute_if({a}, {b})", parts, parts)
    chain = st.builds(lambda a, op, b: f"({a} {op} {b})", parts, st.sampled_from(OPERATORS), parts)
    choice = st.builds(lambda c, a, b: f"(if ({c}) {a} else {b})", parts, parts, parts)
    minus = st.builds(lambda a: f"(-{a})", parts)
    return st.one_of(chain, chain, choice, minus, calls, calls, remembered)


_names = st.sampled_from([name for name in VARIABLES if name not in LOOKING_BACK] + ["beat_levels", "nonsense"])

meaningful_formula = st.recursive(st.one_of(_atoms, _names), _meaningful, max_leaves=6)
"""Formulas that use the whole library, explicitly parenthesised. Some fail at some frames."""
