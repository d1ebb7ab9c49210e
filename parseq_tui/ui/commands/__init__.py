"""Every command of the editor. Importing a module declares its commands: `COMMANDS` is complete with this package."""

from parseq_tui.ui.commands import (  # noqa: F401
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
from parseq_tui.ui.commands.registry import COMMANDS, Command, Context, Effect, arrange, find

__all__ = ["COMMANDS", "Command", "Context", "Effect", "find"]

arrange()
