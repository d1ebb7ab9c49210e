"""Every command of the editor. `COMMANDS` is complete once this package is imported."""

from parseq_tui.ui.commands.registry import COMMANDS, Command, Context, Effect, find

__all__ = ["COMMANDS", "Command", "Context", "Effect", "find"]
