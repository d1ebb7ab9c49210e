"""Keys that panes have for themselves, as data: their names, what they are by default, what they are now.

They are Textual's bindings, found by their `id`; a user's keys for one of them are laid over it (`App.set_keymap`). An
`id` that is a command's name too is the command's in the settings file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from textual.binding import Binding
from textual.widget import Widget

from parseq_tui.errors import SettingsError
from parseq_tui.paths import settings_file
from parseq_tui.ui.keymap import DEFAULT_KEYS, Keymap, readable
from parseq_tui.ui.widgets.curves import CurvesPane
from parseq_tui.ui.widgets.problems import ProblemsPane
from parseq_tui.ui.widgets.prompts import PromptsPane
from parseq_tui.ui.widgets.render_pane import RenderPane

PANES: Final[tuple[type[Widget], ...]] = (CurvesPane, PromptsPane, RenderPane, ProblemsPane)


def bindings_of(pane: type[Widget]) -> Iterator[Binding]:
    """The keys of a pane that have a name."""
    return (binding for binding in pane.BINDINGS if isinstance(binding, Binding) and binding.id is not None)


def pane_keys() -> dict[str, str]:
    """The keys that a user may change: name → default keys, with commas between them."""
    named = (binding for pane in PANES for binding in bindings_of(pane))
    return {binding.id: binding.key for binding in named if binding.id and binding.id not in DEFAULT_KEYS}


def written_keys() -> dict[str, list[str]]:
    """The default keys of every command and every pane, as a person writes them."""
    of_panes = {name: keys.split(",") for name, keys in pane_keys().items()}
    return {name: [readable(key) for key in keys] for name, keys in {**DEFAULT_KEYS, **of_panes}.items()}


def shown_as(shown: str, pane: type[Widget], keymap: Keymap) -> str:
    """A hint's keys as they are now: those that are somebody's own stand in place of the default ones."""
    now = {
        readable(binding.key.split(",")[0]): readable(keymap.panes[binding.id].split(",")[0])
        for binding in bindings_of(pane)
        if binding.id in keymap.panes
    }
    return " ".join(now.get(key, key) for key in shown.split())


def binds(pane: Widget | None, key: str, keymap: Keymap) -> bool:
    """Whether a pane has a use of its own for a key."""
    if pane is None:
        return False
    bindings = pane._bindings
    if keymap.panes:
        bindings = bindings.copy()
        bindings.apply_keymap(keymap.panes)
    return bool(bindings.key_to_bindings.get(key))


def keymap_of(keys: Mapping[str, tuple[str, ...]]) -> Keymap:
    """The default keys under a user's. Raises SettingsError, which names the file they are written in."""
    try:
        return Keymap(DEFAULT_KEYS, keys, pane_keys())
    except SettingsError as error:
        raise SettingsError(f"{settings_file()}: {error.message}", hint=error.hint) from error
