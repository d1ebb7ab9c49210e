"""Keys are equal exactly where the work is equal, and an edit reaches from its frame to the next cut and no further."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stand_ins import table_of

from parseq_tui.render.dependencies import changes, is_cut, key_frames, needed, reads, segments, shows
from parseq_tui.render.plan import FramePlan, plan_frames
from parseq_tui.timeline.document import Options
from parseq_tui.timeline.render_settings import resolve

COUNT = 10
FIELDS = ("strength", "seed", "scale", "angle", "zoom", "translation_x", "noise")

columns_of = st.fixed_dictionaries(
    {
        "strength": st.lists(st.sampled_from([0.0, 0.3, 0.6]), min_size=COUNT, max_size=COUNT),
        **{
            name: st.lists(st.integers(0, 3).map(float), min_size=COUNT, max_size=COUNT)
            for name in FIELDS
            if name != "strength"
        },
    }
)


def plans_of(columns, *, prompts=(("a cat", ""),), cadence=1, **render) -> list[FramePlan]:
    settings = resolve({"engine": "test", "space": "2d", **render})
    return plan_frames(table_of(COUNT, columns, prompts=prompts, cadence=cadence), settings, Options(), "native")


def keys_of(plans, fingerprint="engine", content=str):
    return key_frames(plans, fingerprint, content)


def pixels(plans):
    """What the pictures of these plans would be if a picture were the whole story of how it was made."""
    stories = {}
    for plan in plans:
        made_from = tuple(stories[frame] for frame in reads(plan))
        stories[plan.frame] = (plan.request, plan.source.kind, plan.motions, plan.noise, plan.edges, made_from)
    return stories


@given(columns_of, columns_of)
def test_keys_are_equal_exactly_where_the_work_is_equal(one, other) -> None:
    plans, others = plans_of(one), plans_of(other)
    keys, other_keys = keys_of(plans).frames, keys_of(others).frames
    stories, other_stories = pixels(plans), pixels(others)
    for frame in range(COUNT):
        assert (keys[frame] == other_keys[frame]) == (stories[frame] == other_stories[frame])


@given(columns_of, st.integers(0, COUNT - 1), st.sampled_from(FIELDS))
def test_an_edit_reaches_from_its_frame_to_the_next_cut(columns, frame, field) -> None:
    edited = {**columns, field: list(columns[field])}
    edited[field][frame] += 0.125
    before, after = plans_of(columns), plans_of(edited)
    keys, edited_keys = keys_of(before).frames, keys_of(after).frames
    cuts = [plan.frame for plan in after if plan.frame > frame and is_cut(plan)]
    # a change of motion or of the noise seed is felt one frame later, unless that one starts anew
    end = cuts[0] if cuts else COUNT
    changed = {number for number in range(COUNT) if keys[number] != edited_keys[number]}
    assert changed <= set(range(frame, end))


def test_undoing_an_edit_gives_the_old_keys_back() -> None:
    columns = {"angle": [0.0] * COUNT, "strength": 0.5}
    edited = {**columns, "angle": [0.0] * 5 + [9.0] * 5}
    assert keys_of(plans_of(columns)).frames == keys_of(plans_of(dict(columns))).frames
    assert keys_of(plans_of(columns)).frames != keys_of(plans_of(edited)).frames


def test_frames_that_are_made_alike_share_a_key() -> None:
    assert len(set(keys_of(plans_of({}, mode="txt2img")).frames.values())) == 1


def test_engine_and_input_content_are_part_of_the_key() -> None:
    plans = plans_of({}, mode="video", input="clip.mp4")
    keys = keys_of(plans).frames
    assert keys[3] != keys_of(plans, fingerprint="other engine").frames[3]
    assert keys[3] != keys_of(plans, content=lambda index: f"other {index}").frames[3]


def test_settings_that_touch_nothing_are_not() -> None:
    still = {"strength": 0.5}
    assert keys_of(plans_of(still, border="wrap")).frames == keys_of(plans_of(still)).frames
    moving = {"strength": 0.5, "angle": np.arange(COUNT)}
    assert keys_of(plans_of(moving, border="wrap")).frames[4] != keys_of(plans_of(moving)).frames[4]


class TestNeeded:
    def needed(self, columns, wanted, cached_frames=(), **render) -> list[int]:
        plans = plans_of(columns, **render)
        keys = keys_of(plans)
        cached = {keys.frames[frame] for frame in cached_frames} | {
            keys.pictures[frame] for frame in cached_frames if frame in keys.pictures
        }
        return needed({plan.frame: plan for plan in plans}, keys, wanted, cached.__contains__)

    def test_a_loopback_needs_everything_before(self) -> None:
        assert self.needed({"strength": 0.5}, [4]) == [0, 1, 2, 3, 4]

    def test_up_to_the_cut(self) -> None:
        assert self.needed({"strength": [0.5, 0.5, 0.5, 0, *[0.5] * 6]}, [5]) == [3, 4, 5]

    def test_up_to_what_is_cached(self) -> None:
        assert self.needed({"strength": 0.5}, range(6), cached_frames=range(4)) == [4, 5]

    def test_holes_in_the_cache_are_filled(self) -> None:
        assert self.needed({"strength": 0.5}, range(6), cached_frames=[0, 1, 2, 4, 5]) == [3]

    def test_colour_coherence_reaches_behind_a_cut(self) -> None:
        assert self.needed({"strength": [0.5, 0.5, 0, *[0.5] * 7]}, [3], color_coherence="lab") == [0, 2, 3]

    def test_of_frames_that_share_a_key_the_first_is_made(self) -> None:
        assert self.needed({"strength": 0, "seed": 7}, range(4), mode="txt2img") == [0]

    def test_a_frame_between_needs_the_two_pictures_it_mixes(self) -> None:
        assert self.needed({"strength": 0}, [4], cadence=3) == [0, 3]


@given(columns_of, st.integers(1, 3))
def test_segments_cover_all_frames_and_need_nothing_outside_themselves(columns, cadence) -> None:
    plans = plans_of(columns, cadence=cadence)
    ranges = segments(plans)
    assert [ranges[0][0], ranges[-1][1]] == [0, COUNT]
    assert all(left[1] == right[0] for left, right in pairwise(ranges))
    for first, end in ranges:
        assert all(first <= frame for plan in plans[first:end] for frame in (*reads(plan), *shows(plan)))


def test_other_files_of_a_network_that_a_prompt_names_make_other_pictures() -> None:
    plans = plans_of({"strength": 0.5}, prompts=[("a cat <lora:ink:1>", "")])
    keys = [key_frames(plans, "engine", str, request_content=lambda _, files=files: files) for files in ("", "1", "2")]
    assert len({each.frames[0] for each in keys}) == 3


def test_a_change_is_named_in_words_of_the_plan() -> None:
    one = keys_of(plans_of({"strength": 0.5}))
    other = keys_of(plans_of({"strength": 0.5, "scale": 3}, prompts=[("a dog", "")]))
    found = changes(one.recipes[one.frames[2]], other.recipes[other.frames[2]])
    assert found == {"positive": ("a cat", "a dog"), "cfg_scale": (4.0, 3.0)}


def test_a_motion_that_changed_is_named_by_its_number() -> None:
    one = keys_of(plans_of({"zoom": [1 + 0.1 * frame for frame in range(COUNT)]}))
    other = keys_of(plans_of({"zoom": [1 + 0.1 * frame + 0.1 * (frame >= 2) for frame in range(COUNT)]}))
    found = changes(one.recipes[one.frames[2]], other.recipes[other.frames[2]])
    assert list(found) == ["zoom"]
    assert found["zoom"] == pytest.approx((1.1, 1.2))


def test_another_input_is_a_change_of_its_own() -> None:
    plans = plans_of({"strength": 0.5}, mode="video", input="clip.mp4")
    one, other = (key_frames(plans, "engine", lambda index, name=name: f"{name}#{index}") for name in ("a", "b"))
    assert changes(one.recipes[one.frames[2]], other.recipes[other.frames[2]]) == {"input": ("a#2", "b#2")}
