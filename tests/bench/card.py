"""A loopback frame on a card: milliseconds, the share outside the networks, the stock pipeline ÷ ours, and the floor.

    python tests/bench/card.py [--device cuda:0] [--size 512] [--evaluations 10] [--frames 20] [--small]

SD 1.5 in shape, with random weights, made from the configuration in the package; nothing is downloaded. Each frame is
encoded, drawn with CFG at half strength, decoded, and copied to main memory. Every part stands alone: one that fails
says why, and the next one begins, since time on a card is scarce. `--small` takes narrow networks, to try the command
itself on a CPU: only the lines marked "card" are left out there.
"""

from __future__ import annotations

import argparse
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from parseq_tui import paths
from parseq_tui.render.engines.base import DiffusionRequest, Task
from parseq_tui.render.engines.components import Components
from parseq_tui.render.engines.descriptions import read_json
from parseq_tui.render.engines.devices import choose_device, device_name, quiet_libraries
from parseq_tui.render.engines.diffusers import DiffusersEngine
from parseq_tui.render.engines.loading import tokenizer
from parseq_tui.render.engines.picture_maker import PictureMaker

LAYOUT = paths.bundled("models") / "sd1"
NARROW = {"block_out_channels": [32, 32, 32, 32]}


@dataclass(slots=True)
class Bench:
    """What is measured, and what was."""

    chosen: argparse.Namespace
    loaded: Components
    found: dict[str, float] = field(default_factory=dict)
    """Name → milliseconds per frame."""

    @property
    def on_card(self) -> bool:
        return self.loaded.device.type == "cuda"

    def milliseconds(self, frame: Callable[[], Any]) -> float:
        for _ in range(3):
            frame()
        self.wait()
        began = time.perf_counter()
        for _ in range(self.chosen.frames):
            frame()
        self.wait()
        return (time.perf_counter() - began) * 1000 / self.chosen.frames

    def wait(self) -> None:
        if self.on_card:
            torch.cuda.synchronize(self.loaded.device)

    def maker(self, acceleration: str) -> PictureMaker:
        return PictureMaker(self.loaded, "guarded", report=lambda text: print(f"  {text}"), acceleration=acceleration)

    def frame(self, maker: PictureMaker) -> Callable[[], None]:
        """One more frame of a loopback."""
        chosen = self.chosen
        request = DiffusionRequest(
            width=chosen.size,
            height=chosen.size,
            positive="a cat",
            negative="blurry",
            seed=1,
            subseed=2,
            subseed_strength=0.2,
            cfg_scale=5.0,
            denoising_strength=0.5,
            steps=chosen.evaluations,
            scheduler="euler",
        )
        state = [np.zeros((chosen.size, chosen.size, 3), np.uint8)]

        def frame() -> None:
            state[0] = maker.make(Task(request, state[0], 0.5))

        return frame


def parts(device: torch.device, *, small: bool) -> Components:
    import diffusers
    import transformers

    dtype = torch.float16 if device.type == "cuda" else torch.float32
    torch.manual_seed(0)
    narrow = NARROW if small else {}
    unet = diffusers.UNet2DConditionModel.from_config({**read_json(LAYOUT / "unet" / "config.json"), **narrow})
    vae = diffusers.AutoencoderKL.from_config({**read_json(LAYOUT / "vae" / "config.json"), **narrow})
    shallow = {"num_hidden_layers": 2} if small else {}
    text = transformers.CLIPTextModel(transformers.CLIPTextConfig.from_pretrained(LAYOUT / "text_encoder", **shallow))
    networks = [network.to(device, dtype).requires_grad_(False).eval() for network in (unet, vae, text)]
    return Components(
        unet=networks[0],
        vae=networks[1],
        text_encoders=(networks[2],),
        tokenizers=(tokenizer(LAYOUT, "tokenizer"),),
        scheduler_config=read_json(LAYOUT / "scheduler" / "scheduler_config.json"),
        device=device,
        channels=4,
        factor=8,
    )


def call_by_call(bench: Bench) -> None:
    took = bench.found["ours"] = bench.milliseconds(bench.frame(bench.maker("none")))
    print(f"ours, the UNet called: {took:.1f} ms/frame")


def recorded(bench: Bench) -> None:
    """card"""
    if bench.on_card:
        took = bench.milliseconds(bench.frame(bench.maker("graphs")))
        bench.found["ours"] = min(took, bench.found.get("ours", took))
        print(f"ours, the UNet recorded: {took:.1f} ms/frame")


def _network_calls(bench: Bench) -> Callable[[], None]:
    loaded, chosen = bench.loaded, bench.chosen
    how: dict[str, Any] = {"device": loaded.device, "dtype": loaded.dtype}
    side = chosen.size // loaded.factor
    latent, pixels = torch.randn(2, 4, side, side, **how), torch.randn(1, 3, chosen.size, chosen.size, **how)
    text, moment = torch.randn(2, 77, 768, **how), torch.tensor(500.0, device=loaded.device)

    @torch.inference_mode()
    def frame() -> None:
        loaded.vae.encode(pixels)
        for _ in range(chosen.evaluations):
            loaded.unet(latent, moment, encoder_hidden_states=text, return_dict=False)
        loaded.vae.decode(latent[:1], return_dict=False)

    return frame


def networks_alone(bench: Bench) -> None:
    """The UNet's evaluations, one encoding and one decoding, with nothing between them."""
    frame = _network_calls(bench)
    took = bench.milliseconds(frame)
    print(f"networks alone, called: {took:.1f} ms/frame")
    if bench.on_card:  # card: as one recording, what the card itself needs
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            frame()
        took = bench.milliseconds(graph.replay)
        print(f"networks alone, recorded: {took:.1f} ms/frame")
    bench.found["networks"] = took


def stock(bench: Bench) -> None:
    import diffusers
    from PIL import Image

    loaded, chosen = bench.loaded, bench.chosen
    pipeline = diffusers.StableDiffusionImg2ImgPipeline(
        vae=loaded.vae,
        text_encoder=loaded.text_encoders[0],
        tokenizer=loaded.tokenizers[0],
        unet=loaded.unet,
        scheduler=diffusers.EulerDiscreteScheduler.from_config(dict(loaded.scheduler_config)),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    state = [Image.new("RGB", (chosen.size, chosen.size))]

    def frame() -> None:
        made = pipeline(
            "a cat",
            state[0],
            strength=0.5,
            num_inference_steps=2 * chosen.evaluations,
            guidance_scale=5.0,
            negative_prompt="blurry",
            generator=torch.Generator().manual_seed(1),
        )
        state[0] = made.images[0]

    took = bench.found["stock"] = bench.milliseconds(frame)
    print(f"stock pipeline: {took:.1f} ms/frame")


def floor(bench: Bench) -> None:
    """The networks' multiplications at the rate this device multiplies large matrices (RENDER.md §3.2)."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        _network_calls(bench)()
    side = 8192 if bench.on_card else 512
    matrix = torch.randn(side, side, device=bench.loaded.device, dtype=bench.loaded.dtype)
    rate = 2 * side**3 / bench.milliseconds(lambda: matrix @ matrix)
    bench.found["floor"] = counter.get_total_flops() / rate
    print(f"{counter.get_total_flops() / 1e12:.2f} TFLOP/frame at {rate / 1e9:.1f} TFLOP/s")


def waits(bench: Bench) -> None:
    """card: how often the host waits in a frame, as torch itself sees it; one download is meant."""
    if not bench.on_card:
        return
    frame = bench.frame(bench.maker("graphs"))
    frame()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            frame()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    places = [f"{warning.filename}:{warning.lineno}" for warning in said]
    print(f"{len(places)} waits of the host in a frame {places}")


def memory(bench: Bench) -> None:
    """card: what a frame took, beside what was reckoned."""
    if bench.on_card:
        torch.cuda.reset_peak_memory_stats(bench.loaded.device)
        bench.frame(bench.maker("none"))()
        used, kept = torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved()
        print(f"memory of a frame: {used / 2**30:.2f} GiB used, {kept / 2**30:.2f} GiB kept by torch")


def bundled(bench: Bench) -> None:
    """The bundled model's picture here and on the CPU: half precision moves it by a few levels."""
    engines = [DiffusersEngine("tiny", device) for device in (str(bench.loaded.device), "cpu")]
    request = DiffusionRequest(128, 128, "a red cat", "", 1, 2, 0.0, 5.0, 1.0, 8, "euler_a")
    here, there = (engine.generate(request, None).astype(int) for engine in engines)
    apart = np.abs(here - there)
    print(f"bundled model, here and on the CPU: {apart.mean():.2f} levels apart on average, {apart.max()} at most")


PARTS = (call_by_call, recorded, networks_alone, stock, floor, waits, memory, bundled)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--device", default="cuda:0")
    options.add_argument("--size", type=int, default=512)
    options.add_argument("--evaluations", type=int, default=10)
    options.add_argument("--frames", type=int, default=20)
    options.add_argument("--small", action="store_true")
    chosen = options.parse_args()
    device = choose_device(chosen.device, print)
    print(f"{device_name(device)}, torch {torch.__version__}")
    with quiet_libraries():
        bench = Bench(chosen, parts(device, small=chosen.small))
        for part in PARTS:
            try:
                part(bench)
            except Exception:  # noqa: BLE001 - the others' numbers are worth having
                print(f"{part.__name__} failed:\n{traceback.format_exc()}")
    found = bench.found
    if "ours" in found and "networks" in found:
        print(f"outside the networks: {100 * (1 - found['networks'] / found['ours']):.1f} % (goal: at most 5)")
    if "ours" in found and "stock" in found:
        print(f"stock pipeline ÷ ours: {found['stock'] / found['ours']:.2f} (goal: at least 3)")
    if "ours" in found and "floor" in found:
        print(f"ours ÷ floor: {found['ours'] / found['floor']:.2f} (floor {found['floor']:.1f} ms/frame)")


if __name__ == "__main__":
    main()
