"""Every command of the editor. `COMMANDS` is complete once this package is imported."""

from parseq_tui.ui.commands import (
    application,
    bulk,
    cells,
    copying,
    exporting,
    fields_shown,
    looking,
    moving,
    pasting,
    prompting,
    rendering,
    rows,
    selecting,
    sounds,
    tables,
)
from parseq_tui.ui.commands.registry import COMMANDS, Command, Context, Effect, find

__all__ = ["COMMANDS", "Command", "Context", "Effect", "find"]

_MODULES = (
    moving,
    cells,
    rows,
    bulk,
    selecting,
    copying,
    tables,
    pasting,
    fields_shown,
    looking,
    prompting,
    sounds,
    rendering,
    exporting,
    application,
)
"""Importing a module declares its commands."""
