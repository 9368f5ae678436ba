"""Transformer over tokens: a decoder, or with `causal=False` an encoder."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from research.arguments import require
from research.models.attention import Attention
from research.models.embedding import Embedding
from research.models.pooling import mean_pool
from research.models.positions import following, sinusoids
from research.models.random import Dropout
from research.models.sequences import Sequences, within
from research.models.transformer_block import Block, Blocked, FeedForward, normalisation

_POSITIONS = ("rotary", "learned", "sinusoidal")
_ORDERS = ("pre", "post")


class Transformer(nnx.Module):
    """Tokens to hidden states and logits over the vocabulary at every position.

    Inputs are tokens as `Sequences.of` takes them, or a dictionary with `tokens` and any of

    - `lengths` int32 `[B]`: where the sequences end;
    - `source` `[B, S, C]` and `source_lengths` int32 `[B]`: what a decoder with
      `source_width` attends to;
    - `cache` and `start` int32 `[B]`: the keys and values of the tokens before, and the
      position of the first new token. The outputs then hold the `cache` with the new tokens
      in it. An empty cache asks for one: of all T positions of these tokens.

    Padding at the end never changes what is before it.

    Args:
        vocabulary: number V of token ids.
        width: D.
        layers: L, how many.
        heads: N, of the queries; D must be divisible by them.
        key_value_heads: groups of heads that share keys and values; None for one each.
        hidden: width of the feed-forward layers; None for 4 D ("gelu") or 8/3 D, rounded up
            to a multiple of 8 ("swiglu"), which has as many parameters.
        causal: True for a decoder, where no token sees a later one; False for an encoder.
        positions: "rotary", "learned" or "sinusoidal".
        feed_forward: "swiglu", "gelu" or "gelu_exact".
        norm: "rms" or "layer".
        order: "pre": each part reads normalised states, and a norm comes at the end; "post":
            each sum is normalised, and so is the embedding, as in BERT.
        epsilon: added to the variance in the norms.
        bias: whether attention and feed-forward layers have biases.
        length: the longest sequence, needed for learned positions.
        source_width: C, for a decoder that attends to a source; None for one that doesn't.
        tied: True where the read-out is the transposed embedding (Press and Wolf, 2017),
            False where it is a layer of its own, None for no read-out and no logits.
        dropout: probability of dropping a unit of the embedding and of what a layer adds.
        padding: token id that fills up a sequence; None for none.
        weights: whether the outputs hold the attention weights.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        vocabulary: int,
        *,
        width: int,
        layers: int,
        heads: int,
        key_value_heads: int | None = None,
        hidden: int | None = None,
        causal: bool = True,
        positions: str = "rotary",
        feed_forward: str = "swiglu",
        norm: str = "rms",
        order: str = "pre",
        epsilon: float = 1e-6,
        bias: bool = False,
        length: int | None = None,
        source_width: int | None = None,
        tied: bool | None = True,
        dropout: float = 0.0,
        padding: int | None = None,
        weights: bool = False,
        rngs: nnx.Rngs,
    ) -> None:
        require(layers > 0, f"layers is {layers}, expected 1 or more")
        for name, found, known in (
            ("positions", positions, _POSITIONS),
            ("order", order, _ORDERS),
        ):
            require(found in known, f"{name} is {found!r}, expected one of {', '.join(known)}")
        learned = positions == "learned"
        require(not learned or length is not None, "learned positions need a length, found None")
        require(
            positions != "sinusoidal" or width % 2 == 0,
            f"width is {width}, sinusoidal positions need an even number",
        )
        if hidden is None:
            hidden = -(-8 * width // 24) * 8 if feed_forward == "swiglu" else 4 * width
        # GPT-2's: the sum over all layers starts with the variance of one.
        output_init = nnx.initializers.variance_scaling(0.5 / layers, "fan_in", "normal")
        normalise = functools.partial(normalisation, norm, width, epsilon=epsilon, rngs=rngs)
        attend = functools.partial(
            Attention,
            width,
            heads=heads,
            key_value_heads=key_value_heads,
            bias=bias,
            output_init=output_init,
            rngs=rngs,
        )
        self.causal, self.padding, self.length = causal, padding, length
        self.sinusoidal, self.weights = positions == "sinusoidal", weights
        self.width, self.source_width = width, source_width
        self.embedding = Embedding(vocabulary, width, rngs=rngs)
        self.positions = (
            Embedding(length, width, rngs=rngs) if learned and length is not None else None
        )
        self.embedding_norm = normalise() if order == "post" else None
        self.dropout = Dropout(dropout)
        self.layers = nnx.List(
            [
                Block(
                    attention=attend(causal=causal, rotary=positions == "rotary"),
                    source_attention=None
                    if source_width is None
                    else attend(causal=False, rotary=False, source_width=source_width),
                    feed_forward=FeedForward(
                        width,
                        hidden,
                        kind=feed_forward,
                        bias=bias,
                        output_init=output_init,
                        rngs=rngs,
                    ),
                    normalise=normalise,
                    order=order,
                    dropout=dropout,
                )
                for _ in range(layers)
            ]
        )
        self.norm = normalise() if order == "pre" else None
        self.readout = (
            nnx.Linear(width, vocabulary, use_bias=False, rngs=rngs) if tied is False else None
        )
        self.tied = tied is True

    def __call__(
        self, inputs: Any, *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, Any]:
        """Maps tokens int32 `[B, T]` to named outputs.

        Returns:
            `logits` `[B, T, V]`; `hidden` `[B, T, D]`, which the read-out reads; `layers`
            `[B, L, T, D]`, what each layer gave; `features` `[B, D]`, one vector for the
            sequence: of a decoder the hidden state of the last token, of an encoder the mean
            of all. If asked for, `attention` `[B, L, N, T, S]` and `source_attention`. With
            a cache, `cache`, and no `features`.

        Raises:
            ArgumentError: when the inputs are something else.
        """
        parts = dict(inputs) if isinstance(inputs, Mapping) else {"tokens": inputs}
        self._check(parts)
        sequences = {name: parts[name] for name in ("tokens", "lengths") if name in parts}
        tokens, lengths = Sequences.of(
            sequences if "lengths" in sequences else sequences["tokens"], padding=self.padding
        )
        require(tokens.ndim == 2, f"inputs are float {tokens.shape}, expected tokens [B, T]")
        require(
            self.length is None or tokens.shape[1] <= self.length,
            f"sequences have {tokens.shape[1]} tokens, the model's length is {self.length}",
        )
        cache = parts.get("cache")
        positions = jnp.arange(tokens.shape[1])
        if "start" in parts:
            positions = following(parts["start"], tokens.shape[1])
        hidden = self._embedded(tokens, positions)
        hidden = self.dropout(hidden, deterministic=not train, rngs=rngs)
        kept = None if cache is None else cache.get("tokens", {})
        told = None if cache is None else cache.get("source", {})
        source_lengths = parts.get("source_lengths")
        if told:
            source_lengths = told["lengths"]
        blocks: list[Blocked] = []
        for index, layer in enumerate(self.layers):
            blocked = layer(
                hidden,
                positions,
                # What a token may see in a decoder is before it, so never padding.
                None if self.causal else lengths,
                source=parts.get("source"),
                source_lengths=source_lengths,
                cache=None if kept is None else kept.get(str(index), {}),
                source_cache=None if told is None else told.get(str(index), {}),
                weights=self.weights,
                train=train,
                rngs=rngs,
            )
            hidden = blocked.hidden
            blocks.append(blocked)
        hidden = hidden if self.norm is None else self.norm(hidden)
        outputs = {"hidden": hidden, "layers": jnp.stack([block.hidden for block in blocks], 1)}
        if cache is None:
            outputs["features"] = self._pooled(hidden, lengths)
        else:
            outputs["cache"] = _caches(blocks, source_lengths)
        if self.weights:
            outputs |= _weights(blocks)
        if self.tied:
            outputs["logits"] = self.embedding.attend(hidden)
        elif self.readout is not None:
            outputs["logits"] = self.readout(hidden)
        return outputs

    def _check(self, parts: dict[str, Any]) -> None:
        names = {"tokens", "lengths"}
        if self.source_width is not None:
            names |= {"source", "source_lengths"}
        if self.causal:
            names |= {"cache", "start"}
        unknown = sorted(parts.keys() - names)
        require(
            not unknown and "tokens" in parts,
            f"found the inputs {', '.join(sorted(parts)) or '(none)'}, expected tokens and any of "
            + ", ".join(sorted(names - {"tokens"})),
        )
        require(
            self.source_width is None or "source" in parts or bool(parts.get("cache")),
            "found no source, expected one: the model has a source_width",
        )
        require(
            bool(parts.get("cache")) == ("start" in parts),
            "expected a filled cache and start together, or neither",
        )

    def _embedded(self, tokens: Int[Array, "B T"], positions: Int[Array, "*P T"]) -> jax.Array:
        hidden = self.embedding(tokens)
        if self.positions is not None:
            hidden = hidden + self.positions(positions)
        if self.sinusoidal:
            hidden = hidden + sinusoids(positions, hidden.shape[-1]).astype(hidden.dtype)
        return hidden if self.embedding_norm is None else self.embedding_norm(hidden)

    def _pooled(self, hidden: Float[Array, "B T D"], lengths: Int[Array, " B"]) -> jax.Array:
        if not self.causal:
            return mean_pool(hidden, within(lengths, hidden.shape[1]))
        last = jnp.maximum(lengths, 1) - 1
        return jnp.take_along_axis(hidden, last[:, None, None], axis=1)[:, 0]


def _weights(blocks: list[Blocked]) -> dict[str, jax.Array]:
    named = {
        "attention": [block.weights for block in blocks],
        "source_attention": [block.source_weights for block in blocks],
    }
    found = {name: [part for part in parts if part is not None] for name, parts in named.items()}
    return {name: jnp.stack(parts, 1) for name, parts in found.items() if parts}


def _caches(blocks: list[Blocked], source_lengths: jax.Array | None) -> dict[str, Any]:
    """`tokens` and `source`, each with `key` and `value` by layer; the source with `lengths`."""
    tokens = {str(index): block.cache for index, block in enumerate(blocks)}
    source: dict[str, Any] = {
        str(index): block.source_cache
        for index, block in enumerate(blocks)
        if block.source_cache is not None
    }
    if source:
        source["lengths"] = source_lengths
    return {"tokens": tokens, "source": source}
