"""LoRA files and embeddings: found by name, told of before rendering, merged exactly, and part of the frame's key."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import furthest
from safetensors.numpy import load_file, save_file
from stand_ins import table_of

from parseq_tui.errors import RenderError
from parseq_tui.render.dependencies import key_frames
from parseq_tui.render.engines.base import DiffusionRequest
from parseq_tui.render.engines.extra_networks import ExtraNetworks, Use
from parseq_tui.render.plan import plan_frames
from parseq_tui.timeline.document import Options
from parseq_tui.timeline.render_settings import resolve

RANK = 2


def asked(positive: str, **changes: Any) -> DiffusionRequest:
    usual: dict[str, Any] = {"negative": "", "seed": 1, "subseed": 0, "subseed_strength": 0.0, "cfg_scale": 4.0}
    rest: dict[str, Any] = {"denoising_strength": 1.0, "steps": 3, "scheduler": "euler", "width": 64, "height": 64}
    return DiffusionRequest(positive=positive, **usual | rest | changes)


def saved(file: Path, **tensors: tuple[int, ...]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file({name.replace("__", "."): np.ones(shape, np.float32) for name, shape in tensors.items()}, file)
    return file


def lora_for(width: int) -> dict[str, tuple[int, ...]]:
    stem = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    return {f"{stem}__lora_down__weight": (RANK, width), f"{stem}__lora_up__weight": (320, RANK)}


def test_files_are_found_by_name_in_any_subfolder(tmp_path: Path) -> None:
    file = saved(tmp_path / "styles" / "Inky_v2.safetensors", **lora_for(768))
    found = ExtraNetworks((tmp_path,))
    assert found.uses("a cat <lora:inky_v2:0.5>") == (Use(file, 0.5, 0.5),)
    assert found.uses("<lora:styles/inky_v2:0.5:0.8> a cat") == (Use(file, 0.5, 0.8),)
    assert found.uses(f"<lora:{file}:1>") == (Use(file, 1.0, 1.0),)
    assert found.uses("<lora:Inky_v2:0.5><lora:inky_v2:0.25>") == (Use(file, 0.75, 0.75),)
    assert found.uses("<lora:inky_v2:0> a cat, <lora:else:1>") == ()


def test_a_lora_that_is_nowhere_is_answered_with_the_nearest(tmp_path: Path) -> None:
    from parseq_tui.render.conditioning import Network

    saved(tmp_path / "watercolour.safetensors", **lora_for(768))
    found = ExtraNetworks((tmp_path,))
    message, hint = found.problem(Network("lora", "watercolor"), 768) or ("", "")
    assert message == "there is no LoRA called 'watercolor'"
    assert "did you mean watercolour?" in hint and str(tmp_path) in hint
    _, hint = ExtraNetworks().problem(Network("lora", "x"), 768) or ("", "")
    assert "--networks" in hint
    message, hint = found.problem(Network("lora", "watercolour"), 2048) or ("", "")
    assert "made for Stable Diffusion 1.x, the model is Stable Diffusion XL" in message
    assert found.problem(Network("lora", "watercolour"), 768) is None
    assert "only lora is" in (found.problem(Network("hypernet", "x"), 768) or ("", ""))[0]


def test_damaged_and_other_files_are_told(tmp_path: Path) -> None:
    from parseq_tui.render.conditioning import Network

    saved(tmp_path / "model.safetensors", model__diffusion_model__out=(2, 2), x=(1, 2))
    whole = saved(tmp_path / "torn.safetensors", **lora_for(768))
    whole.write_bytes(whole.read_bytes()[:-8])
    header = json.dumps(
        {"a.lora_down.weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 0]}, "a.dora_scale": {}}
    )
    (tmp_path / "dora.safetensors").write_bytes(struct.pack("<Q", len(header)) + header.encode())
    found = ExtraNetworks((tmp_path,))
    for name, words in (("model", "is no LoRA"), ("torn", "is torn"), ("dora", "DoRA")):
        message, _ = found.problem(Network("lora", name), 768) or ("", "")
        assert words in message


def test_names_in_prompts_are_whole_words(tmp_path: Path) -> None:
    bad = saved(tmp_path / "bad-hands.safetensors", emb_params=(2, 768))
    found = ExtraNetworks((tmp_path,))
    assert found.words("ugly, (bad-hands:1.2), blurry") == {"bad-hands": bad}
    assert found.words("Bad-Hands") == {"bad-hands": bad}
    assert found.words("bad-handshake, notbad-hands") == {}
    assert found.uses("<lora:bad-hands:1>") == ()
    assert found.misfit(bad, (768,)) == ""
    assert "width 768" in found.misfit(bad, (768, 1280))


def test_the_content_of_the_files_is_in_the_frames_keys(tmp_path: Path) -> None:
    file = saved(tmp_path / "ink.safetensors", **lora_for(768))
    saved(tmp_path / "ugly.safetensors", emb_params=(1, 768))

    def keys() -> Mapping[int, str]:
        texts = (("a cat", ""), ("a cat <lora:ink:1>", ""), ("a cat", "ugly"))
        settings = resolve({"mode": "txt2img", "seed_behavior": "fixed"})
        plans = plan_frames(table_of(3, prompts=texts), settings, Options(), "parseq")
        return key_frames(plans, "engine", str, str, ExtraNetworks((tmp_path,)).content).frames

    before = keys()
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    after = keys()
    assert [before[frame] == after[frame] for frame in range(3)] == [True, False, True]
    saved(tmp_path / "ugly.safetensors", emb_params=(2, 768))
    assert [after[frame] == keys()[frame] for frame in range(3)] == [True, True, False]


# --- what they do to pictures -----------------------------------------------------------------------------------------


def random(shape: tuple[int, ...], seed: int) -> Any:
    return np.random.default_rng(seed).normal(0, 0.3, shape).astype(np.float32)


LAYERS = {
    "unet": {
        "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k": (64, 96),
        "mid_block.attentions.0.proj_in": (64, 64),
        "up_blocks.0.attentions.1.transformer_blocks.0.ff.net.0.proj": (512, 64),
    },
    "text_encoder": {"encoder.layers.0.self_attn.q_proj": (32, 32)},
    "text_encoder_2": {"text_model.encoder.layers.1.mlp.fc1": (128, 64)},
}
"""Layers of the random SDXL model, by the names they have in memory."""
ORIGINAL = {
    "down_blocks.1.attentions.0.": "input_blocks.3.1.",
    "mid_block.attentions.0.": "middle_block.1.",
    "up_blocks.0.attentions.1.": "output_blocks.1.1.",
}
PEFT = {"down": "lora_A.weight", "up": "lora_B.weight"}
KOHYA = {"down": "lora_down.weight", "up": "lora_up.weight"}


def pieces(part: str, name: str, shape: tuple[int, int]) -> dict[str, Any]:
    seed = len(part) + len(name)
    return {"down": random((RANK, shape[1]), seed), "up": random((shape[0], RANK), seed + 1)}


def kohya(part: str, name: str) -> str:
    prefix = {"unet": "lora_unet_", "text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"}[part]
    plain = name if part != "text_encoder" else f"text_model.{name}"
    return prefix + plain.replace(".", "_") + "."


def original(part: str, name: str) -> str:
    for ours, theirs in ORIGINAL.items():
        name = name.replace(ours, theirs)
    return kohya(part, name)


def peft(part: str, name: str) -> str:
    return f"{part}.{name if part != 'text_encoder' else f'text_model.{name}'}."


def older(part: str, name: str) -> str:
    return f"{part}.{name}."


def attention(part: str, name: str) -> str:
    """Attention processors of the first diffusers versions; other layers as later."""
    return f"{part}.{name}.".replace(".to_k.", ".processor.to_k_lora.") if ".to_k" in name else f"{part}.{name}.lora."


@pytest.fixture(scope="module")
def model() -> Path:
    from families import family_model

    return family_model("sdxl")


def changed_model(model: Path, folder: Path, parts: tuple[str, ...], share: float, alpha: float = RANK) -> Path:
    """The model with the changes written into its weights."""
    shutil.copytree(model, folder)
    for part in parts:
        file = next((folder / part).glob("*.safetensors"))
        tensors = load_file(file)
        for name, shape in LAYERS[part].items():
            change = pieces(part, name, shape)
            tensors[f"{name}.weight"] += share * alpha / RANK * (change["up"] @ change["down"])
        save_file(tensors, file, {"format": "pt"})
    return folder


def written(file: Path, name_of: Any, roles: Mapping[str, str], alpha: float | None = None) -> Path:
    tensors: dict[str, Any] = {}
    for part, layers in LAYERS.items():
        for name, shape in layers.items():
            for role, piece in pieces(part, name, shape).items():
                tensors[name_of(part, name) + roles[role]] = piece
            if alpha is not None:
                tensors[name_of(part, name) + "alpha"] = np.array(alpha, np.float32)
    save_file(tensors, file)
    return file


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name_of", "roles", "alpha"),
    [
        (kohya, KOHYA, 1.0),
        (original, KOHYA, 1.0),
        (peft, PEFT, None),
        (older, {"down": "lora.down.weight", "up": "lora.up.weight"}, None),
        (attention, {"down": "down.weight", "up": "up.weight"}, None),
    ],
    ids=["kohya", "original names", "peft", "older diffusers", "oldest diffusers"],
)
def test_a_lora_is_its_change_written_into_the_weights(
    name_of: Any, roles: Any, alpha: float | None, model: Path, tmp_path: Path
) -> None:
    from parseq_tui.render.engines.diffusers import DiffusersEngine

    written(tmp_path / "ink.safetensors", name_of, roles, alpha)
    drawn = DiffusersEngine(str(model), "cpu", networks=(tmp_path,))
    all_parts = tuple(LAYERS)
    merged = changed_model(model, tmp_path / "merged", all_parts, 0.7, RANK if alpha is None else alpha)
    reference = DiffusersEngine(str(merged), "cpu").generate(asked("a cat"), None)
    assert furthest(drawn.generate(asked("a cat <lora:ink:0.7>"), None), reference) <= 1
    assert furthest(drawn.generate(asked("a cat"), None), reference) > 0


@pytest.mark.slow
def test_an_alpha_may_be_stated_beside_the_tensors(model: Path, tmp_path: Path) -> None:
    from parseq_tui.render.engines.diffusers import DiffusersEngine

    file = written(tmp_path / "ink.safetensors", peft, PEFT)
    alphas = json.dumps({f"{part}.lora_alpha": 1 for part in LAYERS} | {"unet.r": RANK})
    save_file(load_file(file), file, {"format": "pt", "lora_adapter_metadata": alphas})
    merged = changed_model(model, tmp_path / "merged", tuple(LAYERS), 0.7, alpha=1)
    reference = DiffusersEngine(str(merged), "cpu").generate(asked("a cat"), None)
    drawn = DiffusersEngine(str(model), "cpu", networks=(tmp_path,)).generate(asked("a cat <lora:ink:0.7>"), None)
    assert furthest(drawn, reference) <= 1


@pytest.mark.slow
def test_weights_move_from_frame_to_frame_and_leave_no_trace(model: Path, tmp_path: Path) -> None:
    from parseq_tui.render.engines.diffusers import DiffusersEngine

    written(tmp_path / "ink.safetensors", kohya, KOHYA)
    engine = DiffusersEngine(str(model), "cpu", networks=(tmp_path,))
    plain = engine.generate(asked("a cat"), None)
    shares = (0.25, -0.5, 1.0)
    moved = [engine.generate(asked(f"a cat <lora:ink:{share}>"), None) for share in shares]
    assert furthest(engine.generate(asked("a cat"), None), plain) == 0
    fresh = DiffusersEngine(str(model), "cpu", networks=(tmp_path,))
    for share, picture in zip(shares[::-1], moved[::-1], strict=True):
        assert furthest(fresh.generate(asked(f"a cat <lora:ink:{share}>"), None), picture) == 0
    together = engine.generate_many([(asked(f"a cat <lora:ink:{share}>"), None) for share in (*shares, 0.0)])
    for picture, alone in zip(together, (*moved, plain), strict=True):
        assert furthest(picture, alone) <= 1


@pytest.mark.slow
def test_the_two_weights_of_a_tag_are_for_text_and_picture(model: Path, tmp_path: Path) -> None:
    from parseq_tui.render.engines.diffusers import DiffusersEngine

    written(tmp_path / "ink.safetensors", kohya, KOHYA)
    engine = DiffusersEngine(str(model), "cpu", networks=(tmp_path,))
    text_only = changed_model(model, tmp_path / "text", ("text_encoder", "text_encoder_2"), 0.5)
    reference = DiffusersEngine(str(text_only), "cpu").generate(asked("a cat"), None)
    assert furthest(engine.generate(asked("a cat <lora:ink:0.5:0>"), None), reference) <= 1
    before = engine.text_passes
    engine.generate(asked("a cat <lora:ink:te=0.5:unet=0.9>"), None)
    assert engine.text_passes == before  # the text encoders are as they were: nothing is encoded again


@pytest.mark.slow
def test_products_of_hadamard_and_kronecker() -> None:
    import torch

    from parseq_tui.render.engines.lora import difference

    def tensor(*shape: int) -> torch.Tensor:
        return torch.from_numpy(random(shape, sum(shape)))

    cpu = torch.device("cpu")
    a1, b1, a2, b2 = tensor(6, 2), tensor(2, 4), tensor(6, 2), tensor(2, 4)
    loha = {"hada_w1_a": a1, "hada_w1_b": b1, "hada_w2_a": a2, "hada_w2_b": b2, "alpha": torch.tensor(1.0)}
    torch.testing.assert_close(difference(loha, (6, 4), cpu), (a1 @ b1) * (a2 @ b2) / 2)
    w1, w2 = tensor(2, 2), tensor(3, 2)
    torch.testing.assert_close(difference({"lokr_w1": w1, "lokr_w2": w2}, (6, 4), cpu), torch.kron(w1, w2))
    up, down, mid = tensor(6, 2, 1, 1), tensor(2, 4, 1, 1), tensor(2, 2, 3, 3)
    whole = difference({"up": up, "down": down, "mid": mid}, (6, 4, 3, 3), cpu)
    for y in range(3):
        for x in range(3):
            torch.testing.assert_close(whole[:, :, y, x], up[:, :, 0, 0] @ mid[:, :, y, x] @ down[:, :, 0, 0])
    conv = {"up": tensor(6, 2, 1, 1), "down": tensor(2, 4, 3, 3)}
    torch.testing.assert_close(
        difference(conv, (6, 4, 3, 3), cpu), torch.einsum("or,rihw->oihw", conv["up"][:, :, 0, 0], conv["down"])
    )


@pytest.mark.slow
def test_a_lora_of_another_model_is_refused(model: Path, tmp_path: Path) -> None:
    from parseq_tui.render.engines.diffusers import DiffusersEngine

    stem = "lora_unet_mid_block_attentions_0_proj_in"
    save_file(
        {f"{stem}.lora_down.weight": random((2, 999), 1), f"{stem}.lora_up.weight": random((64, 2), 1)},
        tmp_path / "wrong.safetensors",
    )
    save_file({"lora_unet_nowhere.lora_down.weight": random((2, 2), 1)}, tmp_path / "strange.safetensors")
    engine = DiffusersEngine(str(model), "cpu", networks=(tmp_path,))
    with pytest.raises(RenderError, match=r"wrong\.safetensors does not fit this model: .*proj_in"):
        engine.generate(asked("<lora:wrong:1>"), None)
    with pytest.raises(RenderError, match="none of its 1 layers is there"):
        engine.generate(asked("<lora:strange:1>"), None)
    assert engine.generate(asked("a cat"), None).shape == (64, 64, 3)


@pytest.mark.slow
def test_a_taught_word_is_its_vectors(tmp_path: Path) -> None:
    """A word taught the vectors of two others draws what those two draw, wherever it stands and however weighted."""
    from small_models import golden_model

    from parseq_tui.render.engines.diffusers import DiffusersEngine

    model = golden_model()
    engine = DiffusersEngine(str(model), "cpu", networks=(tmp_path,))
    table = load_file(model / "text_encoder" / "model.safetensors")["embeddings.token_embedding.weight"]
    from parseq_tui.render.engines.loading import tokenizer

    ids = tokenizer(model, "tokenizer")("blue dog", add_special_tokens=False)["input_ids"]
    save_file({"emb_params": np.ascontiguousarray(table[ids])}, tmp_path / "azure-hound.safetensors")
    for text in ("a photo of {}", "{}, a cat", "a (very {}:1.3) AND a cat :0.5", "word " * 74 + "{}"):
        taught = engine.generate(asked(text.format("azure-hound"), negative="azure-hound"), None)
        spelled = engine.generate(asked(text.format("blue dog"), negative="blue dog"), None)
        if len(text) < 100:  # at the end of a chunk two words part, a taught one does not
            assert furthest(taught, spelled) == 0
    problems = engine.problems([asked("azure-hound <lora:nothing:1>")])
    assert [problem.severity for problem in problems] == ["error"]
