"""The catalogue of fields."""

from __future__ import annotations

import pytest

from parseq_tui.timeline.fields import (
    DEFAULT_MANAGED,
    FIELDS,
    OWN_FIELDS,
    SEED_ERA_FIELDS,
    Field,
    field_named,
    is_declared,
)


def test_the_catalogue_holds_both_eras() -> None:
    assert len(FIELDS) == 63
    assert len(SEED_ERA_FIELDS) == 15
    assert DEFAULT_MANAGED[:5] == ("seed", "scale", "noise", "noise_multiplier", "strength")


CATALOGUE = [*FIELDS.values(), *SEED_ERA_FIELDS.values(), *OWN_FIELDS.values()]


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_every_field_is_described_and_starts_within_its_bounds(entry: Field) -> None:
    assert entry.meaning
    assert entry.group
    assert entry.step > 0
    assert entry.minimum is None or entry.minimum <= entry.default
    assert entry.maximum is None or entry.default <= entry.maximum


def test_zoom_is_a_factor_today_and_was_a_distance_in_2022() -> None:
    assert field_named("zoom").default == 1
    assert field_named("zoom", "2022").default == 0


def test_any_name_is_a_field() -> None:
    assert field_named("my_own").default == 0
    assert not is_declared("my_own")
    assert field_named("denoise").default == 0.6
    assert field_named("denoise", "parseq").default == 0, "Parseq's engine does not know it"


def test_deforum_reads_deltas_of_these() -> None:
    """LANGUAGE §9."""
    assert {name for name, field in FIELDS.items() if field.motion} == {
        "angle", "zoom", "translation_x", "translation_y", "translation_z", "rotation_3d_x", "rotation_3d_y",
        "rotation_3d_z", "perspective_flip_theta", "perspective_flip_phi", "perspective_flip_gamma",
    }  # fmt: skip
