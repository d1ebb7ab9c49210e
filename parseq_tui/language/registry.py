"""Every function and variable of the language, by name. They are declared in `functions/`, with `declarations`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from parseq_tui.language import functions
from parseq_tui.language.declarations import Function, Parameter, Variable, declared_functions, declared_variables

assert functions, "importing the functions declares them"

FUNCTIONS: Mapping[str, Function] = MappingProxyType(declared_functions)
"""Every function under its name and each of its aliases."""
VARIABLES: Mapping[str, Variable] = MappingProxyType(declared_variables)
"""Every variable and constant under its name."""

__all__ = ["FUNCTIONS", "VARIABLES", "Function", "Parameter", "Variable"]
