"""What a formula needs in order to be evaluated: found by looking at its tree once, without evaluating it."""

from __future__ import annotations

from dataclasses import dataclass

from parseq_tui.errors import FormulaError
from parseq_tui.language.calls import arranged
from parseq_tui.language.moment import Rules
from parseq_tui.language.parser import Formula
from parseq_tui.language.registry import FUNCTIONS, VARIABLES
from parseq_tui.language.tree import Binary, Boolean, Call, If, Name, Node, Number, Text, Unary, children, walk


@dataclass(frozen=True, eq=False)
class Traits:
    """Facts about one formula of one field."""

    steps: bool
    """It looks back at its own field, so frames must be computed one after the other."""
    remembers_anything: bool
    """Some call keeps something from frame to frame: results depend on where the formula was stated."""
    reads_labels: bool
    fields: frozenset[str]
    """Fields read by `field("…")`."""
    loose_fields: frozenset[str]
    """Fields read by `dangerous("…")`, which may be missing; "*" if the name is computed."""
    names: frozenset[str]
    """Names that are not built in: fields or time series of the document, or mistakes."""
    traces: bool
    """`recompute_if` as Parseq has it: its memory belongs to the node that ran last, which must be traced."""
    weight: float
    """About how long one frame takes, in units of a few nanoseconds."""
    _backward: frozenset[int]
    _memory: frozenset[int]
    _nodes: dict[int, Node]

    def looks_back(self, node: Node) -> bool:
        """Whether a part of the formula depends on the field's earlier results."""
        return id(node) in self._backward

    def remembers(self, node: Node) -> bool:
        """Whether a part of the formula keeps something from frame to frame."""
        return id(node) in self._memory

    def node(self, identity: int) -> Node | int:
        """The node that has this `id`; the number itself if none of the formula's has."""
        return self._nodes.get(identity, identity)


def traits_of(formula: Formula, name: str = "", rules: Rules = "native") -> Traits:
    """The traits of `formula` when it stands in field `name`."""
    nodes = list(walk(formula.tree))
    backward: set[int] = set()
    memory: set[int] = set()
    for node in reversed(nodes):  # children before their parents
        below = [id(child) for child in children(node)]
        if _looks_back(node, name) or not backward.isdisjoint(below):
            backward.add(id(node))
        if _remembers(node) or not memory.isdisjoint(below):
            memory.add(id(node))
    calls = [node for node in nodes if isinstance(node, Call)]
    known = [FUNCTIONS[call.name] for call in calls if call.name in FUNCTIONS]
    return Traits(
        steps=id(formula.tree) in backward,
        remembers_anything=id(formula.tree) in memory,
        reads_labels=any("labels" in function.reads for function in known),
        fields=frozenset(_target(call) or "*" for call in calls if call.name == "field"),
        loose_fields=frozenset(_target(call) or "*" for call in calls if call.name == "dangerous"),
        names=(formula.variables - VARIABLES.keys()) | (formula.calls - FUNCTIONS.keys()),
        traces=rules != "native" and _shares_memory(calls),
        weight=_weight(nodes, backward),
        _backward=frozenset(backward),
        _memory=frozenset(memory),
        _nodes={id(node): node for node in nodes},
    )


_CALL, _STEP = 30.0, 60.0
"""How much more a call costs than an operator, and an operation on one frame than its share of one on all frames."""


def _weight(nodes: list[Node], backward: set[int]) -> float:
    together = sum(_CALL if isinstance(node, Call) else 1.0 for node in nodes if id(node) not in backward)
    return together + _STEP * sum(id(node) in backward for node in nodes)


def _looks_back(node: Node, name: str) -> bool:
    if isinstance(node, Name):
        variable = VARIABLES.get(node.name)
        return variable is not None and "history" in variable.reads
    if not isinstance(node, Call):
        return False
    if node.name == "dangerous":
        return _target(node) in (None, name)
    function = FUNCTIONS.get(node.name)
    return function is not None and "history" in function.reads


def _remembers(node: Node) -> bool:
    if not isinstance(node, Call) or node.name not in FUNCTIONS:
        return False
    function = FUNCTIONS[node.name]
    if function.memory != "seed":
        return function.memory == "call"
    # noise keeps nothing but its seed: one that is written as a number is the same at every frame
    seed = _argument(node, "seed")
    return not (
        seed is None or isinstance(seed, Number) or (isinstance(seed, Unary) and isinstance(seed.operand, Number))
    )


def _argument(call: Call, name: str) -> Node | None:
    """The argument that stands for a parameter, if the call is well formed and has it."""
    function = FUNCTIONS[call.name]
    try:
        arguments = arranged(call, function)
    except FormulaError:
        return None
    return next(a for p, a in zip(function.parameters, arguments, strict=True) if p.name == name)


def _target(call: Call) -> str | None:
    """The field that a call reads, if its name is written out."""
    name = _argument(call, "name")
    return name.value if isinstance(name, Text) else None


def _shares_memory(calls: list[Call]) -> bool:
    """Whether Parseq's `recompute_if` calls keep their values anywhere but each on a place of its own."""
    places = [_last_node(call) for call in calls if call.name == "recompute_if"]
    return None in places or len({id(place) for place in places}) < len(places)


def _last_node(node: Node) -> Node | None:
    """The node that runs last when `node` is evaluated; None if that depends on a condition."""
    match node:
        case Unary():
            return _last_node(node.operand)
        case Binary():
            return _last_node(node.right)
        case If():
            return None
        case Call():
            function = FUNCTIONS.get(node.name)
            if not node.arguments:
                return node
            if function is None:
                return _last_node(node.arguments[-1].value) if node.arguments[0].name is None else None
            try:
                given = [argument for argument in arranged(node, function) if argument is not None]
            except FormulaError:
                return None
            return _last_node(given[-1])
        case Number() | Text() | Boolean() | Name():
            return node
