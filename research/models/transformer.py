"""Transformer over tokens: a decoder, or with `causal=False` an encoder."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from research.arguments import require
from research.models.attention import Attention
from research.models.embedding import Embedding
from research.models.random import Dropout
from research.models.sequences import Sequences

_POSITIONS = ("rotary", "learned")
_FEED_FORWARDS = ("swiglu", "gelu")


class FeedForward(nnx.Module):
    """Two layers, position by position.

    "swiglu": (silu(x W_gate) * (x W_up)) W_down (Shazeer, 2020); "gelu": gelu(x W_up) W_down.

    Args:
        width: D, of the input and the output.
        hidden: width F between the layers.
        kind: "swiglu" or "gelu".
        output_init: initialiser of the second layer.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self, width: int, hidden: int, *, kind: str, output_init: nnx.Initializer, rngs: nnx.Rngs
    ) -> None:
        require(
            kind in _FEED_FORWARDS,
            f"feed_forward is {kind!r}, expected one of {', '.join(_FEED_FORWARDS)}",
        )
        gated = kind == "swiglu"
        self.gate = nnx.Linear(width, hidden, use_bias=False, rngs=rngs) if gated else None
        self.up = nnx.Linear(width, hidden, use_bias=False, rngs=rngs)
        self.down = nnx.Linear(hidden, width, use_bias=False, kernel_init=output_init, rngs=rngs)

    def __call__(self, inputs: jax.Array) -> jax.Array:
        """Maps `[..., D]` to the same shape."""
        up = self.up(inputs)
        return self.down(nnx.gelu(up) if self.gate is None else nnx.silu(self.gate(inputs)) * up)


class Block(nnx.Module):
    """Attention, then a feed-forward layer, each normalised before and added to its input.

    Pre-norm (Xiong et al., 2020) with RMSNorm (Zhang and Sennrich, 2019).

    Args:
        width: D.
        attention: over the positions.
        feed_forward: position by position.
        dropout: probability of dropping a unit of what is added.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        width: int,
        *,
        attention: Attention,
        feed_forward: FeedForward,
        dropout: float,
        rngs: nnx.Rngs,
    ) -> None:
        self.attention_norm = nnx.RMSNorm(width, rngs=rngs)
        self.attention = attention
        self.feed_forward_norm = nnx.RMSNorm(width, rngs=rngs)
        self.feed_forward = feed_forward
        self.dropout = Dropout(dropout)

    def __call__(
        self,
        hidden: jax.Array,
        positions: jax.Array,
        lengths: jax.Array | None,
        *,
        train: bool,
        rngs: nnx.Rngs | None,
    ) -> jax.Array:
        """Maps `[B, T, D]` to the same shape; see `Attention` for positions and lengths."""
        attended = self.attention(self.attention_norm(hidden), positions, lengths)
        hidden = hidden + self.dropout(attended, deterministic=not train, rngs=rngs)
        fed = self.feed_forward(self.feed_forward_norm(hidden))
        return hidden + self.dropout(fed, deterministic=not train, rngs=rngs)


class Transformer(nnx.Module):
    """Tokens to logits over the vocabulary at every position.

    Inputs are tokens as `Sequences.of` takes them. Padding at the end never changes what is
    before it.

    Args:
        vocabulary: number V of token ids.
        width: D.
        layers: how many.
        heads: of the queries; D must be divisible by them.
        key_value_heads: groups of heads that share keys and values; None for one each.
        hidden: width of the feed-forward layers; None for 4 D ("gelu") or 8/3 D, rounded up
            to a multiple of 8 ("swiglu"), which has as many parameters.
        causal: True for a decoder, where no token sees a later one; False for an encoder.
        positions: "rotary" or "learned".
        feed_forward: "swiglu" or "gelu".
        length: the longest sequence, needed for learned positions.
        tied: whether the read-out is the transposed embedding (Press and Wolf, 2017).
        dropout: probability of dropping a unit of the embedding and of what a layer adds.
        padding: token id that fills up a sequence; None for none.
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
        length: int | None = None,
        tied: bool = True,
        dropout: float = 0.0,
        padding: int | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        require(layers > 0, f"layers is {layers}, expected 1 or more")
        require(
            positions in _POSITIONS,
            f"positions is {positions!r}, expected one of {', '.join(_POSITIONS)}",
        )
        learned = positions == "learned"
        require(not learned or length is not None, "learned positions need a length, found None")
        if hidden is None:
            hidden = 4 * width if feed_forward == "gelu" else -(-8 * width // 24) * 8
        # GPT-2's: the sum over all layers starts with the variance of one.
        output_init = nnx.initializers.variance_scaling(0.5 / layers, "fan_in", "normal")
        self.causal, self.padding, self.length = causal, padding, length
        self.embedding = Embedding(vocabulary, width, rngs=rngs)
        self.positions = (
            Embedding(length, width, rngs=rngs) if learned and length is not None else None
        )
        self.dropout = Dropout(dropout)
        self.layers = nnx.List(
            [
                Block(
                    width,
                    attention=Attention(
                        width,
                        heads=heads,
                        key_value_heads=key_value_heads,
                        causal=causal,
                        rotary=not learned,
                        output_init=output_init,
                        rngs=rngs,
                    ),
                    feed_forward=FeedForward(
                        width, hidden, kind=feed_forward, output_init=output_init, rngs=rngs
                    ),
                    dropout=dropout,
                    rngs=rngs,
                )
                for _ in range(layers)
            ]
        )
        self.norm = nnx.RMSNorm(width, rngs=rngs)
        self.readout = None if tied else nnx.Linear(width, vocabulary, use_bias=False, rngs=rngs)

    def __call__(
        self, inputs: Any, *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, jax.Array]:
        """Maps tokens int32 `[B, T]` to `{"hidden": [B, T, D], "logits": [B, T, V]}`."""
        tokens, lengths = Sequences.of(inputs, padding=self.padding)
        require(tokens.ndim == 2, f"inputs are float {tokens.shape}, expected tokens [B, T]")
        require(
            self.length is None or tokens.shape[1] <= self.length,
            f"sequences have {tokens.shape[1]} tokens, the model's length is {self.length}",
        )
        positions = jnp.arange(tokens.shape[1])
        hidden = self.embedding(tokens)
        if self.positions is not None:
            hidden = hidden + self.positions(positions)
        hidden = self.dropout(hidden, deterministic=not train, rngs=rngs)
        # What a token may see in a decoder is before it, so never padding.
        seen = None if self.causal else lengths
        for layer in self.layers:
            hidden = layer(hidden, positions, seen, train=train, rngs=rngs)
        hidden = self.norm(hidden)
        logits = self.embedding.attend(hidden) if self.readout is None else self.readout(hidden)
        return {"hidden": hidden, "logits": logits}
