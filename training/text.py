"""Stage 2: tokenizer and CLIPTextModel, taught to say what a caption means before the denoiser sees it.

Learning words and shapes at once is slow: the denoiser hears colours first and the subject last. So the text
encoder learns alone (minutes), from captions and their meaning, and is then frozen.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training import progress
from training.backgrounds import BACKGROUNDS, TIMES
from training.captions import Meaning, caption, silence
from training.drawing import POSITIONS, SIZES, STYLES, Scene, random_scene
from training.muon import Muon
from training.palette import COLORS
from training.subjects import SUBJECTS

WIDTH = 128
LENGTH = 77
VOCABULARY = 1300
BATCH = 96
START, END = "<|startoftext|>", "<|endoftext|>"

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "subject": tuple(SUBJECTS),
    "color": tuple(COLORS),
    "background": BACKGROUNDS,
    "size": tuple(SIZES),
    "position": tuple(POSITIONS),
    "style": tuple(STYLES),
    "time": TIMES,
}
"""What a caption can say, with every value; index 0 of a target means that it is silent."""


def train_tokenizer(folder: Path, seed: int = 2, count: int = 60000) -> CLIPTokenizer:
    """Learn a small byte-pair vocabulary from captions; every byte stays writable."""
    rng = np.random.default_rng(seed)
    texts = [caption(random_scene(rng), rng)[0] for _ in range(count)] + [silence(rng) for _ in range(count // 8)]
    shape = CLIPTokenizer()._tokenizer
    learner = Tokenizer(models.BPE(unk_token=END, end_of_word_suffix="</w>"))
    learner.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    learner.pre_tokenizer = shape.pre_tokenizer
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 256,
        min_frequency=30,
        special_tokens=[*alphabet, *(f"{a}</w>" for a in alphabet)],
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    folder.mkdir(parents=True, exist_ok=True)
    learner.model.save(str(folder))
    return _finish_tokenizer(folder)


def _finish_tokenizer(folder: Path) -> CLIPTokenizer:
    """Add CLIP's two marks to the learned vocabulary and write what `from_pretrained` reads."""
    vocabulary: dict[str, int] = json.loads((folder / "vocab.json").read_text())
    merges = [
        tuple(line.split(" ")) for line in (folder / "merges.txt").read_text().splitlines() if not line.startswith("#")
    ]
    vocabulary.setdefault(START, len(vocabulary))
    vocabulary.setdefault(END, len(vocabulary))
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=LENGTH)
    tokenizer.save_pretrained(folder)
    return tokenizer


def load_tokenizer(work: Path) -> CLIPTokenizer:
    folder = work / "tokenizer"
    if not (folder / "tokenizer.json").exists():
        return train_tokenizer(folder)
    tokenizer: CLIPTokenizer = CLIPTokenizer.from_pretrained(folder)
    return tokenizer


def build(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """About half a million parameters, CLIP's architecture."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=3 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        attention_dropout=0.0,
    )
    return CLIPTextModel(config)


def token_ids(tokenizer: CLIPTokenizer, texts: Sequence[str]) -> torch.Tensor:
    """Ids (n, 77), padded and cut as the pipeline does."""
    batch = tokenizer(list(texts), padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt")
    ids: torch.Tensor = batch["input_ids"]
    return ids


def targets(meanings: Sequence[Meaning]) -> torch.Tensor:
    """Class per attribute (n, 7): 0 for silent, else 1 + index of the value."""
    rows = []
    for meaning in meanings:
        said = [(getattr(meaning, name), values) for name, values in ATTRIBUTES.items()]
        rows.append([0 if value is None else 1 + values.index(value) for value, values in said])
    return torch.tensor(rows)


def _spoken(rng: np.random.Generator) -> Scene:
    """A scene whose subject is there or not: weights are no words."""
    scene = random_scene(rng)
    return dataclasses.replace(scene, presence=0.0) if rng.random() < 0.06 else scene


def batch(rng: np.random.Generator, size: int) -> tuple[list[str], list[Meaning]]:
    """Captions with meanings; one in ten says nothing."""
    pairs = []
    for _ in range(size):
        pairs.append((silence(rng), Meaning()) if rng.random() < 0.1 else caption(_spoken(rng), rng))
    return [p[0] for p in pairs], [p[1] for p in pairs]


class Reader(nn.Module):
    """Linear heads that read the meaning back from one state of the text encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes = [len(values) + 1 for values in ATTRIBUTES.values()]
        self.heads = nn.Linear(WIDTH, sum(self.sizes))

    def forward(self, states: torch.Tensor) -> tuple[torch.Tensor, ...]:
        out: tuple[torch.Tensor, ...] = self.heads(states).split(self.sizes, -1)
        return out


def loss_of(
    model: CLIPTextModel, reader: Reader, words: nn.Linear, ids: torch.Tensor, wanted: torch.Tensor, end: int
) -> torch.Tensor:
    """Meaning from the end mark and from one padding state, the word itself from every state."""
    states = model(ids).last_hidden_state
    first_end = (ids == end).int().argmax(1)
    rows = torch.arange(len(ids), device=ids.device)
    last = torch.clamp(first_end + torch.randint(0, LENGTH, (len(ids),), device=ids.device), max=ids.shape[1] - 1)
    loss = torch.zeros((), device=ids.device)
    for place in (first_end, last):
        for logits, column in zip(reader(states[rows, place]), wanted.T, strict=True):
            loss = loss + F.cross_entropy(logits, column)
    real = torch.arange(ids.shape[1], device=ids.device)[None] <= first_end[:, None]
    return loss + 0.5 * F.cross_entropy(words(states[real]), ids[real])


def train(work: Path, minutes: float, seed: int = 3) -> None:
    """Train tokenizer and text encoder; a second call continues."""
    torch.manual_seed(seed)
    tokenizer = load_tokenizer(work)
    model, reader = build(tokenizer), Reader()
    words = nn.Linear(WIDTH, len(tokenizer))
    parts = nn.ModuleList([model, reader, words]).to(progress.DEVICE)
    optimizer = Muon(parts.parameters(), 3e-3)
    step, spent = 0, 0.0
    if state := progress.load(work / "text.pt"):
        parts.load_state_dict(state["parts"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
    budget = progress.Budget(minutes, spent)
    rng = np.random.default_rng(seed + step)
    end = int(tokenizer.eos_token_id)
    saved = time.monotonic()
    while budget.share < 1:
        progress.set_rate(optimizer, budget.rate(3e-3, step))
        texts, meanings = batch(rng, BATCH)
        ids, wanted = token_ids(tokenizer, texts).to(progress.DEVICE), targets(meanings).to(progress.DEVICE)
        longest = int((ids == end).int().argmax(1).max()) + (12 if step % 3 else LENGTH)
        with progress.half_precision():
            loss = loss_of(model, reader, words, ids[:, : min(longest, LENGTH)], wanted, end)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parts.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 100 == 0:
            read = accuracy(model, reader, tokenizer)
            print(f"text {step} {budget.seconds:.0f}s loss {loss.item():.4f} read {read:.3f}", flush=True)
        if time.monotonic() - saved > 60 or budget.share >= 1:
            saved = time.monotonic()
            progress.save(
                work / "text.pt",
                parts=parts.state_dict(),
                optimizer=optimizer.state_dict(),
                step=step,
                spent=budget.seconds,
            )


@torch.no_grad()
def accuracy(model: CLIPTextModel, reader: Reader, tokenizer: CLIPTokenizer, count: int = 200) -> float:
    """Share of captions whose whole meaning is read back from the last padding state."""
    texts, meanings = batch(np.random.default_rng(9), count)
    states = model(token_ids(tokenizer, texts).to(model.device)).last_hidden_state[:, -1]
    guesses = torch.stack([logits.argmax(-1) for logits in reader(states)], 1).cpu()
    return float((guesses == targets(meanings)).all(1).float().mean())


def load(work: Path) -> tuple[CLIPTokenizer, CLIPTextModel]:
    """Tokenizer and text encoder of a finished (or interrupted) stage."""
    tokenizer = load_tokenizer(work)
    state = progress.load(work / "text.pt")
    if state is None:
        raise FileNotFoundError(f"no text.pt in {work}: run the text stage first")
    model = build(tokenizer)
    model.load_state_dict({k.removeprefix("0."): v for k, v in state["parts"].items() if k.startswith("0.")})
    return tokenizer, model.eval()
