"""How a model fits into memory: the decision, the arrangement, and stepping down when it does not fit after all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.errors import OutOfMemory, RenderError
from parseq_tui.render.engines.memory import LADDER, RESERVE, Need, Placement, choose_placement, next_smaller

GIB = 1 << 30
SD15 = {"unet": 1_719_000_000, "vae": 167_000_000, "text_encoder": 246_000_000}
SDXL = {"unet": 5_135_000_000, "vae": 335_000_000, "text_encoder": 246_000_000, "text_encoder_2": 1_389_000_000}


@pytest.mark.parametrize(
    ("weights", "side", "vae_bytes", "free", "expected"),
    [
        (SD15, 512, 2, 24 * GIB, Placement()),
        (SD15, 512, 2, 7.5 * GIB, Placement()),
        (SD15, 512, 2, 3.2 * GIB, Placement("parts")),
        (SDXL, 1024, 4, 24 * GIB, Placement()),
        (SDXL, 1024, 4, 12 * GIB, Placement("parts")),
        (SDXL, 1024, 4, 7.5 * GIB, Placement("parts", tiles=True)),
        (SDXL, 1024, 4, 4 * GIB, Placement("blocks", tiles=True)),
    ],
    ids=["SD1.5 on 24 GB", "SD1.5 on 8", "SD1.5 on 4", "SDXL on 24", "SDXL on 12", "SDXL on 8", "SDXL on 4"],
)
def test_what_cards_are_given(
    weights: dict[str, int], side: int, vae_bytes: int, free: float, expected: Placement
) -> None:
    assert choose_placement(Need(weights, side * side, vae_bytes), int(free)) == expected


@given(
    unet=st.integers(1, 30 * GIB),
    vae=st.integers(1, GIB),
    text=st.integers(1, 12 * GIB),
    side=st.integers(1, 64),
    free=st.integers(0, 200 * GIB),
)
def test_laws(unet: int, vae: int, text: int, side: int, free: int) -> None:
    need = Need({"unet": unet, "vae": vae, "text_encoder": text}, (side * 64) ** 2)
    peaks = [need.peak(step) for step in LADDER]
    assert peaks == sorted(peaks, reverse=True)  # every step down the ladder needs less, or as much
    chosen = choose_placement(need, free)
    fits = [step for step in LADDER if need.peak(step) + RESERVE <= free]
    assert chosen == (fits[0] if fits else LADDER[-1])
    assert LADDER.index(choose_placement(need, free + GIB)) <= LADDER.index(chosen)


def test_nobody_knows_and_nowhere_else_to_wait() -> None:
    need = Need(SDXL, 1024 * 1024)
    assert choose_placement(need, None) == Placement()
    assert choose_placement(Need({}, 4096 * 4096, 4), 8 * GIB, on_host=True) == Placement(tiles=True)
    assert next_smaller(Placement(), on_host=True) == Placement(tiles=True)
    assert next_smaller(Placement(tiles=True), on_host=True) is None
    steps = [Placement()]
    while (following := next_smaller(steps[-1])) is not None:
        steps.append(following)
    assert tuple(steps) == LADDER
    assert "block by block" in str(LADDER[-1]) and "tiles" in str(LADDER[-1])


@pytest.mark.slow
@pytest.mark.parametrize("placement", LADDER[1:], ids=str)
def test_where_networks_wait_changes_no_bit(placement: Placement, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the CPU, where moving is naming; the order of who is at work is the real one."""
    from families import family_model
    from pictures import furthest, smooth
    from small_models import request

    from parseq_tui.render.engines import residence
    from parseq_tui.render.engines.diffusers import DiffusersEngine

    model = str(family_model("sdxl"))
    asked = request(width=64, height=64)
    plain = DiffusersEngine(model, "cpu").generate(asked, smooth(64, 64))
    monkeypatch.setattr(residence, "choose_placement", lambda *_, **__: placement)
    told: list[str] = []
    placed = DiffusersEngine(model, "cpu")
    placed.listen(told.append)
    for _ in range(2):  # below the size of a tile there is one tile, so tiling shows nothing either
        assert furthest(placed.generate(asked, smooth(64, 64)), plain) == 0
    assert len(told) == 1 and str(placement) in told[0] and "the CPU in float32" in told[0]


@pytest.mark.slow
def test_only_the_network_at_work_is_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that keeps copies, as a card does: what is a copy is there, what is the original is at home."""
    import torch

    from parseq_tui.render.engines import residence

    def copied(held: Any, _device: torch.device) -> None:
        for tensor, home in held:
            tensor.data = home.clone()

    monkeypatch.setattr(residence, "_move", copied)
    unet = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    networks = {"unet": unet, "vae": torch.nn.Linear(2, 2)}
    homes = {part: [weights.data_ptr() for weights in network.parameters()] for part, network in networks.items()}

    def away(part: str) -> list[bool]:
        pointers = [weights.data_ptr() for weights in networks[part].parameters()]
        return [pointer != home for pointer, home in zip(pointers, homes[part], strict=True)]

    placed = residence.Residence(networks, torch.device("cpu"), Placement("parts"))
    assert not any(away("unet") + away("vae"))
    placed.at_work("unet")
    assert all(away("unet")) and not any(away("vae"))
    placed.at_work("vae")
    assert not any(away("unet")) and all(away("vae"))
    placed.settle(Placement("blocks", tiles=True))
    seen: list[list[bool]] = []
    unet[1].register_forward_pre_hook(lambda *_: seen.append(away("unet")))
    placed.at_work("unet")(torch.zeros(1, 2))
    assert seen == [[False, False, True, True]]  # weight and bias of the layer at work
    assert not any(away("unet") + away("vae"))
    placed.close()


@pytest.mark.slow
def test_a_full_memory_makes_room_and_the_frame_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from pictures import furthest
    from small_models import golden_model, request

    from parseq_tui.render.engines import picture_maker
    from parseq_tui.render.engines.diffusers import DiffusersEngine

    plain = DiffusersEngine(str(golden_model()), "cpu").generate(request(), None)
    sample, failures = picture_maker.sample_together, [1]

    def once_full(*given: Any) -> Any:
        if failures.pop() if failures else 0:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return sample(*given)

    monkeypatch.setattr(picture_maker, "sample_together", once_full)
    told: list[str] = []
    engine = DiffusersEngine(str(golden_model()), "cpu")
    engine.listen(told.append)
    assert furthest(engine.generate(request(), None), plain) == 0
    assert "the frame is made again" in told[-1] and "tiles" in told[-1]

    failures.extend([1, 1, 1])
    with pytest.raises(OutOfMemory, match="memory is full") as caught:
        engine.generate(request(), None)
    assert "lower the width and height" in caught.value.hint and "are kept" in caught.value.hint


@pytest.mark.slow
def test_what_main_memory_cannot_hold_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    from small_models import golden_model

    from parseq_tui.render.engines import components
    from parseq_tui.render.engines.diffusers import DiffusersEngine

    monkeypatch.setattr(components, "free_memory", lambda _: 1000)
    with pytest.raises(OutOfMemory, match=r"of main memory to be loaded, 0\.0 are free"):
        DiffusersEngine(str(golden_model()), "cpu").load()


@pytest.mark.slow
def test_a_card_that_stops_answering_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from small_models import golden_model, request

    from parseq_tui.render.engines import picture_maker
    from parseq_tui.render.engines.diffusers import DiffusersEngine

    def lost(*_: Any) -> Any:
        raise RuntimeError("CUDA error: unspecified launch failure\nCUDA kernel errors might be reported later")

    monkeypatch.setattr(picture_maker, "sample_together", lost)
    with pytest.raises(RenderError, match="the device failed") as caught:
        DiffusersEngine(str(golden_model()), "cpu").generate(request(), None)
    assert "render again" in caught.value.hint
