"""What a UNet is told of a text: its tokens, and for some families the text as one vector, sizes, and the CFG scale.

Stable Diffusion XL reads two text encoders side by side, and is told the picture's size (RENDER.md §2.2); distilled
networks (LCM) are told the CFG scale. The invariant: what is told of a text depends on the text, the request's size
and scale, and on nothing that was encoded before.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

import torch

from parseq_tui.render.engines.base import DiffusionRequest
from parseq_tui.render.engines.cards import sent
from parseq_tui.render.engines.components import Components
from parseq_tui.render.engines.sampling import GUIDANCE, Combination, combination
from parseq_tui.render.engines.text_encoding import Emphasis, TextEncoder

_GUIDANCE_UNIT = 1000.0
_SLOWEST = 10_000.0
"""The longest wave of a sinusoidal embedding is this much longer than the shortest."""


class PromptEncoder:
    """The text encoders of a model, and what else it is told."""

    def __init__(self, parts: Components, emphasis: Emphasis) -> None:
        self._parts = parts
        penultimate = len(parts.text_encoders) > 1
        self.encoders = tuple(
            TextEncoder(tokenizer, model, emphasis=emphasis, penultimate=penultimate)
            for tokenizer, model in zip(parts.tokenizers, parts.text_encoders, strict=True)
        )

    @property
    def passes(self) -> int:
        """How many times a text encoder has run."""
        return sum(encoder.passes for encoder in self.encoders)

    def set_state(self, states: Sequence[Hashable]) -> None:
        """Says what was done to the weights of each text encoder, so that nothing encoded otherwise is reused."""
        for encoder, state in zip(self.encoders, states, strict=True):
            encoder.state = state

    def teach(self, name: str, vectors: Sequence[torch.Tensor]) -> None:
        """A word that stands for vectors of its own: one tensor per text encoder, (vectors, width) each.

        Vectors that do not fit these encoders are left out; `advice` has told of them.
        """
        widths = [int(model.config.hidden_size) for model in self._parts.text_encoders]
        if [tensor.shape[-1] for tensor in vectors] == widths:
            for encoder, own in zip(self.encoders, vectors, strict=True):
                encoder.teach(name, own)

    def combined(
        self,
        request: DiffusionRequest,
        weights: Sequence[tuple[str, float]],
        padded: frozenset[str] = frozenset(),
        unguided: Sequence[float] = (),
    ) -> Combination:
        """The texts' tensors with their weights. The `padded` texts repeat their last vector up to the longest.

        `unguided`: the texts' weights in the answer to the negative prompt alone, if that is asked for.
        """
        tensors = {text: self._tokens(text, request.clip_skip) for text, _ in weights}
        longest = max((len(tensors[text]) for text in padded & tensors.keys()), default=0)
        for text in padded & tensors.keys():
            missing = longest - len(tensors[text])
            tensors[text] = torch.cat([tensors[text], tensors[text][-1:].expand(missing, -1)])
        told = [self._told(text, request) for text, _ in weights]
        encoded = [(tensors[text], weight) for text, weight in weights]
        return combination(encoded, told if any(told) else (), unguided)

    def _tokens(self, text: str, clip_skip: int) -> torch.Tensor:
        """(tokens, width); several encoders' vectors stand side by side."""
        encoded = [encoder.encode(text, clip_skip) for encoder in self.encoders]
        if len(encoded) > 1:
            longest = max(len(tensor) for tensor in encoded)  # a taught word may be longer in one of them
            encoded = [torch.nn.functional.pad(tensor, (0, 0, 0, longest - len(tensor))) for tensor in encoded]
        joined = torch.cat(encoded, dim=-1)
        return torch.zeros_like(joined) if self._is_zero(text) else joined

    def _told(self, text: str, request: DiffusionRequest) -> Mapping[str, torch.Tensor]:
        parts, told = self._parts, {}
        if parts.told_sizes:
            pooled = self.encoders[-1].pooled(text, request.clip_skip)
            told["text_embeds"] = torch.zeros_like(pooled) if self._is_zero(text) else pooled
            sizes = (request.height, request.width, 0, 0, request.height, request.width)
            told["time_ids"] = sent(torch.tensor(sizes, dtype=pooled.dtype), pooled.device)
        if parts.guidance_width:
            guidance = guidance_embedding(request.cfg_scale - 1, parts.guidance_width)
            told[GUIDANCE] = sent(guidance.to(parts.dtype), parts.device)
        return told

    def _is_zero(self, text: str) -> bool:
        return self._parts.empty_is_zero and not text.strip()


def guidance_embedding(scale: float, width: int) -> torch.Tensor:
    """A guidance scale as sines and cosines, float32 (width,), as LCM networks were taught it.

    `scale` is the CFG scale less 1 (Luo et al. 2023, Latent Consistency Models, §4.3, after Kingma et al. 2021).
    """
    half = width // 2
    waves = torch.exp(torch.arange(half, dtype=torch.float32) * -(math.log(_SLOWEST) / (half - 1)))
    angles = scale * _GUIDANCE_UNIT * waves
    embedding = torch.cat([torch.sin(angles), torch.cos(angles)])
    return torch.nn.functional.pad(embedding, (0, width - 2 * half))
