"""Every render setting of the document, its value and where that comes from; each change here is a step of undo.

Dismissed with the name of a setting that is to be typed, else None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from parseq_tui.errors import ParseqError
from parseq_tui.session import Session
from parseq_tui.timeline.edits import Edit, SetRenderSetting
from parseq_tui.timeline.render_settings import SETTINGS, Setting, resolve
from parseq_tui.ui.commands.rendering import shown
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.screens.listing import Column, ListScreen, Row


class RenderSettingsScreen(ListScreen["str | None"]):
    """The catalogue of SETTINGS with what this document says."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "change(1)", "next value", id="render_settings.next"),
        Binding("left", "change(-1)", "value before", id="render_settings.previous"),
        Binding("enter", "type", "type a value", id="render_settings.type"),
        Binding("d,delete", "default", "back to the default", id="render_settings.default"),
    ]
    HEADING = "render settings"
    KEYS = "← → change   Enter type   d default   Esc leave"
    COLUMNS = (Column("setting", 22), Column("value", 26), Column("from", 12), Column("what it is", 60))

    def __init__(self, session: Session, apply: Callable[[Edit], object]) -> None:
        """`apply` changes the document; it raises ParseqError where it may not."""
        super().__init__()
        self._session = session
        self._apply = apply
        self._settings = tuple(SETTINGS.values())
        self._said = ""

    def rows(self) -> Sequence[Row]:
        there = self._session.document.render
        values = self._values()
        return [
            Row(
                (
                    one.name,
                    plain(shown(values.get(one.name))),
                    "document" if one.name in there else "default",
                    one.help,
                ),
                role="accent",
                strong=1,
            )
            for one in self._settings
        ]

    def detail(self, chosen: int) -> Sequence[str]:
        setting = self._settings[chosen]
        return (
            f"{setting.name} = {plain(shown(self._values().get(setting.name)))}   {_range(setting)}".rstrip(),
            setting.help,
            self._said or "a change is a step of the document: u takes it back",
        )

    def _values(self) -> dict[str, Any]:
        """Effective values; what the document has wrong is shown as it is written."""
        render = self._session.document.render
        try:
            resolved = resolve(render)
        except ParseqError as error:
            self._said = f"! {error.message}{'; ' + error.hint if error.hint else ''}"
            return {name: render.get(name, one.default) for name, one in SETTINGS.items()}
        return {name: getattr(resolved, name) for name in SETTINGS}

    def action_change(self, step: int) -> None:
        """The next choice, or a number one step on."""
        setting = self._settings[self.chosen]
        now = self._values().get(setting.name)
        if setting.kind is bool:
            self._set(not now)
        elif setting.choices:
            at = setting.choices.index(now) if now in setting.choices else -step
            self._set(setting.choices[(at + step) % len(setting.choices)])
        elif setting.kind in (int, float) and isinstance(now, int | float):
            self._set(_stepped(setting, now, step))
        else:
            self.action_type()

    def action_type(self) -> None:
        self.dismiss(self._settings[self.chosen].name)

    def action_default(self) -> None:
        if self._settings[self.chosen].name in self._session.document.render:
            self._set(None)

    def _set(self, value: Any) -> None:
        try:
            self._apply(SetRenderSetting(self._settings[self.chosen].name, value))
            self._said = ""
        except ParseqError as error:
            self._said = f"! {error.message}{'; ' + error.hint if error.hint else ''}"
        self.draw()

    def action_choose(self, step: int) -> None:
        self._said = ""
        super().action_choose(step)


def _stepped(setting: Setting, now: float, step: int) -> float:
    """A number one step on, inside its bounds: 64 pixels, 0.05 of a strength, 0.5 of what else is not whole."""
    if setting.name in ("width", "height"):
        size = 64.0
    elif setting.kind is int:
        size = 1.0
    else:
        size = 0.05 if setting.maximum == 1 else 0.5
    value = round(now + step * size, 6)
    if setting.minimum is not None:
        value = max(setting.minimum, value)
    return value if setting.maximum is None else min(setting.maximum, value)


def _range(setting: Setting) -> str:
    if setting.choices:
        return f"(one of {', '.join(setting.choices)})"
    if setting.kind is bool:
        return "(true or false)"
    if setting.minimum is not None and setting.maximum is not None:
        return f"({setting.minimum:g} to {setting.maximum:g})"
    return "" if setting.minimum is None else f"(from {setting.minimum:g})"
