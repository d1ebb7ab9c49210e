"""The way of a frame over a card, on a card on paper: devices, waiting, recordings, room, precision.

What only a real card can tell (speed, its kernels' last bits) is measured by tests/bench/card.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch")

from families import family_model  # noqa: E402
from paper_card import CARD, OnCard, PaperCard, paper_card, watched  # noqa: E402
from pictures import furthest, smooth  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from small_models import random_model, request  # noqa: E402

from parseq_tui.errors import OutOfMemory  # noqa: E402
from parseq_tui.render.engines.base import DiffusionRequest  # noqa: E402
from parseq_tui.render.engines.cards import fetched, sent  # noqa: E402
from parseq_tui.render.engines.diffusers import DiffusersEngine  # noqa: E402

MIXED = "a photo of a (cat:1.2) AND a dog :0.5"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks on paper, whose threads would wait for one another longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def card() -> Iterator[PaperCard]:
    with paper_card() as made:
        yield made


def engine_of(card: PaperCard, model: Path | None = None, **options: Any) -> DiffusersEngine:
    """An engine that has made a frame, so that what is left of the log is of the next ones."""
    engine = DiffusersEngine(str(model or random_model()), "auto", **options)
    engine.listen(lambda text: card.log.append(f"told {text}"))
    engine.generate(looped(), smooth(64, 64))
    return engine


def looped(**changes: Any) -> DiffusionRequest:
    return request(**{"positive": MIXED, "scheduler": "euler_a", "subseed_strength": 0.3, "steps": 2} | changes)


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl", "lcm"])
def test_every_family_makes_the_cpus_picture(card: PaperCard, family: str) -> None:
    """In single precision: AND, emphasis, a negative prompt, seeds between seeds, step noises, from a picture."""
    model = random_model() if family == "sd1" else family_model(family)
    engine = engine_of(card, model)
    types = {part: next(network.parameters()).dtype for part, network in engine._maker._parts.networks.items()}
    assert {part for part, dtype in types.items() if dtype != torch.half} == ({"vae"} if family == "sdxl" else set())
    while engine._maker._more_precise():
        pass
    pictures = [engine.generate(looped(), smooth(64, 64)) for _ in range(2)]
    assert furthest(*pictures) == 0
    plain = DiffusersEngine(str(model), "cpu")
    apart = np.abs(pictures[0].astype(int) - plain.generate(looped(), smooth(64, 64)))
    assert apart.mean() < 0.5  # the card's weights were rounded to half precision when they were loaded
    engine.close()
    plain.close()
    assert card.held == 0


@pytest.mark.parametrize("acceleration", ["auto", "none"])
def test_the_host_waits_for_the_picture_and_for_nothing_else(card: PaperCard, acceleration: str) -> None:
    engine = engine_of(card, family_model("sdxl"), acceleration=acceleration)
    maker: Any = engine._maker
    maker._parts.unet.forward = watched(card, maker._parts.unet.forward, "unet")
    calls = "replay" if acceleration == "auto" else "unet"
    for change in ({}, {"seed": 5}, {"denoising_strength": 0.7}, {"subseed_strength": 0.9}, {"scheduler": "dpmpp_2m"}):
        card.log.clear()
        engine.generate(looped(**change), smooth(64, 64))
        assert card.log == [calls] * 2 + ["wait event"], change


def test_what_is_recorded_anew(card: PaperCard) -> None:
    """A shape is recorded once; steps, seeds, samplers and weights of prompts are only numbers."""
    engine = engine_of(card)
    assert card.recordings == 1
    for change in ({"steps": 3}, {"scheduler": "ddim"}, {"positive": "a (cat:0.3) AND a dog :-0.2"}, {"seed": 9}):
        engine.generate(looped(**change), smooth(64, 64))
        assert card.recordings == 1, change
    engine.generate(looped(cfg_scale=1, positive="a cat"), smooth(64, 64))  # no negative pass
    assert card.recordings == 2
    engine.generate(looped(positive="a cat AND a dog AND a bird"), None)
    assert card.recordings == 3
    engine.generate(looped(positive="a cat, " * 40), None)  # a longer text, in a call of its own beside the negative's
    assert card.recordings >= 4
    before = card.recordings
    engine.generate(looped(width=128), smooth(64, 128))  # a larger picture: placed again, recorded again
    assert card.recordings == before + 1


def test_recordings_follow_weights_that_change_in_place(card: PaperCard, tmp_path: Path) -> None:
    import diffusers

    unet = diffusers.UNet2DConditionModel.from_pretrained(random_model(), subfolder="unet")
    layer = next(name for name, part in unet.named_modules() if name.endswith("attn2.to_k"))
    weight = unet.get_submodule(layer).weight
    flat = "lora_unet_" + layer.replace(".", "_")
    tensors = {
        f"{flat}.lora_up.weight": torch.ones(weight.shape[0], 2),
        f"{flat}.lora_down.weight": torch.full((2, weight.shape[1]), 0.5),
    }
    save_file(tensors, tmp_path / "loud.safetensors")
    recorded = engine_of(card, networks=(tmp_path,))
    asked = [looped(positive=f"a cat <lora:loud:{weight}>") for weight in (0.5, 1.0)] + [looped(positive="a cat")]
    through_replays = [recorded.generate(one, smooth(64, 64)) for one in asked]
    plain = engine_of(card, networks=(tmp_path,), acceleration="none")
    for one, picture in zip(asked, through_replays, strict=True):
        assert furthest(picture, plain.generate(one, smooth(64, 64))) == 0
    assert furthest(through_replays[0], through_replays[1]) > 0


def test_where_calls_cannot_be_recorded_they_are_made(card: PaperCard) -> None:
    card.broken = True
    engine = engine_of(card)
    told = [line for line in card.log if "not recorded" in line]
    assert len(told) == 1 and "previous error during capture" in told[0]
    picture = engine.generate(looped(), smooth(64, 64))
    assert card.replays == 0 and card.recordings == 0
    card.broken = False
    assert furthest(picture, engine_of(card).generate(looped(), smooth(64, 64))) == 0


def test_a_network_that_waits_inside_a_call_is_not_recorded(card: PaperCard) -> None:
    from parseq_tui.render.engines.cuda_graphs import GraphedNetwork

    def network(latent: Any, time: Any, *, encoder_hidden_states: Any, return_dict: bool) -> Any:
        return (latent * float(time),)

    told: list[str] = []
    graphed = GraphedNetwork(network, report=told.append)
    text, latent = torch.ones(1, 2, 3, device=CARD), torch.ones(1, 4, 2, 2, device=CARD)
    for number in (2.0, 3.0):
        (answer,) = graphed(latent, torch.tensor(number, device=CARD), encoder_hidden_states=text)
        assert torch.equal(answer, latent * number)
    assert len(told) == 1 and "capture" in told[0]


def test_frames_made_together_are_those_made_alone(card: PaperCard) -> None:
    engine = engine_of(card)
    asked: list[tuple[DiffusionRequest, Any]] = [
        (looped(seed=1), None),
        (looped(seed=2, positive="a dog"), smooth(64, 64)),
        (looped(seed=3), None),
    ]
    together = engine.generate_many(asked)
    assert engine.together(512, 512) == 4 and engine.together(1024, 1024) == 1
    for one, picture in zip(asked, together, strict=True):
        assert furthest(picture, engine.generate_many([one])[0]) == 0


def test_pictures_are_read_when_they_have_arrived(card: PaperCard) -> None:
    """Two on their way at once, into memory of their own, whatever order they are asked for in."""
    levels = [torch.full((3, 4, 4), number, dtype=torch.uint8, device=CARD) for number in (10, 20)]
    first, second = (fetched(level) for level in levels)
    assert card.log == []
    levels[0].fill_(99)  # what the card does next is behind the copy
    assert (second.waited()[0] == 20).all() and (first.waited()[0] == 10).all()
    assert card.log == ["wait event", "wait event"]


def test_what_is_sent_waits_for_nothing_and_is_not_written_to_meanwhile(card: PaperCard) -> None:
    numbers = torch.arange(4.0)
    there = sent(numbers, CARD)
    numbers.zero_()  # the copy is made from memory of its own
    assert isinstance(there, OnCard) and card.log == []
    assert there.cpu().tolist() == [0, 1, 2, 3]


def test_a_full_card_makes_room_until_the_picture_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The estimate says that everything fits; the card finds that it does not, wherever that happens."""
    from parseq_tui.render.engines import residence
    from parseq_tui.render.engines.memory import Placement

    monkeypatch.setattr(residence, "choose_placement", lambda *_, **__: Placement())
    model = family_model("sdxl")
    with paper_card() as large:
        engine = engine_of(large, model)
        plain = engine.generate(looped(), smooth(64, 64))
        sizes = [
            sum(t.numel() * t.element_size() for t in n.parameters()) for n in engine._maker._parts.networks.values()
        ]
        engine.close()
        assert large.held == 0

    def made(room: float) -> tuple[Any, str]:
        told: list[str] = []
        with paper_card(int(room)) as small:
            engine = DiffusersEngine(str(model), "auto")
            engine.listen(told.append)
            made = engine.generate(looped(), smooth(64, 64))
            engine.close()
            assert small.held == 0
            return made, "; ".join(told)

    picture, told = made(1.05 * sum(sizes))  # the weights fit, the work beside them does not
    assert furthest(picture, plain) == 0
    assert "everything stays on the device" in told and "the frame is made again" in told
    picture, told = made(1.25 * max(sizes))  # not even the weights do
    assert furthest(picture, plain) == 0
    assert "networks wait in main memory" in told and "the frame is made again" not in told
    with pytest.raises(OutOfMemory, match="memory is full") as caught:
        made(0.9 * max(sizes))
    assert "lower the width and height" in caught.value.hint


def test_half_precision_that_overflows_is_followed_by_single(card: PaperCard) -> None:
    engine = engine_of(card)
    maker: Any = engine._maker
    plain = engine.generate(looped(), smooth(64, 64))
    decode = maker._parts.vae.decode

    def overflows(latent: Any, **how: Any) -> Any:
        (picture,) = decode(latent, **how)
        return (picture * float("nan") if latent.dtype == torch.half else picture,)

    maker._parts.vae.decode = overflows
    card.log.clear()
    assert furthest(engine.generate(looped(), smooth(64, 64)), plain) <= 4
    assert sum("the autoencoder works in single precision from here on" in line for line in card.log) == 1
    card.log.clear()
    engine.generate(looped(), smooth(64, 64))
    assert not any(line.startswith("told") for line in card.log)
