"""The webui engine against a small web UI on this machine: what it asks, what it makes of answers and failures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from web_ui import SAMPLERS, WebUi, web_ui

from parseq_tui.errors import BackendUnavailable, ModelNotFound, OutOfMemory, ParseqError, RenderError
from parseq_tui.render.engines import make_engine
from parseq_tui.render.engines.base import DiffusionRequest
from parseq_tui.render.engines.webui import ADDRESS_VARIABLE, WebuiEngine, plain_weights, request_body
from parseq_tui.timeline.render_settings import resolve

REQUEST = DiffusionRequest(
    width=64,
    height=32,
    positive="a cat :0.7 AND a dog :0.3",
    negative="blurry",
    seed=150,
    subseed=151,
    subseed_strength=0.25,
    cfg_scale=7.0,
    denoising_strength=0.4,
    steps=20,
    scheduler="euler_a",
)


@pytest.fixture
def ui() -> Iterator[WebUi]:
    with web_ui() as running:
        yield running


def engine(ui: WebUi, model: str = "", address: str = "", waits: list[float] | None = None) -> WebuiEngine:
    sleep = (waits if waits is not None else []).append
    return WebuiEngine(model, environment={ADDRESS_VARIABLE: address or ui.address}, sleep=sleep)


def with_scheduler(name: str) -> DiffusionRequest:
    return replace(REQUEST, scheduler=name)


class TestAsking:
    def test_a_picture_from_noise(self, ui: WebUi) -> None:
        picture = engine(ui).generate(REQUEST, None)
        assert picture.shape == (32, 64, 3)
        assert (picture == 150).all()
        ((path, body),) = ui.asked
        assert path == "/sdapi/v1/txt2img"
        assert body["prompt"] == REQUEST.positive
        assert (body["subseed"], body["subseed_strength"], body["cfg_scale"]) == (151, 0.25, 7.0)
        assert "denoising_strength" not in body

    def test_a_picture_from_a_picture(self, ui: WebUi) -> None:
        start = np.random.default_rng(0).integers(0, 200, (32, 64, 3)).astype(np.uint8)
        picture = engine(ui).generate(REQUEST, start)
        np.testing.assert_array_equal(picture, start + 10)
        ((path, body),) = ui.asked
        assert path == "/sdapi/v1/img2img"
        assert (body["denoising_strength"], body["initial_noise_multiplier"]) == (0.4, 1.0)

    def test_every_setting_a_picture_depends_on_travels_along(self) -> None:
        sent = request_body(REQUEST, None, frozenset(SAMPLERS))["override_settings"]
        assert sent["CLIP_stop_at_last_layers"] == 1
        assert sent["img2img_fix_steps"] is sent["img2img_color_correction"] is False
        assert (sent["randn_source"], sent["eta_noise_seed_delta"]) == ("CPU", 0)

    @pytest.mark.parametrize(
        ("scheduler", "known", "sent"),
        [
            ("euler_a", SAMPLERS, ("Euler a", "Automatic")),
            ("dpmpp_2m", SAMPLERS, ("DPM++ 2M", "Uniform")),
            ("dpmpp_2m_karras", SAMPLERS, ("DPM++ 2M", "Karras")),
            ("dpmpp_2m_karras", ("DPM++ 2M Karras",), ("DPM++ 2M Karras", "Automatic")),
            ("ddim", SAMPLERS, ("DDIM", "Automatic")),
        ],
    )
    def test_samplers_by_the_names_of_old_and_new_web_uis(
        self, scheduler: str, known: tuple[str, ...], sent: tuple[str, str]
    ) -> None:
        body = request_body(with_scheduler(scheduler), None, frozenset(known))
        assert (body["sampler_name"], body["scheduler"]) == sent

    def test_a_sampler_it_does_not_have_is_a_problem_before_rendering(self, ui: WebUi) -> None:
        (problem,) = engine(ui).problems([REQUEST, with_scheduler("unipc"), with_scheduler("unipc")])
        assert "no sampler 'UniPC'" in problem.message
        assert "Euler a" in problem.hint

    @pytest.mark.parametrize(
        ("prompt", "sent"),
        [
            ("a dog :1e-05", "a dog :0.00001"),
            ("a :2.5e-3 AND b :-1E-2", "a :0.0025 AND b :-0.01"),
            ("a cat :0.5 AND (dog:1.2)", "a cat :0.5 AND (dog:1.2)"),
            ("at 10:1e5 o'clock", "at 10:1e5 o'clock"),
        ],
    )
    def test_weights_are_written_without_exponents(self, prompt: str, sent: str) -> None:
        assert plain_weights(prompt) == sent


class TestModels:
    def test_without_a_name_the_loaded_one_is_used(self, ui: WebUi) -> None:
        one = engine(ui, "tiny")
        one.load()
        assert not ui.asked
        assert "first.safetensors" in one.fingerprint()

    @pytest.mark.parametrize("name", ["second", "second.safetensors [bbb]", "bbb"])
    def test_a_named_one_is_loaded(self, ui: WebUi, name: str) -> None:
        one = engine(ui, name)
        before = one.fingerprint()
        one.load()
        assert ui.model == "second.safetensors [bbb]"
        assert one.fingerprint() == before != engine(ui, "first").fingerprint()

    def test_an_unknown_one_names_those_there_are(self, ui: WebUi) -> None:
        with pytest.raises(ModelNotFound, match="no model 'third'") as error:
            engine(ui, "third").load()
        assert error.value.hint == "it has: first, second"


class TestTrouble:
    def test_nobody_answers(self, ui: WebUi) -> None:
        with pytest.raises(BackendUnavailable, match=r"no web UI answers at http://127[^ ]*: [A-Z]") as error:
            engine(ui, address="127.0.0.1:9").fingerprint()
        assert "--api" in error.value.hint

    @pytest.mark.parametrize("address", ["ftp://somewhere", "http://", "file:///etc/passwd"])
    def test_an_address_that_is_none(self, ui: WebUi, address: str) -> None:
        with pytest.raises(BackendUnavailable, match="no address"):
            engine(ui, address=address)

    def test_a_password_is_wanted_and_never_shown(self, ui: WebUi) -> None:
        ui.password = "me:s%cret"
        with pytest.raises(BackendUnavailable, match="wants a name and a password"):
            engine(ui).load()
        host = ui.address.removeprefix("http://")
        engine(ui, address=f"http://me:s%25cret@{host}").load()
        with pytest.raises(BackendUnavailable) as refused:
            engine(ui, address=f"http://me:forgotten@{host}").load()
        assert "forgotten" not in f"{refused.value} {refused.value.hint}"

    def test_a_lost_server_is_asked_again(self, ui: WebUi) -> None:
        ui.failures = [(0, ""), (503, "restarting")]
        waits: list[float] = []
        assert engine(ui, waits=waits).generate(REQUEST, None).shape == (32, 64, 3)
        assert waits == [1, 5]

    def test_a_server_that_stays_lost_ends_the_render_with_words(self, ui: WebUi) -> None:
        ui.failures = [(503, "gone")] * 9
        with pytest.raises(BackendUnavailable, match="was lost"):
            engine(ui).generate(REQUEST, None)

    @pytest.mark.parametrize(
        ("status", "said", "kind", "words"),
        [
            (500, "OutOfMemoryError: CUDA out of memory", OutOfMemory, "ran out of memory"),
            (500, "NansException", RenderError, "no numbers"),
            (422, "seed is no integer", RenderError, "refuses this frame: seed is no integer"),
            (404, "Not Found", BackendUnavailable, "no such interface"),
        ],
    )
    def test_refusals(self, ui: WebUi, status: int, said: str, kind: type[ParseqError], words: str) -> None:
        ui.failures = [(status, said)]
        with pytest.raises(kind, match=words) as error:
            engine(ui).generate(REQUEST, None)
        assert error.value.hint

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            ({"images": []}, "no picture"),
            ({"images": ["no base64!"]}, "no picture"),
            ({"images": ["aGVsbG8="]}, "no picture"),
            ({"info": '{"sampler_name": "DPM++ 2M"}'}, "sampled with 'DPM"),
        ],
    )
    def test_an_answer_that_is_not_what_was_asked_for(self, ui: WebUi, answer: dict[str, Any], words: str) -> None:
        ui.answer = answer
        with pytest.raises(RenderError, match=words):
            engine(ui).generate(REQUEST, None)

    def test_a_picture_of_another_size(self, ui: WebUi) -> None:
        ui.answer = {"images": [ui.picture({"height": 8, "width": 8, "seed": 1, "sampler_name": ""})["images"][0]]}
        with pytest.raises(RenderError, match="made 8x8 instead of 64x32"):
            engine(ui).generate(REQUEST, None)


def test_it_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    made = make_engine(resolve({"engine": "webui"}))
    assert isinstance(made, WebuiEngine)
