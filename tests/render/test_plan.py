"""A plan is numbers only, and only those that have an effect."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from stand_ins import table_of

from parseq_tui.errors import RenderError
from parseq_tui.render.motion import Camera, Planar, Spatial
from parseq_tui.render.plan import (
    Antiblur,
    FramePlan,
    Noise,
    Source,
    input_rate,
    plan_frames,
    plan_warnings,
    rational_rate,
)
from parseq_tui.timeline.document import Options
from parseq_tui.timeline.render_settings import resolve


def plans_of(
    columns=None, *, count=4, dialect="native", options=None, frames=None, input_frames=None, table=None, **render
):
    table = table or table_of(count, columns)
    settings = resolve({"engine": "test", **render})
    return plan_frames(table, settings, options or Options(), dialect, frames, input_frames=input_frames)


def test_unmanaged_values_come_from_the_settings() -> None:
    plan = plans_of(seed=7, cfg_scale=3, denoising_strength=0.4, steps=5, scheduler="ddim", width=64, height=32)[1]
    request = plan.request
    assert request is not None
    assert (request.width, request.height, request.steps, request.scheduler) == (64, 32, 5, "ddim")
    assert (request.cfg_scale, request.denoising_strength) == (3, 0.4)
    assert (plan.motions, plan.edges, plan.colors, plan.noise, plan.antiblur, plan.contrast) == (
        (),
        None,
        None,
        None,
        None,
        1,
    )


def test_scales_of_2022_end_at_100_and_no_layer_before_the_last_is_skipped_by_less_than_1() -> None:
    scales = {"scale": [-500, 7, 500, 50]}
    assert [plan.request.cfg_scale for plan in plans_of(scales, dialect="2022")] == [-100, 7, 100, 50]
    assert [plan.request.cfg_scale for plan in plans_of(scales)] == [-500, 7, 500, 50]
    assert [plan.request.clip_skip for plan in plans_of({"clipskip": [-1, 0, 1, 2.9]})] == [1, 1, 1, 2]


def test_denoising_strength_is_the_complement_of_strength() -> None:
    assert [plan.request.denoising_strength for plan in plans_of({"strength": [0, 0.25, 0.75, 1.5]})] == [
        1,
        0.75,
        0.25,
        0,
    ]


def test_a_managed_denoising_strength_wins_over_strength() -> None:
    assert plans_of({"strength": 0.9, "denoise": 0.3})[1].request.denoising_strength == 0.3


class TestSource:
    def test_a_loopback_without_input_starts_from_noise_then_feeds_back(self) -> None:
        assert [plan.source for plan in plans_of(count=3)] == [
            Source("noise"),
            Source("previous", 0),
            Source("previous", 1),
        ]

    def test_a_loopback_takes_its_first_picture_as_it_is(self) -> None:
        first, second = plans_of(
            {"angle": 5, "noise": 0.1, "contrast": 0.9}, input="cat.png", motion="absolute", count=2
        )
        assert first.source == Source("input", 0, smooth=True)
        assert (first.motions, first.noise, first.contrast) == ((), None, 1)
        assert second.motions

    def test_full_denoising_strength_ignores_the_input_and_everything_done_to_it(self) -> None:
        plan = plans_of({"strength": 0, "angle": 5, "noise": 0.1}, motion="absolute")[2]
        assert plan == FramePlan(frame=2, request=plan.request, alone=True)

    def test_a_video_gives_a_picture_per_frame(self) -> None:
        plans = plans_of(mode="video", input="clip.mp4", input_frames=9)
        assert [plan.source.index for plan in plans] == [0, 1, 2, 3]

    @pytest.mark.parametrize(
        ("end", "indexes"), [("stop", [0, 1, 2]), ("hold", [0, 1, 2, 2, 2]), ("loop", [0, 1, 2, 0, 1])]
    )
    def test_a_video_that_is_too_short(self, end: str, indexes: list[int]) -> None:
        plans = plans_of(count=5, mode="video", input="clip.mp4", input_frames=3, end=end)
        assert [plan.source.index for plan in plans] == indexes

    def test_a_video_that_is_too_short_is_mentioned_unless_somebody_chose(self) -> None:
        for render, count in (({}, 1), ({"end": "stop"}, 0), ({"end": "loop"}, 0)):
            settings = resolve({"mode": "video", "input": "clip.mp4", **render})
            assert len(plan_warnings(table_of(5), settings, "native", 3)) == count
        assert not plan_warnings(table_of(5), resolve({"mode": "video", "input": "clip.mp4"}), "native", 5)

    def test_mode_video_without_a_video_says_so(self) -> None:
        with pytest.raises(RenderError, match="needs an input"):
            plans_of(mode="video")


class TestMotion:
    def test_a_loopback_moves_by_the_change_of_the_values(self) -> None:
        plans = plans_of({"translation_x": [10, 12, 15, 15], "zoom": [1, 1.5, 1.5, 1.25]})
        assert [plan.motions for plan in plans[2:]] == [
            (Planar(0, 1, 3, 0, 0.5, 0.5),),
            (Planar(0, 0.75, 0, 0, 0.5, 0.5),),
        ]
        assert plans[1].motions == (Planar(0, 1.5, 2, 0, 0.5, 0.5),)

    def test_a_video_is_moved_by_the_values_as_they_stand(self) -> None:
        plan = plans_of({"translation_x": 4}, mode="video", input="clip.mp4")[2]
        assert plan.motions == (Planar(0, 1, 4, 0, 0.5, 0.5),)

    def test_deltas_that_came_with_the_table_are_used(self) -> None:
        plan = plans_of({"angle": 5, "angle_delta": 2})[1]
        assert plan.motions == (Planar(2, 1, 0, 0, 0.5, 0.5),)

    def test_a_field_of_the_third_dimension_that_moves_decides_for_it(self) -> None:
        plan = plans_of({"rotation_3d_y": [0, 1, 2, 3], "translation_x": [0, 1, 2, 3]})[1]
        assert plan.motions == (Spatial(1, 0, 0, 0, 1, 0, 70, 1),)

    def test_a_field_of_the_third_dimension_that_stands_still_does_not(self) -> None:
        plan = plans_of({"translation_z": 10, "angle": [0, 1, 2, 3]})[1]
        assert isinstance(plan.motions[0], Planar)

    def test_ignored_motion_is_reported(self) -> None:
        table = table_of(3, {"rotation_3d_y": [0, 1, 2], "angle": [0, 1, 2], "zoom": 1})
        warnings = plan_warnings(table, resolve({}), "native")
        assert [(warning.field, warning.code) for warning in warnings] == [("angle", "ignored-field")]

    @pytest.mark.parametrize(
        ("fields", "motion", "at"),
        [
            ({"zoom": 0}, "absolute", 0),
            ({"zoom": [1, 0.5, 0]}, "absolute", 2),
            ({"zoom": [1, 0, 0]}, "delta", 1),
            ({"zoom": 1, "zoom_delta": [1, 1, 0]}, "delta", 2),
            ({"zoom": [1, 0.5, 0.2]}, "absolute", None),
            ({"zoom": [1, 0.5, 0]}, "delta", None),
            ({"zoom": 0, "rotation_3d_y": [0, 1, 2]}, "absolute", None),
        ],
    )
    def test_a_zoom_that_leaves_nothing_is_told(self, fields: dict[str, Any], motion: str, at: int | None) -> None:
        warnings = plan_warnings(table_of(3, fields), resolve({"motion": motion}), "native")
        told = [warning.message for warning in warnings if warning.code == "zoom-zero"]
        assert told == ([] if at is None else [f"zoom is 0 at frame {at}: one flat colour is left of the picture"])

    def test_documents_of_2022_move_a_camera_and_resample_with_lanczos(self) -> None:
        plan = plans_of({"rotz": 3, "panx": -1, "zoom": 1, "denoise": 0.5}, dialect="2022")[1]
        assert plan.motions == (Camera(0, 0, 3, -1, 0, 1),)
        assert plan.edges is not None and plan.edges.resampling == "lanczos"

    def test_zoom_0_of_2022_is_not_neutral(self) -> None:
        assert plans_of({"zoom": 0}, dialect="2022")[1].motions == (Camera(0, 0, 0, 0, 0, 0),)
        assert plans_of({"zoom": 1}, dialect="2022")[1].motions == ()


class TestSeeds:
    def test_a_fraction_lies_between_two_seeds(self) -> None:
        request = plans_of({"seed": [0, 41.25, -0.25, 8]})[1].request
        assert (request.seed, request.subseed, request.subseed_strength) == (41, 42, 0.25)

    def test_below_zero_too(self) -> None:
        request = plans_of({"seed": [0, 41.25, -0.25, 8]})[2].request
        assert (request.seed, request.subseed, request.subseed_strength) == (-1, 0, 0.75)

    @pytest.mark.parametrize(
        ("behavior", "seeds"),
        [("fixed", [5, 5, 5, 5]), ("iter", [5, 6, 7, 8]), ("ladder", [5, 7, 6, 8]), ("alternate", [5, 6, 5, 6])],
    )
    def test_an_unmanaged_seed_goes_on(self, behavior: str, seeds: list[int]) -> None:
        assert [plan.request.seed for plan in plans_of(seed=5, seed_behavior=behavior)] == seeds

    def test_a_random_seed_is_the_same_in_every_render(self) -> None:
        once, again = ([plan.request.seed for plan in plans_of(seed=5, seed_behavior="random")] for _ in range(2))
        assert once == again and once[0] == 5 and len(set(once)) == 4
        assert once[1:] != [plan.request.seed for plan in plans_of(seed=6, seed_behavior="random")][1:]

    def test_by_itself_it_counts_in_a_loopback_and_stays_elsewhere(self) -> None:
        assert plans_of(seed=5)[3].request.seed == 8
        assert plans_of(seed=5, mode="txt2img")[3].request.seed == 5

    def test_a_seed_no_generator_takes(self) -> None:
        with pytest.raises(RenderError, match="seed at frame 0 is too large"):
            plans_of({"seed": 1e30})


def test_noise_takes_the_seed_after_the_one_before() -> None:
    plan = plans_of({"noise": 0.1, "seed": [3, 30, 300, 4]})[2]
    assert plan.noise == Noise(0.1, 31, "perlin")


@pytest.mark.parametrize(
    ("behavior", "seeds"),
    [("auto", [4, 31, 301]), ("fixed", [3, 30, 300]), ("ladder", [5, 29, 302]), ("alternate", [4, 29, 301])],
)
def test_the_noise_of_managed_seeds_goes_on_as_the_seed_behaves(behavior: str, seeds: list[int]) -> None:
    """PIPELINE B5: the seed that the frame before was made with, one step on."""
    plans = plans_of({"noise": 0.1, "seed": [3, 30, 300, 4]}, seed_behavior=behavior)
    assert [plan.noise.seed for plan in plans[1:] if plan.noise] == seeds


def test_antiblur_needs_an_amount() -> None:
    assert plans_of({"antiblur_kernel": 7})[1].antiblur is None
    assert plans_of({"antiblur_amount": 0.2})[1].antiblur == Antiblur(5, 1, 0.2, 0)


class TestHistory:
    def test_a_loopback_counts_the_frame_before_as_the_first(self) -> None:
        plans = plans_of({"loopback_frames": 3, "loopback_decay": 0.25}, count=5)
        assert [plan.history for plan in plans] == [(), (), (0,), (1, 0), (2, 1)]
        assert plans[4].decay == 0.25

    def test_a_video_blends_the_newest_output_too(self) -> None:
        plans = plans_of({"loopback_frames": 2, "loopback_decay": 0.5}, mode="video", input="clip.mp4")
        assert [plan.history for plan in plans] == [(), (0,), (1, 0), (2, 1)]

    def test_no_decay_no_history(self) -> None:
        assert plans_of({"loopback_frames": 3, "loopback_decay": 0})[3].history == ()


class TestColors:
    def test_coherence_holds_on_to_the_first_frame(self) -> None:
        first, second, *_ = plans_of(color_coherence="lab")
        assert first.colors is None
        assert second.colors is not None
        assert (second.colors.frames, second.colors.before, second.colors.after) == ((0,), True, True)

    def test_the_window_of_2022_slides_over_earlier_frames(self) -> None:
        options = Options(color_window_width=2)
        plans = plans_of({"denoise": 0.5}, dialect="2022", options=options, count=5, input="cat.png")
        assert [plan.colors.frames if plan.colors else () for plan in plans] == [(), (0,), (0, 1), (1, 2), (2, 3)]

    def test_the_first_input_can_be_a_target(self) -> None:
        plan = plans_of(dialect="2022", options=Options(color_use_input=True), input="cat.png")[0]
        assert plan.colors is not None and plan.colors.input_index == 0


class TestCadence:
    def plans(self, columns=None, count=6, cadence=3) -> list[FramePlan]:
        return plans_of(table=table_of(count, columns, cadence=cadence))

    def test_only_every_third_frame_is_diffused(self) -> None:
        assert [plan.request is not None for plan in self.plans()] == [True, False, False] * 2

    def test_a_diffused_picture_takes_over_slowly(self) -> None:
        tweens = [plan.tween for plan in self.plans()]
        assert [(tween.newer, tween.older, tween.weight) for tween in tweens[3:]] == [
            (3, 0, 1 / 3),
            (3, 0, 2 / 3),
            (3, None, 1),
        ]
        assert tweens[0].older is None

    def test_it_travels_with_the_motion_of_every_frame(self) -> None:
        columns = {"translation_x": [0, 1, 3, 6, 10, 15]}
        plan = self.plans(columns)[3]
        assert [motion.translation_x for motion in plan.motions] == [1, 2, 3]
        tween = self.plans(columns)[4].tween
        assert [motion.translation_x for motion in tween.newer_motions] == [4]
        assert [motion.translation_x for motion in tween.older_motions] == [1, 2, 3, 4]

    def test_the_last_frames_are_not_lost(self) -> None:
        assert self.plans(count=8)[7].tween.newer == 6

    def test_a_video_diffuses_every_frame(self) -> None:
        plans = plans_of(table=table_of(4, cadence=3), mode="video", input="clip.mp4")
        assert all(plan.request and plan.tween is None for plan in plans)


class TestRanges:
    def test_frames_are_absolute_and_half_open(self) -> None:
        plans = plans_of(table=table_of(5, first_frame=10), frames=(11, 13))
        assert [plan.frame for plan in plans] == [11, 12]
        assert plans[0].source == Source("previous", 10)

    def test_a_range_outside_says_what_there_is(self) -> None:
        with pytest.raises(RenderError) as caught:
            plans_of(count=5, frames=(7, 9))
        assert "0:5" in caught.value.hint


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_no_number_names_its_field_and_frame(value: float) -> None:
    with pytest.raises(RenderError, match="the field angle is not a number at frame 12"):
        plans_of(table=table_of(4, {"angle": [0, 0, value, 0]}, first_frame=10))


def test_a_value_that_has_no_effect_may_be_anything() -> None:
    plans_of({"angle": np.nan}, mode="txt2img")


def test_rates_are_the_ratios_they_stand_for() -> None:
    assert rational_rate(23.976) == Fraction(24000, 1001)
    assert rational_rate(25) == 25
    assert rational_rate(23.9) == Fraction(239, 10), "only what is meant by it is read as 24000/1001"
    assert rational_rate(1 / 3) == Fraction(1, 3)


def test_only_2022_picks_input_frames_at_a_rate_of_its_own() -> None:
    table = table_of(2, fps=15)
    assert input_rate(table, Options(input_fps=10), "native") == 15
    assert input_rate(table, Options(input_fps=10), "2022") == 10
    assert input_rate(table, Options(), "2022") is None


def test_plans_are_values() -> None:
    assert plans_of({"zoom": [1, 1.1, 1.2, 1.3]}) == plans_of({"zoom": [1, 1.1, 1.2, 1.3]})
    first = plans_of()[0]
    assert replace(first) == first
