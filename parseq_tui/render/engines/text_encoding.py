"""Prompts as tensors: tokens in chunks, one CLIP pass per distinct chunk, weights applied afterwards (WEBUI.md §4.5–7).

CLIP sees token ids only, so its output is cached by ids: weights that change every frame cost no encoding. The
invariant: the tensor of a text does not depend on what was encoded before it, nor on its neighbours in a batch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import torch

from parseq_tui.errors import RenderError
from parseq_tui.render.conditioning import Emphasized, parse_emphasis

Emphasis = Literal["original", "guarded", "no norm", "ignore", "none"]
"""What a weight does to a token's vector.

original: multiply, then restore the chunk's mean, as the web UI does. guarded: the same, unless restoring would more
than double or halve it (a text encoder whose mean is near 0 would explode). no norm: multiply only. ignore: read the
syntax, drop the weights. none: the syntax is text.
"""

LARGEST_CACHE = 512
"""Chunks kept encoded."""
LONGEST_PROMPT = 100
"""Chunks per text."""
_COMMA_REACH = 20
"""A comma within this many tokens of a chunk's end moves what follows it to the next chunk."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What CLIP reads at once: ids and weights of equal length, start and end tokens included."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


class TextEncoder:
    """A tokenizer and a CLIP text model, with a cache between them."""

    def __init__(self, tokenizer: Any, model: Any, *, emphasis: Emphasis) -> None:
        self._tokenizer = tokenizer
        self._model = model
        self._emphasis: Emphasis = emphasis
        self._cache: OrderedDict[tuple[tuple[int, ...], int], torch.Tensor] = OrderedDict()
        positions = int(model.config.max_position_embeddings)
        self._room = min(int(tokenizer.model_max_length), positions) - 2
        self._comma = self._single_token(",")
        self._tokens = lru_cache(maxsize=4096)(self._tokenize)
        self.passes = 0
        """How many times CLIP has run."""

    def encode(self, text: str, clip_skip: int = 1) -> torch.Tensor:
        """The text as (chunks · tokens per chunk, width), in the model's dtype.

        Raises RenderError if it is too long.
        """
        chunks = self.chunks(text)
        if len(chunks) > LONGEST_PROMPT:
            raise RenderError(
                f"a prompt of more than {LONGEST_PROMPT * self._room} tokens is too long to encode",
                hint=f"it begins with {text[:40]!r}",
            )
        return torch.cat([self._weighted(chunk, clip_skip) for chunk in chunks])

    def chunks(self, text: str) -> tuple[Chunk, ...]:
        """The text's tokens, packed. At least one chunk."""
        if self._emphasis == "none":
            sections: tuple[tuple[Emphasized, ...], ...] = ((Emphasized(text, 1.0),),)
        else:
            sections = parse_emphasis(text)
        chunks: list[Chunk] = []
        for index, section in enumerate(sections):
            packed = list(self._packed(section))
            last = index == len(sections) - 1
            # the web UI closes a chunk at every BREAK, even an empty one, but adds no empty chunk at the end
            chunks.extend(packed or ([] if last and chunks else [self._closed([], [])]))
        return tuple(chunks)

    def _packed(self, section: Sequence[Emphasized]) -> Iterable[Chunk]:
        ids: list[int] = []
        weights: list[float] = []
        comma = -1
        for token, weight in self._weighted_tokens(section):
            if token == self._comma:
                comma = len(ids)
            elif len(ids) == self._room and comma != -1 and len(ids) - comma <= _COMMA_REACH:
                cut = comma + 1
                yield self._closed(ids[:cut], weights[:cut])
                ids, weights, comma = ids[cut:], weights[cut:], -1
            if len(ids) == self._room:
                yield self._closed(ids, weights)
                ids, weights, comma = [], [], -1
            ids.append(token)
            weights.append(weight)
        if ids:
            yield self._closed(ids, weights)

    def _weighted_tokens(self, section: Sequence[Emphasized]) -> Iterable[tuple[int, float]]:
        for part in section:
            weight = 1.0 if self._emphasis == "ignore" else part.weight
            for token in self._tokens(part.text):
                yield token, weight

    def _closed(self, ids: Sequence[int], weights: Sequence[float]) -> Chunk:
        """A chunk with start and end tokens, filled up with padding (which the end token is, for most models)."""
        tokenizer = self._tokenizer
        end, padding = tokenizer.eos_token_id, tokenizer.pad_token_id
        missing = self._room - len(ids)
        filled = (tokenizer.bos_token_id, *ids, end, *[end if padding is None else padding] * missing)
        return Chunk(filled, (1.0, *weights, *[1.0] * (missing + 1)))

    def _weighted(self, chunk: Chunk, clip_skip: int) -> torch.Tensor:
        encoded = self._encoded(chunk.ids, clip_skip)
        if all(weight == 1 for weight in chunk.weights):
            return encoded
        weights = torch.tensor(chunk.weights, dtype=encoded.dtype, device=encoded.device)
        weighted = encoded * weights[:, None]
        if self._emphasis == "no norm":
            return weighted
        ratio = encoded.mean() / weighted.mean()
        if self._emphasis == "guarded":
            ratio = torch.where((ratio > 0.5) & (ratio < 2), ratio, torch.ones_like(ratio))
        return weighted * ratio

    def _encoded(self, ids: tuple[int, ...], clip_skip: int) -> torch.Tensor:
        """CLIP's output for one chunk, (tokens, width), from the cache if it was seen before."""
        key = (ids, clip_skip)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        self.passes += 1
        # one chunk at a time: a larger batch could change the last bits with what else happens to be encoded
        output = self._model(torch.tensor([ids], device=self._model.device), output_hidden_states=True)
        encoded = self._layer(output, clip_skip)[0]
        self._cache[key] = encoded
        if len(self._cache) > LARGEST_CACHE:
            self._cache.popitem(last=False)
        return encoded

    def _layer(self, output: Any, clip_skip: int) -> torch.Tensor:
        if clip_skip <= 1:
            last: torch.Tensor = output.last_hidden_state
            return last
        layers = output.hidden_states
        if clip_skip > len(layers):
            raise RenderError(f"clip skip {clip_skip}: the text encoder has {len(layers)} layers")
        # transformers 5 made CLIPTextModel flat; older layouts keep the layer norm one level down
        normalize = getattr(self._model, "text_model", self._model).final_layer_norm
        skipped: torch.Tensor = normalize(layers[-clip_skip])
        return skipped

    def _tokenize(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer(text, add_special_tokens=False, truncation=False)["input_ids"])

    def _single_token(self, text: str) -> int:
        tokens = self._tokenize(text)
        return tokens[0] if len(tokens) == 1 else -1
