"""Edits of what the whole document says: managed fields, options, render settings, name, lock, time series."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from parseq_tui.errors import EditError, SettingsError, counted
from parseq_tui.timeline.document import POSITIVE_OPTIONS, WHOLE_OPTIONS, Document, Lock, Options
from parseq_tui.timeline.edits.base import Edit, checked_field
from parseq_tui.timeline.render_settings import checked, setting_named
from parseq_tui.timeline.time_series import TimeSeries


@dataclass(frozen=True, slots=True)
class SetManagedFields:
    """Which fields have a value per frame, in evaluation order. Cells of the others stay in the file."""

    fields: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"manage {counted(len(self.fields), 'field')}"

    def apply(self, document: Document) -> Document:
        return replace(document, managed_fields=_distinct(self.fields))


@dataclass(frozen=True, slots=True)
class SetDisplayedFields:
    """Which fields are shown as columns, in order."""

    fields: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"show {counted(len(self.fields), 'field')}"

    def apply(self, document: Document) -> Document:
        return replace(document, displayed_fields=_distinct(self.fields))


@dataclass(frozen=True, slots=True)
class SetOption:
    """Set one of `Options` by name, without moving anything (see SetRates for fps and bpm with locked keyframes)."""

    name: str
    value: Any

    @property
    def label(self) -> str:
        return f"set {self.name} to {self.value}"

    def continues(self, earlier: Edit) -> bool:
        return isinstance(earlier, SetOption) and earlier.name == self.name

    def apply(self, document: Document) -> Document:
        return replace(
            document, options=replace(document.options, **{self.name: checked_option(self.name, self.value)})
        )


@dataclass(frozen=True, slots=True)
class SetRenderSetting:
    """Set an entry of the `render` object, or (None, where null is no value) take it out."""

    name: str
    value: Any

    @property
    def label(self) -> str:
        return f"set {self.name} to {self.value}" if self.value is not None else f"unset {self.name}"

    def continues(self, earlier: Edit) -> bool:
        return isinstance(earlier, SetRenderSetting) and earlier.name == self.name

    def apply(self, document: Document) -> Document:
        render = dict(document.render)
        try:
            setting = setting_named(self.name)
            if self.value is None:
                render.pop(self.name, None)
            else:
                render[self.name] = checked(setting, self.value)
        except SettingsError as error:
            raise EditError(error.message, hint=error.hint) from error
        return replace(document, render=MappingProxyType(render))


@dataclass(frozen=True, slots=True)
class SetName:
    """Name the document (the file's `meta.docName`)."""

    name: str

    @property
    def label(self) -> str:
        return f"name the document {self.name}"

    def apply(self, document: Document) -> Document:
        return replace(document, name=self.name)


@dataclass(frozen=True, slots=True)
class SetLock:
    """What rows and prompts stay at when fps or bpm change."""

    lock: Lock

    @property
    def label(self) -> str:
        return f"lock keyframes to {self.lock}"

    def apply(self, document: Document) -> Document:
        return replace(document, lock=self.lock)


@dataclass(frozen=True, slots=True)
class SetReverse:
    """Whether exports run from the last frame to the first."""

    reverse: bool

    @property
    def label(self) -> str:
        return "export in reverse" if self.reverse else "export forwards"

    def apply(self, document: Document) -> Document:
        return replace(document, reverse=self.reverse)


@dataclass(frozen=True, slots=True)
class AddTimeSeries:
    """Add a sampled curve, or put it in place of the one with the same alias."""

    series: TimeSeries

    @property
    def label(self) -> str:
        return f"add time series {self.series.alias}"

    def apply(self, document: Document) -> Document:
        alias = checked_field(self.series.alias)
        series = list(document.time_series)
        for index, known in enumerate(series):
            if known.alias == alias:
                series[index] = self.series
                break
        else:
            series.append(self.series)
        return replace(document, time_series=tuple(series))


@dataclass(frozen=True, slots=True)
class RemoveTimeSeries:
    """Take a sampled curve out of the document."""

    alias: str

    @property
    def label(self) -> str:
        return f"remove time series {self.alias}"

    def apply(self, document: Document) -> Document:
        kept = tuple(series for series in document.time_series if series.alias != self.alias)
        if len(kept) == len(document.time_series):
            known = ", ".join(series.alias for series in kept) or "none"
            raise EditError(f"there is no time series called {self.alias!r}", hint=f"known: {known}")
        return replace(document, time_series=kept)


def checked_option(name: str, value: Any) -> Any:
    """`value` as option `name` takes it. Raises EditError."""
    if name not in {field.name for field in fields(Options)}:
        known = ", ".join(field.name for field in fields(Options))
        raise EditError(f"there is no option called {name!r}", hint=f"known: {known}")
    if name == "color_use_input":
        if isinstance(value, bool):
            return value
        raise EditError(f"{name} cannot be {value!r}", hint="it is true or false")
    if name == "input_fps" and value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1e9:
        raise EditError(f"{name} cannot be {value!r}", hint="it is a number")
    if name in POSITIVE_OPTIONS and value <= 0:
        raise EditError(f"{name} cannot be {value:g}", hint="it is a number above 0")
    if name in WHOLE_OPTIONS:
        if value != int(value) or value < WHOLE_OPTIONS[name]:
            raise EditError(f"{name} cannot be {value:g}", hint=f"it is a whole number from {WHOLE_OPTIONS[name]}")
        return int(value)
    return float(value)


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    for name in names:
        checked_field(name)
        if name in seen:
            raise EditError(f"field {name} is listed twice", hint="list it once")
        seen.add(name)
    return names
