"""Evaluates a formula frame by frame, for those that look back at their own results.

Whatever in it does not look back is still computed for all frames at once, beforehand; what is left becomes a tree of
closures over plain floats. Frame by frame and all at once give the same values: functions have one implementation, and
the tests hold both ways together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from parseq_tui.errors import EvaluationProblem
from parseq_tui.language.calls import Bound, bind, checked
from parseq_tui.language.evaluator import (
    apply,
    in_frames,
    number_sites,
    refuse_zero,
    unary,
    value_of,
    variable_value,
)
from parseq_tui.language.moment import Failure, Moment
from parseq_tui.language.traits import Traits
from parseq_tui.language.tree import Binary, Boolean, Call, If, Name, Node, Number, Text, Unary
from parseq_tui.language.values import MAX_TEXT, MIXED, Scalar, Undefined, as_number, power, spread, too_long

Step: TypeAlias = "Callable[[], Any]"


def step_through(
    tree: Node, traits: Traits, moment: Moment, *, ahead: bool = True
) -> tuple[list[Scalar], Failure | None]:
    """The value of `tree` at each frame of `moment` up to the first that fails, and that failure.

    Results are appended to the run's history as they come. `ahead` computes beforehand what does not look back.
    """
    run = moment.run
    run.forget()
    number_sites(tree, run)
    assert isinstance(moment.frames, np.ndarray) and isinstance(moment.active, np.ndarray)
    here = Moment(run, 0.0, 0.0)
    try:
        step = _Compiler(traits, here, moment if ahead and not traits.traces else None).compile(tree, certain=True)
    except (Failure, EvaluationProblem):
        # something fails, perhaps not first: go frame by frame through everything
        return step_through(tree, traits, moment, ahead=False)
    begin = len(run.history)
    remember = run.history.append
    failure: Failure | None = None
    for row, (frame, active) in enumerate(zip(moment.frames.tolist(), moment.active.tolist(), strict=True)):
        here.frames, here.active, here.row = frame, active, row
        try:
            value = step()
            if type(value) is str and len(value) > MAX_TEXT:
                raise Failure(too_long(), frame)
        except Failure as found:
            failure = found
            break
        remember(value)
    return run.history[begin:], failure


class _Compiler:
    """Turns a tree into closures that read the frame at hand from `here`."""

    def __init__(self, traits: Traits, here: Moment, whole: Moment | None) -> None:
        self.traits = traits
        self.here = here
        self.whole = whole
        """All frames, for computing beforehand; None: everything frame by frame."""

    def compile(self, node: Node, *, certain: bool) -> Step:
        """`certain`: the node is evaluated at every frame, whatever conditions say."""
        if self.whole is not None and not self.traits.looks_back(node):
            if certain:
                return self.computed_ahead(node, self.whole)
            if not self.traits.remembers(node):
                try:
                    return self.computed_ahead(node, self.whole)
                except (Failure, EvaluationProblem):
                    pass  # perhaps only at frames that a condition keeps away: evaluate it where it is reached
        match node:
            case Number():
                return self.leaf(node, in_frames(node, self.here))
            case Text() | Boolean():
                return self.leaf(node, node.value if isinstance(node, Text) else float(node.value))
            case Name():
                return self.name(node)
            case Unary():
                operator, operand = node.operator, self.compile(node.operand, certain=certain)
                return lambda: unary(operator, operand())
            case Binary():
                return self.binary(node, certain)
            case If():
                return self.conditional(node, certain)
            case Call():
                return self.call(node, certain)

    def computed_ahead(self, node: Node, whole: Moment) -> Step:
        assert whole.count is not None
        values = spread(value_of(node, whole), whole.count).tolist()
        here = self.here
        return lambda: values[here.row]

    def leaf(self, node: Node, value: Scalar) -> Step:
        if not self.traits.traces:
            return lambda: value
        run, mark = self.here.run, id(node)

        def traced() -> Scalar:
            run.last_node = mark
            return value

        return traced

    def name(self, node: Name) -> Step:
        here, run, mark = self.here, self.here.run, id(node)
        if node.name == "prev_computed_value" and not self.traits.traces:
            history = run.history

            def previous() -> Any:
                if not history:
                    return 0.0
                value = history[-1]
                return 0.0 if isinstance(value, Undefined) else value

            return previous

        def variable() -> Any:
            run.last_node = mark
            return plain(variable_value(node, here))

        return variable

    def binary(self, node: Binary, certain: bool) -> Step:
        left, right = self.compile(node.left, certain=certain), self.compile(node.right, certain=certain)
        fast, mixed = _FLOATS[node.operator], MIXED[node.operator]
        here = self.here

        def divide() -> Any:
            a, b = left(), right()
            if type(a) is float and type(b) is float and b:
                return a / b
            refuse_zero(b, node, here)
            return mixed(a, b)

        def operate() -> Any:
            a, b = left(), right()
            if type(a) is float and type(b) is float:
                return fast(a, b)
            return mixed(a, b)

        def add() -> Any:
            a, b = left(), right()
            if type(a) is float and type(b) is float:
                return a + b
            return mixed(a, b)

        return {"/": divide, "+": add}.get(node.operator, operate)

    def conditional(self, node: If, certain: bool) -> Step:
        arms = [
            (self.compile(test, certain=certain and not position), self.compile(value, certain=False))
            for position, (test, value) in enumerate(node.arms)
        ]
        otherwise = None if node.otherwise is None else self.compile(node.otherwise, certain=False)

        def choose() -> Any:
            for test, value in arms:
                if as_number(test()) > 0:
                    return value()
            return 0.0 if otherwise is None else otherwise()

        return choose

    def call(self, node: Call, certain: bool) -> Step:
        here, run, mark = self.here, self.here.run, id(node)
        steps = {id(a.value): self.compile(a.value, certain=certain) for a in node.arguments}
        bound: Bound | None = None
        traces = self.traits.traces

        def evaluate() -> Any:
            nonlocal bound
            run.last_node = mark
            if bound is None:
                bound = bind(node, here)
            values: list[Any] = []
            for parameter, argument in zip(bound.function.parameters, bound.arguments, strict=True):
                if argument is None:
                    default = parameter.default
                    values.append(plain(default(here)) if callable(default) else default)
                    continue
                value = steps[id(argument)]()
                if type(value) is not float or parameter.kind != "number":
                    value = checked(value, parameter, argument, bound, here)
                values.append(value)
            if bound.function.single is not None:
                return float(bound.function.single(*values))
            memory: Any = node
            if traces and bound.function.name == "recompute_if":
                # Parseq keeps the value on whatever node ran last, which two calls may share
                memory = self.traits.node(run.last_node)
            return plain(apply(bound, node, values, here, memory))

        return evaluate


def plain(value: Any) -> Any:
    """One frame's result as a plain float, text or undefined."""
    if isinstance(value, np.ndarray):
        return value.item() if value.dtype == object else float(value.reshape(-1)[0])
    return float(value) if isinstance(value, (int, float)) else value


def _fmod(a: float, b: float) -> float:
    try:
        return math.fmod(a, b)
    except ValueError:
        return math.nan


def _power(a: float, b: float) -> float:
    return float(power(a, b))


_FLOATS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": _fmod,
    "^": _power,
    "<": lambda a, b: 1.0 if a < b else 0.0,
    "<=": lambda a, b: 1.0 if a <= b else 0.0,
    ">": lambda a, b: 1.0 if a > b else 0.0,
    ">=": lambda a, b: 1.0 if a >= b else 0.0,
    "==": lambda a, b: 1.0 if a == b else 0.0,
    "!=": lambda a, b: 1.0 if a != b else 0.0,
    "and": lambda a, b: 1.0 if a > 0 and b > 0 else 0.0,
    "&&": lambda a, b: 1.0 if a > 0 and b > 0 else 0.0,
    "or": lambda a, b: 1.0 if a > 0 or b > 0 else 0.0,
    "||": lambda a, b: 1.0 if a > 0 or b > 0 else 0.0,
    ":": lambda a, b: MIXED[":"](a, b),
}
"""Operators on two plain floats."""
