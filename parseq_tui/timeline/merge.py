"""Three-way merge: what two sides did to one document, together.

Cells, prompts, options, render settings and lists are merged each on their own. Where both sides changed the same thing
differently, ours stands in the result and a Conflict holds theirs: nothing is dropped without a word. Merging
again with choices settles them.

Laws (tested): merge(b, b, t) is t · merge(b, o, b) is o · swapping the sides swaps the sides of the conflicts and
changes nothing that is not in conflict. The result remembers `theirs` as its file: saving writes ours into it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar

import numpy as np

from parseq_tui.timeline.document import Document, Options
from parseq_tui.timeline.keyframe import EMPTY, Keyframe
from parseq_tui.timeline.prompts import Prompt, Prompts
from parseq_tui.timeline.time_series import TimeSeries

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something both sides changed, differently. None: not there."""

    where: str
    """In words: "zoom at 30", "option fps", "keyframe 12"."""
    base: Any
    ours: Any
    theirs: Any
    frame: int | None = None
    field: str | None = None
    nth: int = 0
    """Which one, of several that are called the same."""

    @property
    def key(self) -> tuple[str, int]:
        """The same for the same three documents: what choices are kept by."""
        return self.where, self.nth


Side = Literal["ours", "theirs"]
Choices = Mapping[tuple[str, int], Side]
"""Conflict.key → whose version shall stand."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A document with both sides' changes; in a conflict it has ours."""

    document: Document
    conflicts: tuple[Conflict, ...] = ()


def merge(base: Document, ours: Document, theirs: Document, choices: Choices = MappingProxyType({})) -> Merged:
    """Both sides' changes since `base` in one document; conflicts settled by `choices` are still listed."""
    sides, merger = _Sides(base, ours, theirs), _Merger(choices)
    document = replace(
        theirs,
        keyframes=merger.rows(sides.each(lambda side: side.keyframes)),
        managed_fields=merger.names("managed fields", sides.each(lambda side: side.managed_fields)),
        displayed_fields=merger.names("shown fields", sides.each(lambda side: side.displayed_fields)),
        prompts=merger.prompts(sides.each(lambda side: side.prompts)),
        options=merger.options(sides.each(lambda side: side.options)),
        time_series=merger.time_series(sides.each(lambda side: side.time_series)),
        lock=merger.value("lock", sides.each(lambda side: side.lock)),
        reverse=merger.value("reverse", sides.each(lambda side: side.reverse)),
        render=merger.mapping("render setting {}", sides.each(lambda side: side.render)),
        name=merger.value("name", sides.each(lambda side: side.name)),
        dialect=merger.value("dialect", sides.each(lambda side: side.dialect)),
    )
    return Merged(document, tuple(merger.conflicts))


class _Absent:
    """Stands for "not there" on one of the sides, where None is a value."""


_ABSENT: Any = _Absent()


@dataclass(frozen=True, slots=True)
class _Sides(Generic[T]):
    """One thing as it was and as both sides have it."""

    base: T
    ours: T
    theirs: T

    def each(self, part: Callable[[T], U]) -> _Sides[U]:
        return _Sides(part(self.base), part(self.ours), part(self.theirs))

    @property
    def only_theirs(self) -> bool:
        """Whether theirs is the answer: ours is the same, or did not change."""
        return same(self.ours, self.theirs) or same(self.ours, self.base)

    @property
    def only_ours(self) -> bool:
        return same(self.theirs, self.base)


@dataclass(slots=True)
class _Merger:
    choices: Choices
    conflicts: list[Conflict] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def conflict(
        self, where: str, sides: _Sides[Any], frame: int | None = None, name: str | None = None
    ) -> Side | None:
        """Note a conflict; whose version shall stand, if that was chosen."""
        found = Conflict(where, sides.base, sides.ours, sides.theirs, frame, name, self.counts[where])
        self.counts[where] += 1
        self.conflicts.append(found)
        return self.choices.get(found.key)

    def value(self, where: str, sides: _Sides[T], frame: int | None = None, name: str | None = None) -> T:
        """One value: whichever side changed it; ours, and a conflict, if both did."""
        if sides.only_theirs:
            return sides.theirs
        if not sides.only_ours:
            shown = sides.each(lambda value: None if value is _ABSENT else value)
            if self.conflict(where, shown, frame, name) == "theirs":
                return sides.theirs
        return sides.ours

    def mapping(self, where: str, sides: _Sides[Mapping[str, Any]], frame: int | None = None) -> Mapping[str, Any]:
        """Key by key; keys in theirs' order, ours' new ones behind."""
        if sides.only_theirs:
            return sides.theirs
        if sides.only_ours:
            return sides.ours
        merged: dict[str, Any] = {}
        for key in {**sides.theirs, **sides.ours}:
            values = _of_key(sides, key, _ABSENT)
            value = self.value(where.format(key), values, frame, None if frame is None else key)
            if value is not _ABSENT:
                merged[key] = value
        return MappingProxyType(merged) if merged else EMPTY

    def options(self, sides: _Sides[Options]) -> Options:
        names = [option.name for option in fields(Options)]
        return Options(
            **{name: self.value(f"option {name}", sides.each(lambda side, n=name: getattr(side, n))) for name in names}  # type: ignore[misc]
        )

    # -- rows --------------------------------------------------------------------------------------------------

    def rows(self, sides: _Sides[tuple[Keyframe, ...]]) -> tuple[Keyframe, ...]:
        """Rows are the same row if they are on the same frame (and, where several are, at the same place there)."""
        if sides.only_theirs:
            return sides.theirs
        by_key = sides.each(lambda rows: keyed(rows, lambda row: row.frame))
        found = (self._row(key[0], _of_key(by_key, key, None)) for key in {**by_key.theirs, **by_key.ours})
        merged = [row for row in found if row is not None]
        if not merged:  # each side deleted what the other left
            chosen = self.conflict("keyframes", sides.each(len))
            return sides.theirs if chosen == "theirs" else sides.ours
        return tuple(sorted(merged, key=lambda row: row.frame))

    def _row(self, frame: int, sides: _Sides[Keyframe | None]) -> Keyframe | None:
        ours, theirs = sides.ours, sides.theirs
        if sides.only_theirs:
            return theirs
        if ours is None or theirs is None:
            if not sides.only_ours:  # one side deleted what the other changed: the change stays
                chosen = self.conflict(f"keyframe {frame}", sides, frame)
                return ours or theirs if chosen is None else ours if chosen == "ours" else theirs
            return ours
        if sides.only_ours:
            return replace(ours, origin=theirs.origin)
        cells = _Sides(sides.base or Keyframe(frame), ours, theirs)
        return replace(
            theirs,
            values=self.mapping(f"{{}} at {frame}", cells.each(lambda row: row.values), frame),
            formulas=self.mapping(f"formula of {{}} at {frame}", cells.each(lambda row: row.formulas), frame),
            info=self.value(f"label at {frame}", cells.each(lambda row: row.info), frame),
        )

    # -- lists -------------------------------------------------------------------------------------------------

    def names(self, where: str, sides: _Sides[tuple[str, ...]]) -> tuple[str, ...]:
        return tuple(name for name in self._order(where, sides.each(list)) if _survives(name, sides))

    def _order(self, where: str, sides: _Sides[list[T]]) -> list[T]:
        """All keys of both sides in one order: that of the side that changed it, the other's new keys put in."""
        common = set(sides.base) & set(sides.ours) & set(sides.theirs)
        kept = sides.each(lambda keys: [key for key in keys if key in common])
        if not kept.only_theirs and not kept.only_ours:
            theirs_first = self.conflict(f"order of {where}", kept) == "theirs"
        else:
            theirs_first = kept.only_theirs
        first, second = (sides.theirs, sides.ours) if theirs_first else (sides.ours, sides.theirs)
        order, known = list(first), set(first)
        for place, key in enumerate(second):
            if key not in known:
                order.insert(order.index(second[place - 1]) + 1 if place else 0, key)
                known.add(key)
        return order

    def prompts(self, sides: _Sides[Prompts]) -> Prompts:
        if sides.only_theirs:
            return sides.theirs
        if sides.only_ours:
            return sides.ours
        key = _prompt_key(sides.each(lambda side: side.entries))
        by_key = sides.each(lambda side: keyed(side.entries, key))
        order = self._order("prompts", by_key.each(list))
        entries = (self._prompt(_of_key(by_key, name, None)) for name in order)
        return replace(
            sides.theirs,
            entries=tuple(entry for entry in entries if entry is not None),
            common=self._prompt(sides.each(lambda side: side.common)) or sides.theirs.common,
            common_position=self.value("common prompt position", sides.each(lambda side: side.common_position)),
            enabled=self.value("prompts enabled", sides.each(lambda side: side.enabled)),
        )

    def _prompt(self, sides: _Sides[Prompt | None]) -> Prompt | None:
        ours, theirs = sides.ours, sides.theirs
        if sides.only_theirs:
            return theirs
        if sides.only_ours and (ours is None or theirs is None):
            return ours
        sided = [sides.base] if sides.base is not None else [one for one in (ours, theirs) if one is not None]
        called = min(one.name for one in sided)
        if ours is None or theirs is None:
            chosen = self.conflict(f"prompt {called}", sides)
            return ours or theirs if chosen is None else ours if chosen == "ours" else theirs
        parts = _Sides(sides.base or Prompt(called), ours, theirs)
        names = ("name", "positive", "negative", "all_frames", "start", "end", "overlap")
        where = f"{{}} of prompt {called}"
        return replace(theirs, **self.mapping(where, parts.each(lambda one: {n: getattr(one, n) for n in names})))

    def time_series(self, sides: _Sides[tuple[TimeSeries, ...]]) -> tuple[TimeSeries, ...]:
        if sides.ours is sides.base:
            return sides.theirs
        by_key = sides.each(lambda listed: keyed(listed, lambda series: series.alias))
        order = self._order("time series", by_key.each(list))
        merged = (self.value(f"time series {key[0]}", _of_key(by_key, key, _ABSENT)) for key in order)
        return tuple(series for series in merged if series is not _ABSENT)


def _of_key(sides: _Sides[Any], key: Any, default: Any) -> _Sides[Any]:
    return sides.each(lambda side: side.get(key, default))


def keyed(parts: Iterable[T], key: Callable[[T], Hashable]) -> dict[tuple[Any, int], T]:
    """Parts by their key and, of several with one key, their place among these."""
    found: dict[tuple[Any, int], T] = {}
    counts: dict[Hashable, int] = {}
    for part in parts:
        name = key(part)
        nth = counts[name] = counts.get(name, -1) + 1
        found[(name, nth)] = part
    return found


def _prompt_key(sides: _Sides[tuple[Prompt, ...]]) -> Callable[[Prompt], Hashable]:
    """What makes a prompt the same one on all sides: its name; its place where nothing but names may have changed."""
    lists = (sides.base, sides.ours, sides.theirs)
    names = [sorted(prompt.name for prompt in entries) for entries in lists]
    if len({len(entries) for entries in lists}) == 1 and any(side != names[0] for side in names):
        places = {id(prompt): place for entries in lists for place, prompt in enumerate(entries)}
        return lambda prompt: places[id(prompt)]
    return lambda prompt: prompt.name


def _survives(name: str, sides: _Sides[Sequence[str]] | _Sides[tuple[str, ...]]) -> bool:
    """Deleted by either side means gone; there are no halves of a name to keep."""
    return (name in sides.ours and name in sides.theirs) or name not in sides.base


def same(one: Any, other: Any) -> bool:
    """Whether two parts of documents say the same."""
    if isinstance(one, TimeSeries) and isinstance(other, TimeSeries) and one is not other:
        same_points = np.array_equal(one.x, other.x) and np.array_equal(one.y, other.y)
        return same_points and (one.alias, one.unit) == (other.alias, other.unit)
    return one is other or bool(one == other)
