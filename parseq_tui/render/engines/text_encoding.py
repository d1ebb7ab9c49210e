"""Prompts as tensors: tokens in chunks, one CLIP pass per distinct chunk, weights applied afterwards (WEBUI.md §4.5–7).

CLIP sees token ids only, so its output is cached by ids: weights that change every frame cost no encoding. Words that
were taught to it (textual inversion) stand for vectors of their own: those are ids too, beyond the vocabulary, and are
put in where the ids become vectors. The invariant: the tensor of a text does not depend on what was encoded before it,
nor on its neighbours in a batch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import torch

from parseq_tui.errors import RenderError
from parseq_tui.render.conditioning import Emphasized, parse_emphasis
from parseq_tui.render.engines.cards import sent

Emphasis = Literal["original", "guarded", "no norm", "ignore", "none"]
"""What a weight does to a token's vector.

original: multiply, then restore the chunk's mean, as the web UI does. guarded: the same, unless restoring would more
than double or halve it (a text encoder whose mean is near 0 would explode). no norm: multiply only. ignore: read the
syntax, drop the weights. none: the syntax is text.
"""
_WEB_UIS = ("original", "ignore")
"""With these a BREAK inside brackets is what it is in the web UI: a word of negative weight. Ours ends a chunk."""

LARGEST_CACHE = 512
"""Chunks kept encoded."""
LONGEST_PROMPT = 100
"""Chunks per text."""
TAUGHT = 1 << 20
"""Ids from here on are vectors of taught words."""
_COMMA_REACH = 20
"""A comma within this many tokens of a chunk's end moves what follows it to the next chunk."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What CLIP reads at once: ids and weights of equal length, start and end tokens included."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


class TextEncoder:
    """A tokenizer and a CLIP text model, with a cache between them."""

    def __init__(self, tokenizer: Any, model: Any, *, emphasis: Emphasis, penultimate: bool = False) -> None:
        """`penultimate`: whether the model wants the last layer but one, as it is (Stable Diffusion XL)."""
        self._tokenizer = tokenizer
        self._model = model
        self._emphasis: Emphasis = emphasis
        self._penultimate = penultimate
        self._cache: OrderedDict[Hashable, tuple[torch.Tensor, torch.Tensor | None]] = OrderedDict()
        self._words: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._vectors: list[torch.Tensor] = []
        self._given: tuple[int, ...] = ()
        self.state: Hashable = ()
        """What was done to the model's weights; part of the cache's key."""
        self.ready: Callable[[], object] = lambda: None
        """Called before the model is."""
        positions = int(model.config.max_position_embeddings)
        self._room = min(int(tokenizer.model_max_length), positions) - 2
        self._comma = self._single_token(",")
        self._tokens = lru_cache(maxsize=4096)(self._tokenize)
        self.passes = 0
        """How many times CLIP has run."""
        self._hook = model.get_input_embeddings().register_forward_hook(self._put_taught)

    def close(self) -> None:
        """Lets the model go, which knows this object as this object knows it."""
        self._hook.remove()
        self._cache.clear()
        self.ready = lambda: None

    def teach(self, name: str, vectors: torch.Tensor) -> None:
        """A word that stands for vectors of its own, (vectors, width); longer names win over shorter ones."""
        first = TAUGHT + len(self._vectors)
        if ids := self._tokenize(name):
            self._words[ids] = tuple(range(first, first + len(vectors)))
            self._vectors += list(vectors)

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

    def pooled(self, text: str, clip_skip: int = 1) -> torch.Tensor:
        """The text as one vector, (width,): of its first chunk, its weights aside (WEBUI.md §4.6)."""
        _, pooled = self._encoded(self.chunks(text)[0].ids, clip_skip)
        assert pooled is not None  # only models with a projection are asked
        return pooled

    def chunks(self, text: str) -> tuple[Chunk, ...]:
        """The text's tokens, packed. At least one chunk."""
        if self._emphasis == "none":
            sections: tuple[tuple[Emphasized, ...], ...] = ((Emphasized(text, 1.0),),)
        else:
            sections = parse_emphasis(text, breaks_weigh=self._emphasis in _WEB_UIS)
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
        for tokens, weight in self._weighted_tokens(section):
            if tokens == (self._comma,):
                comma = len(ids)
            elif len(ids) == self._room and comma != -1 and len(ids) - comma <= _COMMA_REACH:
                cut = comma + 1
                yield self._closed(ids[:cut], weights[:cut])
                ids, weights, comma = ids[cut:], weights[cut:], -1
            if len(ids) + len(tokens) > self._room and ids:
                yield self._closed(ids, weights)
                ids, weights, comma = [], [], -1
            ids += tokens[: self._room]
            weights += [weight] * min(len(tokens), self._room)
        if ids:
            yield self._closed(ids, weights)

    def _weighted_tokens(self, section: Sequence[Emphasized]) -> Iterable[tuple[tuple[int, ...], float]]:
        """What must stay together (one token, or a taught word's vectors), with its weight."""
        for part in section:
            weight = 1.0 if self._emphasis == "ignore" else part.weight
            for tokens in self._units(self._tokens(part.text)):
                yield tokens, weight

    def _units(self, ids: tuple[int, ...]) -> Iterable[tuple[int, ...]]:
        position = 0
        while position < len(ids):
            word = max(
                (word for word in self._words if ids[position : position + len(word)] == word), key=len, default=()
            )
            yield self._words[word] if word else ids[position : position + 1]
            position += len(word) or 1

    def _closed(self, ids: Sequence[int], weights: Sequence[float]) -> Chunk:
        """A chunk with start and end tokens, filled up with padding (which the end token is, for most models)."""
        tokenizer = self._tokenizer
        end, padding = tokenizer.eos_token_id, tokenizer.pad_token_id
        missing = self._room - len(ids)
        filled = (tokenizer.bos_token_id, *ids, end, *[end if padding is None else padding] * missing)
        return Chunk(filled, (1.0, *weights, *[1.0] * (missing + 1)))

    def _weighted(self, chunk: Chunk, clip_skip: int) -> torch.Tensor:
        encoded, _ = self._encoded(chunk.ids, clip_skip)
        if all(weight == 1 for weight in chunk.weights):
            return encoded
        weights = sent(torch.tensor(chunk.weights, dtype=encoded.dtype), encoded.device)
        weighted = encoded * weights[:, None]
        if self._emphasis == "no norm":
            return weighted
        ratio = encoded.mean() / weighted.mean()
        if self._emphasis == "guarded":
            ratio = torch.where((ratio > 0.5) & (ratio < 2), ratio, torch.ones_like(ratio))
        return weighted * ratio

    def _encoded(self, ids: tuple[int, ...], clip_skip: int) -> tuple[torch.Tensor, torch.Tensor | None]:
        """CLIP's output for one chunk, (tokens, width), and the chunk as one vector; from the cache if seen before."""
        key = (ids, clip_skip, self.state)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        self.passes += 1
        self._given = ids
        self.ready()
        known = [0 if token >= TAUGHT else token for token in ids]
        # one chunk at a time: a larger batch could change the last bits with what else happens to be encoded
        output = self._model(sent(torch.tensor([known]), self._model.device), output_hidden_states=True)
        pooled = getattr(output, "text_embeds", None)
        encoded = self._layer(output, clip_skip)[0], None if pooled is None else pooled[0]
        self._cache[key] = encoded
        if len(self._cache) > LARGEST_CACHE:
            self._cache.popitem(last=False)
        return encoded

    def _put_taught(self, _module: Any, _arguments: Any, vectors: torch.Tensor) -> torch.Tensor:
        """Replaces the placeholders of taught words, after ids have become vectors, (1, tokens, width)."""
        places = [(place, token - TAUGHT) for place, token in enumerate(self._given) if token >= TAUGHT]
        if places:
            vectors = vectors.clone()
            for place, index in places:
                vectors[0, place] = self._vectors[index].to(vectors)
        return vectors

    def _layer(self, output: Any, clip_skip: int) -> torch.Tensor:
        skipped = max(2, clip_skip) if self._penultimate else clip_skip
        if skipped <= 1:
            last: torch.Tensor = output.last_hidden_state
            return last
        layers = output.hidden_states
        if skipped > len(layers):
            raise RenderError(f"clip skip {clip_skip}: the text encoder has {len(layers)} layers")
        layer: torch.Tensor = layers[-skipped]
        if self._penultimate:
            return layer
        # transformers 5 made CLIPTextModel flat; older layouts keep the layer norm one level down
        normalized: torch.Tensor = getattr(self._model, "text_model", self._model).final_layer_norm(layer)
        return normalized

    def _tokenize(self, text: str) -> tuple[int, ...]:
        text = text.encode("utf-8", "replace").decode()  # half a character, which a JSON file may hold, is none
        return tuple(self._tokenizer(text, add_special_tokens=False, truncation=False)["input_ids"])

    def _single_token(self, text: str) -> int:
        tokens = self._tokenize(text)
        return tokens[0] if len(tokens) == 1 else -1
