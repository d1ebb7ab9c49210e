"""How a function or variable of the language is declared: names, parameters, help, example and code in one place.

Evaluation, argument errors, help, completion and documentation all read these declarations, through `registry`.

    @function("double", number("v", help="the value"), category="arithmetic", help="twice v", example="double(L)")
    def double(moment, v):
        return v * 2
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from parseq_tui.language.numbers_as_text import number_text

if TYPE_CHECKING:
    from parseq_tui.language.moment import Moment
    from parseq_tui.language.values import Value

Kind = Literal["number", "text"]
Memory = Literal["none", "seed", "call"]
Reads = Literal["labels", "fields", "history", "series"]
Code = TypeVar("Code", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its first name is the one shown, the others are accepted too."""

    names: tuple[str, ...]
    kind: Kind
    help: str
    default: float | str | Callable[[Moment], Value] | None = None
    """None: required. A callable computes it from the frames at hand."""
    default_text: str = ""
    """What the signature shows for a computed default."""

    @property
    def name(self) -> str:
        """The name that is shown."""
        return self.names[0]

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is None

    def __str__(self) -> str:
        if self.default is None:
            return self.name
        if self.default_text:
            return f"{self.name}={self.default_text}"
        shown = f'"{self.default}"' if isinstance(self.default, str) else number_text(float(self.default))  # type: ignore[arg-type]
        return f"{self.name}={shown}"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language."""

    name: str
    parameters: tuple[Parameter, ...]
    category: str
    help: str
    """One line."""
    example: str
    """A formula that can be evaluated and drawn."""
    code: Callable[..., Any]
    """code(moment, *values), with a Site after the moment if it has memory. Values are floats, texts or arrays."""
    aliases: tuple[str, ...] = ()
    memory: Memory = "none"
    """What is remembered from frame to frame: nothing, the first seed, or results of earlier calls."""
    reads: frozenset[Reads] = frozenset()
    single: Callable[..., float] | None = None
    """The same for one frame of plain floats, where that is worth having."""
    ours: bool = False
    """Not in Parseq: a time series of this name wins."""
    in_prompts_only: bool = False

    def signature(self) -> str:
        """`name(parameter, parameter=default, …)`."""
        return f"{self.name}({', '.join(map(str, self.parameters))})"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable or constant of the language."""

    name: str
    category: str
    help: str
    example: str
    code: Callable[[Moment], Any]
    reads: frozenset[Reads] = frozenset()
    constant: bool = False

    def signature(self) -> str:
        """The name alone: what a function's signature is to it."""
        return self.name


declared_functions: dict[str, Function] = {}
declared_variables: dict[str, Variable] = {}


def number(
    *names: str,
    help: str,  # noqa: A002
    default: float | Callable[[Moment], Value] | None = None,
    shown: str = "",
) -> Parameter:
    """A parameter that takes numbers."""
    return Parameter(names, "number", help, float(default) if isinstance(default, int) else default, shown)


def text(*names: str, help: str, default: str | None = None) -> Parameter:  # noqa: A002
    """A parameter that takes texts."""
    return Parameter(names, "text", help, default)


def function(
    name: str,
    *parameters: Parameter,
    category: str,
    help: str,  # noqa: A002
    example: str,
    aliases: tuple[str, ...] = (),
    memory: Memory = "none",
    reads: tuple[Reads, ...] = (),
    single: Callable[..., float] | None = None,
    ours: bool = False,
    in_prompts_only: bool = False,
) -> Callable[[Code], Code]:
    """Declares the decorated code as a function of the language."""

    def declare(code: Code) -> Code:
        entry = Function(
            name,
            parameters,
            category,
            help,
            example,
            code,
            aliases,
            memory,
            frozenset(reads),
            single,
            ours,
            in_prompts_only,
        )
        for spelling in (name, *aliases):
            assert spelling not in declared_functions, spelling
            declared_functions[spelling] = entry
        return code

    return declare


def variable(
    *names: str,
    category: str,
    help: str,  # noqa: A002
    example: str,
    reads: tuple[Reads, ...] = (),
    constant: bool = False,
) -> Callable[[Code], Code]:
    """Declares the decorated code as a variable of the language, under each of `names`."""

    def declare(code: Code) -> Code:
        for name in names:
            assert name not in declared_variables, name
            shown = example if name == names[0] else name
            declared_variables[name] = Variable(name, category, help, shown, code, frozenset(reads), constant)
        return code

    return declare
