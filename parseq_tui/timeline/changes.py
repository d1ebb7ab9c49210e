"""What differs between two versions of a document, as far as baking is concerned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe


@dataclass(frozen=True, slots=True)
class Changes:
    """What must be looked at again."""

    everything: bool = True
    """Something every field may depend on: rates, dialect, where the document begins or ends."""
    fields: frozenset[str] | None = None
    """Fields with changed cells; None: perhaps all."""
    labels: bool = True
    """Labels, or the frames they stand on."""
    series: bool = True
    managed: bool = True
    """Which fields there are."""
    same_frames: bool = False
    """Whether values of the version before are of the same frames."""

    def touches(self, name: str) -> bool:
        """Whether the cells of a field may have changed."""
        return self.everything or self.fields is None or name in self.fields


def changes_between(before: Document | None, after: Document) -> Changes:
    """What changed from one version to the next. Rows are compared by identity first: versions share them."""
    if before is None:
        return Changes()
    same_frames = before.first_frame == after.first_frame and before.last_frame == after.last_frame
    everything = not same_frames or before.options != after.options or before.dialect != after.dialect
    fields, labels = _changed_cells(before.keyframes, after.keyframes)
    return Changes(
        everything=everything,
        fields=fields,
        labels=labels,
        series=before.time_series is not after.time_series,
        managed=before.managed_fields != after.managed_fields,
        same_frames=same_frames,
    )


def _changed_cells(before: Sequence[Keyframe], after: Sequence[Keyframe]) -> tuple[frozenset[str] | None, bool]:
    """Fields with changed cells (None: perhaps all), and whether labels or their places changed."""
    if before is after:
        return frozenset(), False
    if len(before) == len(after):
        pairs = [(old, new) for old, new in zip(before, after, strict=True) if old is not new]
        if all(old.frame == new.frame for old, new in pairs):
            names = {name for old, new in pairs for name in _differing(old, new)}
            return frozenset(names), any(old.info != new.info for old, new in pairs)
    return _moved_cells(before, after), True


def _differing(old: Keyframe, new: Keyframe) -> set[str]:
    names = {*old.values, *new.values, *old.formulas, *new.formulas}
    return {
        name
        for name in names
        if old.values.get(name) != new.values.get(name) or old.formulas.get(name) != new.formulas.get(name)
    }


def _moved_cells(before: Sequence[Keyframe], after: Sequence[Keyframe]) -> frozenset[str] | None:
    """Fields of the rows that came, went or moved; None where rows share frames, or the ends are others."""
    old, new = set(map(id, before)), set(map(id, after))
    gone = [row for row in before if id(row) not in new]
    come = [row for row in after if id(row) not in old]
    if before[0] is not after[0] or before[-1] is not after[-1]:
        return None
    if len({row.frame for row in before}) < len(before) or len({row.frame for row in after}) < len(after):
        return None
    return frozenset(name for row in (*gone, *come) for name in (*row.values, *row.formulas))
