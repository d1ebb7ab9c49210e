"""A loopback frame on a card: milliseconds, the share outside the networks, and the stock pipeline ÷ ours.

    python tests/bench/card.py [--device cuda] [--size 512] [--evaluations 10] [--frames 20] [--graphs] [--small]

SD 1.5 in shape, with random weights, made from the configuration in the package; nothing is downloaded. Each frame is
encoded, drawn with CFG at half strength, decoded, and copied to main memory. `--small` takes narrow networks, to try
the command itself on a CPU.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from parseq_tui import paths
from parseq_tui.render.engines.base import DiffusionRequest, Task
from parseq_tui.render.engines.components import Components
from parseq_tui.render.engines.descriptions import read_json
from parseq_tui.render.engines.devices import quiet_libraries
from parseq_tui.render.engines.loading import tokenizer
from parseq_tui.render.engines.picture_maker import PictureMaker

LAYOUT = paths.bundled("models") / "sd1"
NARROW = {"block_out_channels": [32, 32, 32, 32]}


def parts(device: torch.device, *, small: bool) -> Components:
    import diffusers
    import transformers

    dtype = torch.float16 if device.type == "cuda" else torch.float32
    torch.manual_seed(0)
    narrow = NARROW if small else {}
    unet = diffusers.UNet2DConditionModel.from_config({**read_json(LAYOUT / "unet" / "config.json"), **narrow})
    vae = diffusers.AutoencoderKL.from_config({**read_json(LAYOUT / "vae" / "config.json"), **narrow})
    text = transformers.CLIPTextModel(transformers.CLIPTextConfig.from_pretrained(LAYOUT / "text_encoder"))
    networks = [network.to(device, dtype).requires_grad_(False).eval() for network in (unet, vae, text)]
    return Components(
        unet=networks[0],
        vae=networks[1],
        text_encoders=(networks[2],),
        tokenizers=(tokenizer(LAYOUT, "tokenizer"),),
        scheduler_config=read_json(LAYOUT / "scheduler" / "scheduler_config.json"),
        device=device,
        dtype=dtype,
        channels=4,
        factor=8,
    )


def milliseconds(device: torch.device, frames: int, frame: Callable[[], Any]) -> float:
    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    for _ in range(3):
        frame()
    wait()
    began = time.perf_counter()
    for _ in range(frames):
        frame()
    wait()
    return (time.perf_counter() - began) * 1000 / frames


def networks_alone(loaded: Components, chosen: argparse.Namespace) -> float:
    """The UNet's evaluations, one encoding and one decoding, with nothing between them."""
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

    return milliseconds(loaded.device, chosen.frames, frame)


def ours(loaded: Components, chosen: argparse.Namespace) -> float:
    maker = PictureMaker(loaded, "guarded", report=print, graphs=chosen.graphs)
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

    return milliseconds(loaded.device, chosen.frames, frame)


def stock(loaded: Components, chosen: argparse.Namespace) -> float:
    import diffusers
    from PIL import Image

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

    return milliseconds(loaded.device, chosen.frames, frame)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--device", default="cuda")
    options.add_argument("--size", type=int, default=512)
    options.add_argument("--evaluations", type=int, default=10)
    options.add_argument("--frames", type=int, default=20)
    options.add_argument("--graphs", action="store_true")
    options.add_argument("--small", action="store_true")
    chosen = options.parse_args()
    with quiet_libraries():
        loaded = parts(torch.device(chosen.device), small=chosen.small)
        frame, theirs = ours(loaded, chosen), stock(loaded, chosen)
        alone = networks_alone(loaded, chosen)
    print(f"ours {frame:.1f} ms/frame, networks alone {alone:.1f}, outside them {100 * (1 - alone / frame):.1f} %")
    print(f"stock pipeline {theirs:.1f} ms/frame, ratio {theirs / frame:.2f}")


if __name__ == "__main__":
    main()
