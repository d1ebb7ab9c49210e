"""Evaluates a syntax tree for a whole run of frames at once.

Invariants: a node is evaluated only at the frames that reach it (so an error in the branch of an `if` that is not taken
never shows), exactly once per run (so calls with memory see their frames in order), and what a frame gets does not
depend on the frames after it.

Arrays report the first failing frame of the first failing node, which need not be the first failing frame of the
formula: `evaluate` runs the frames before it again until none of them fails.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import EvaluationProblem
from parseq_tui.language.calls import Bound, bind, checked, unknown_function, unknown_variable
from parseq_tui.language.functions.references import is_named, named_value
from parseq_tui.language.functions.timing import SERIES_CALL
from parseq_tui.language.moment import Failure, Moment, Run
from parseq_tui.language.registry import VARIABLES
from parseq_tui.language.tree import Binary, Boolean, Call, If, Name, Node, Number, Text, Unary, walk
from parseq_tui.language.values import (
    Value,
    binary,
    each,
    is_numeric,
    negated,
    positive,
    spread,
    tidy,
)


def evaluate(tree: Node, moment: Moment) -> tuple[Value, Failure | None]:
    """The value of `tree` at the frames of `moment`; if one of them fails, at the frames before it, and the failure.

    Shape: one value for all frames, or an array with one per frame before the failure.
    """
    failure: Failure | None = None
    while True:
        moment.run.forget()
        number_sites(tree, moment.run)
        try:
            return value_of(tree, moment), failure
        except Failure as found:
            failure = found
        except EvaluationProblem as problem:  # of all frames together: texts that outgrow memory
            failure = Failure(problem, moment.first())
        assert isinstance(moment.frames, np.ndarray)
        if failure.frame <= moment.frames[0]:
            return np.empty(0), failure
        moment = moment.only(moment.frames < failure.frame)


def number_sites(tree: Node, run: Run) -> None:
    """Numbers the calls of a formula in reading order: part of the seed of unseeded random functions."""
    calls = (node for node in walk(tree) if isinstance(node, Call))
    run.ordinals = {id(call): ordinal for ordinal, call in enumerate(calls)}


def value_of(node: Node, moment: Moment) -> Value:
    """The value of a tree at the frames of `moment`: one for all, or an array of shape (frames,). Raises Failure."""
    match node:
        case Number():
            return in_frames(node, moment)
        case Name():
            return variable_value(node, moment)
        case Binary():
            return _binary(node, moment)
        case Call():
            return _call(node, moment)
        case If():
            return _if(node, moment)
        case Unary():
            return unary(node.operator, value_of(node.operand, moment))
        case Text():
            return node.value
        case Boolean():
            return float(node.value)


def in_frames(node: Number, moment: Moment) -> float:
    """A number literal, its unit converted to frames."""
    if node.unit == "s":
        return node.value * moment.around.fps
    if node.unit == "b":
        return float(np.divide(node.value * (moment.around.fps * 60), moment.around.bpm))
    return node.value


def variable_value(node: Name, moment: Moment) -> Value:
    """A built-in variable; else a field (in prompts); else a time series."""
    known = VARIABLES.get(node.name)
    if known is None or (moment.run.in_prompt and "history" in known.reads):
        if not is_named(node.name, moment):
            raise Failure(unknown_variable(node, moment), moment.first())
        return named_value(node.name, moment)  # type: ignore[no-any-return]
    try:
        value = normal(known.code(moment))
    except Failure as failure:
        raise located(failure, node) from None
    return value


def unary(operator: str, value: Value) -> Value:
    """`-` or `not` of a value, frame by frame."""
    if operator == "not":
        return np.where(positive(value), 0.0, 1.0) if isinstance(value, np.ndarray) else float(not positive(value))
    if is_numeric(value):
        return -value  # type: ignore[operator]
    return each(negated, value)


def _binary(node: Binary, moment: Moment) -> Value:
    left = value_of(node.left, moment)
    right = value_of(node.right, moment)
    if node.operator == "/":
        refuse_zero(right, node, moment)
    return binary(node.operator, left, right)


def refuse_zero(divisor: Value, node: Binary, moment: Moment) -> None:
    """Fails where the divisor is the number 0 (a text "0" divides to infinity; so did everything in 2022)."""
    if moment.around.rules == "2022":
        return
    zero = divisor == 0
    if np.any(zero):
        try:
            moment.fail("division by zero", "divide-by-zero", "test for it first: if (x != 0) 1/x else …", zero)
        except Failure as failure:
            raise located(failure, node.right) from None


def _if(node: If, moment: Moment) -> Value:
    pending: NDArray[Any] | None = None  # None: every frame
    here = moment
    pieces: list[tuple[Any, Value]] = []
    for test, branch in node.arms:
        holds = positive(value_of(test, here))
        if not isinstance(holds, np.ndarray) or holds.all() or not holds.any():
            if not np.any(holds):
                continue
            pieces.append((pending, value_of(branch, here)))
            return _joined(pieces, moment)
        assert moment.count is not None
        chosen = np.flatnonzero(holds)
        rest = np.flatnonzero(~holds)
        pieces.append((chosen if pending is None else pending[chosen], value_of(branch, here.only(chosen))))
        pending = rest if pending is None else pending[rest]
        here = here.only(rest)
    pieces.append((pending, 0.0 if node.otherwise is None else value_of(node.otherwise, here)))
    return _joined(pieces, moment)


def _joined(pieces: list[tuple[Any, Value]], moment: Moment) -> Value:
    """Branch values put back in frame order. A piece with index None holds for every frame."""
    if len(pieces) == 1 and pieces[0][0] is None:
        return pieces[0][1]
    assert moment.count is not None
    numeric = all(is_numeric(value) for _, value in pieces)
    result: NDArray[Any] = np.empty(moment.count, dtype=np.float64 if numeric else object)
    for index, value in pieces:
        # text scalars must not be taken for sequences of characters
        result[index] = value if numeric or isinstance(value, np.ndarray) else spread(value, len(index))
    return result if numeric else tidy(result)


def _call(node: Call, moment: Moment) -> Value:
    bound = bind(node, moment)
    values: list[Value] = []
    for parameter, argument in zip(bound.function.parameters, bound.arguments, strict=True):
        if argument is not None:
            values.append(checked(value_of(argument, moment), parameter, argument, bound, moment))
        else:
            default = parameter.default
            values.append(default(moment) if callable(default) else default)  # type: ignore[arg-type]
    return apply(bound, node, values, moment, node)


def apply(bound: Bound, node: Call, values: list[Value], moment: Moment, memory: object) -> Value:
    """Runs the code of a call; `memory` is the syntax node that its memory belongs to."""
    function = bound.function
    if function is SERIES_CALL and bound.series is None:
        raise Failure(unknown_function(node, moment), moment.first())
    try:
        if function.memory != "none":
            result = function.code(moment, moment.run.site(memory), *values)
        elif bound.series is not None:
            result = function.code(moment, bound.series, *values)
        else:
            result = function.code(moment, *values)
    except Failure as failure:
        raise located(failure, node) from None
    return normal(result)


def normal(result: Any) -> Value:
    """A function's result as a value: floats and float64 arrays, never integers or arrays of one number."""
    if isinstance(result, np.ndarray):
        if result.dtype != np.float64 and result.dtype != object:
            result = result.astype(np.float64)
        return result if result.ndim else float(result)
    return float(result) if isinstance(result, (int, np.number)) else result


def located(failure: Failure, node: Node) -> Failure:
    """The failure with the place of `node`, unless it has a place already."""
    if failure.error.span is None:
        failure.error.span = node.span
    return failure
