"""A small GPT: four layers of width 128, four heads, 128 tokens of 256 kinds."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from benchmarks.contest import Work
from benchmarks.models import start, steps
from research.models import Network, Transformer
from research.tasks import LanguageModel

# Of theirs: ours.
_NAMES = {"attention/out/": "attention/output/"}


def ours(
    *,
    batch: int,
    layers: int = 4,
    width: int = 128,
    heads: int = 4,
    length: int = 128,
    vocabulary: int = 256,
    losses: int = start.LOSSES,
) -> Work:
    network = Network.from_nnx(
        lambda rngs: Transformer(
            vocabulary,
            width=width,
            layers=layers,
            heads=heads,
            positions="learned",
            feed_forward="gelu",
            norm="layer",
            bias=True,
            length=length,
            tied=False,
            rngs=rngs,
        ),
        outputs=("logits",),
    )
    task = LanguageModel(network=network, optimizer=steps.adam())
    examples = start.tokens(batch, length=length, vocabulary=vocabulary)
    return steps.ours(task, examples, losses=losses)


class PlainFeedForward(nnx.Module):
    """Two dense layers with GELU between."""

    def __init__(self, width: int, *, rngs: nnx.Rngs) -> None:
        self.up = nnx.Linear(width, 4 * width, rngs=rngs)
        self.down = nnx.Linear(4 * width, width, rngs=rngs)

    def __call__(self, hidden: jax.Array) -> jax.Array:
        return self.down(nnx.gelu(self.up(hidden)))


class PlainBlock(nnx.Module):
    """GPT-2's layer in flax's own."""

    def __init__(self, width: int, heads: int, *, rngs: nnx.Rngs) -> None:
        self.attention_norm = nnx.LayerNorm(width, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(
            heads, width, decode=False, rngs=rngs, keep_rngs=False
        )
        self.feed_forward_norm = nnx.LayerNorm(width, rngs=rngs)
        self.feed_forward = PlainFeedForward(width, rngs=rngs)

    def __call__(self, hidden: jax.Array, mask: jax.Array) -> jax.Array:
        hidden = hidden + self.attention(self.attention_norm(hidden), mask=mask)
        return hidden + self.feed_forward(self.feed_forward_norm(hidden))


class PlainGPT(nnx.Module):
    """Tokens `[B, T]` to logits `[B, T, V]`."""

    def __init__(
        self,
        *,
        layers: int,
        width: int,
        heads: int,
        length: int,
        vocabulary: int,
        rngs: nnx.Rngs,
    ) -> None:
        self.embedding = nnx.Embed(vocabulary, width, rngs=rngs)
        self.positions = nnx.Embed(length, width, rngs=rngs)
        self.layers = nnx.List([PlainBlock(width, heads, rngs=rngs) for _ in range(layers)])
        self.norm = nnx.LayerNorm(width, rngs=rngs)
        self.readout = nnx.Linear(width, vocabulary, use_bias=False, rngs=rngs)

    def __call__(self, tokens: jax.Array) -> jax.Array:
        hidden = self.embedding(tokens) + self.positions(jnp.arange(tokens.shape[1]))
        mask = nnx.make_causal_mask(tokens)
        for layer in self.layers:
            hidden = layer(hidden, mask)
        return self.readout(self.norm(hidden))


def plain(
    *,
    batch: int,
    layers: int = 4,
    width: int = 128,
    heads: int = 4,
    length: int = 128,
    vocabulary: int = 256,
    losses: int = start.LOSSES,
) -> Work:
    module = PlainGPT(
        layers=layers,
        width=width,
        heads=heads,
        length=length,
        vocabulary=vocabulary,
        rngs=nnx.Rngs(0),
    )

    def loss(module: Any, batch: Any) -> jax.Array:
        tokens = batch["inputs"]
        return steps.cross_entropy(module(tokens[:, :-1]), tokens[:, 1:])

    examples = start.tokens(batch, length=length, vocabulary=vocabulary)
    return steps.plain(module, loss, examples, names=_NAMES, losses=losses)
