"""Matches a call with the declaration of its function: which argument goes where, and what is wrong with it.

The order of the checks is Parseq's (LANGUAGE §6.1): missing, unknown or too many, duplicate; then, while evaluating in
parameter order, each argument's type.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parseq_tui.errors import ArgumentProblem, FormulaError, Span, UnknownName, counted, did_you_mean
from parseq_tui.language.functions.timing import SERIES_CALL
from parseq_tui.language.moment import Failure, Moment, Series
from parseq_tui.language.registry import FUNCTIONS, VARIABLES, Function, Parameter
from parseq_tui.language.tree import Call, Name, Node
from parseq_tui.language.values import Value, is_numeric, tidy


@dataclass(frozen=True, slots=True)
class Bound:
    """A call whose arguments have found their parameters."""

    function: Function
    arguments: tuple[Node | None, ...]
    """One per parameter; None takes the default."""
    series: Series | None = None
    """The time series that is called."""


def bind(node: Call, moment: Moment) -> Bound:
    """The call's declaration and its arguments in parameter order. Raises Failure."""
    function, series = declaration(node.name, moment)
    if function is SERIES_CALL and series is None and not moment.around.as_parseq:
        raise Failure(unknown_function(node, moment), moment.first())
    try:
        # Parseq checks the arguments as if they were those of a time series before it notices that there is none
        arguments = arranged(node, function)
    except FormulaError as error:
        raise Failure(error, moment.first()) from None
    return Bound(function, arguments, series)


def declaration(name: str, moment: Moment) -> tuple[Function, Series | None]:
    """What a called name means here: a function, or how a time series is called and, if there is one, the series."""
    function = FUNCTIONS.get(name)
    series = moment.around.series.get(name)
    if function is None or (function.ours and series is not None):
        return SERIES_CALL, series
    return function, None


def arranged(node: Call, function: Function) -> tuple[Node | None, ...]:
    """The arguments in parameter order, None where one is left out. Raises ArgumentProblem."""
    given = node.arguments
    if not given or given[0].name is None:
        required = sum(parameter.required for parameter in function.parameters)
        if len(given) < required:
            raise _problem(
                "missing-argument", f"{node.name}() needs {_missing(function, len(given))}", function, node.name_span
            )
        if len(given) > len(function.parameters):
            extra = given[len(function.parameters)]
            takes = f"takes {counted(len(function.parameters), 'argument')}, not {len(given)}"
            raise _problem("too-many-arguments", f"{node.name}() {takes}", function, extra.span)
        return tuple(argument.value for argument in given) + (None,) * (len(function.parameters) - len(given))
    return _by_name(node, function)


def _by_name(node: Call, function: Function) -> tuple[Node | None, ...]:
    given = {argument.name for argument in node.arguments}
    for parameter in function.parameters:
        if parameter.required and given.isdisjoint(parameter.names):
            message = f"{node.name}() needs {parameter.name}: {parameter.help}"
            raise _problem("missing-argument", message, function, node.name_span)
    known = {name for parameter in function.parameters for name in parameter.names}
    for argument in node.arguments:
        if argument.name not in known:
            assert argument.name is not None
            hint = did_you_mean(argument.name, known, otherwise=f"it is {function.signature()}")
            raise ArgumentProblem(
                f"{node.name}() has no parameter {argument.name!r}",
                span=argument.span,
                kind="unknown-argument",
                hint=hint,
            )
    arranged: list[Node | None] = []
    for parameter in function.parameters:
        matching = [argument for argument in node.arguments if argument.name in parameter.names]
        if len(matching) > 1:
            message = f"{node.name}() is given {'/'.join(parameter.names)} more than once"
            raise _problem("duplicate-argument", message, function, matching[1].span)
        arranged.append(matching[0].value if matching else None)
    return tuple(arranged)


def checked(value: Value, parameter: Parameter, argument: Node, bound: Bound, moment: Moment) -> Value:
    """`value` if it is of the parameter's kind at every frame. Raises Failure at the first frame where it is not."""
    if parameter.kind == "number":
        if is_numeric(value):
            return value
        wanted: type = float
    else:
        if isinstance(value, str):
            return value
        wanted = str
    if isinstance(value, np.ndarray) and value.dtype == object:
        wrong = np.fromiter((not isinstance(item, wanted) for item in value.tolist()), np.bool_, len(value))
        if not wrong.any():
            return tidy(value)
    else:
        wrong = np.True_  # type: ignore[assignment]
    article = "a number" if wanted is float else "a text in double quotes"
    problem = ArgumentProblem(
        f"{parameter.name} of {bound.function.name}() must be {article}",
        span=argument.span,
        hint=f"{parameter.name}: {parameter.help}",
    )
    raise Failure(problem, moment.first(wrong))


def unknown_variable(node: Name, moment: Moment) -> UnknownName:
    """The error for a name that is no variable here."""
    if node.name in FUNCTIONS:
        return UnknownName(
            f"{node.name} is a function", span=node.span, hint=f"call it: {FUNCTIONS[node.name].signature()}"
        )
    if node.name in VARIABLES:
        return UnknownName(f"{node.name} has no meaning in a prompt", span=node.span, hint="use a field's name instead")
    if not moment.run.in_prompt and node.name in moment.around.columns:
        hint = f'read another field with field("{node.name}")'
    else:
        names = [*VARIABLES, *moment.around.series, *(moment.around.columns if moment.run.in_prompt else ())]
        hint = did_you_mean(node.name, names, otherwise="it is no variable, field or time series of this document")
    return UnknownName(f"unknown variable {node.name!r}", span=node.span, hint=hint)


def unknown_function(node: Call, moment: Moment) -> UnknownName:
    """The error for a call of something that is neither a function nor a time series here."""
    known = [*FUNCTIONS, *moment.around.series]
    hint = did_you_mean(node.name, known, otherwise="parseq-tui functions lists them all")
    return UnknownName(f"unknown function {node.name!r}", span=node.name_span, kind="unknown-function", hint=hint)


def _problem(kind: str, message: str, function: Function, span: Span) -> ArgumentProblem:
    return ArgumentProblem(message, span=span, kind=kind, hint=f"it is {function.signature()}")


def _missing(function: Function, given: int) -> str:
    missing = [parameter.name for parameter in function.parameters[given:] if parameter.required]
    return " and ".join(missing)
