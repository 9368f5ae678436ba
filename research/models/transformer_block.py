"""One layer of a transformer: attention and a feed-forward layer, each normalised and added."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
from flax import nnx
from jaxtyping import Array, Float, Int

from research.arguments import require
from research.models.attention import Attention, Cache
from research.models.norm import LayerNorm
from research.models.random import Dropout

FEED_FORWARDS = ("swiglu", "gelu", "gelu_exact")
NORMS = ("rms", "layer")

Norm = nnx.RMSNorm | LayerNorm


class FeedForward(nnx.Module):
    """Two layers, position by position.

    "swiglu": (silu(x W_gate) * (x W_up)) W_down (Shazeer, 2020); "gelu": gelu(x W_up) W_down
    with the approximation by tanh (Hendrycks and Gimpel, 2016); "gelu_exact": with erf.

    Args:
        width: D, of the input and the output.
        hidden: width F between the layers.
        kind: "swiglu", "gelu" or "gelu_exact".
        bias: whether the layers have biases.
        output_init: initialiser of the second layer.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        width: int,
        hidden: int,
        *,
        kind: str,
        bias: bool = False,
        output_init: nnx.Initializer,
        rngs: nnx.Rngs,
    ) -> None:
        require(
            kind in FEED_FORWARDS,
            f"feed_forward is {kind!r}, expected one of {', '.join(FEED_FORWARDS)}",
        )
        self.approximate = kind == "gelu"
        gated = kind == "swiglu"
        self.gate = nnx.Linear(width, hidden, use_bias=bias, rngs=rngs) if gated else None
        self.up = nnx.Linear(width, hidden, use_bias=bias, rngs=rngs)
        self.down = nnx.Linear(hidden, width, use_bias=bias, kernel_init=output_init, rngs=rngs)

    def __call__(self, inputs: Float[Array, "*B D"]) -> Float[Array, "*B D"]:
        """Maps `[..., D]` to the same shape."""
        # As rows: a CPU takes much longer for the gradients of products with more axes.
        rows = inputs.reshape(-1, inputs.shape[-1])
        up = self.up(rows)
        if self.gate is not None:
            hidden = nnx.silu(self.gate(rows)) * up
        else:
            hidden = nnx.gelu(up, approximate=self.approximate)
        return self.down(hidden).reshape(inputs.shape)


def normalisation(kind: str, width: int, *, epsilon: float, rngs: nnx.Rngs) -> Norm:
    """A normalisation over the last axis: "rms" (Zhang and Sennrich, 2019) or "layer" (Ba, 2016).

    Raises:
        ArgumentError: when it is neither.
    """
    require(kind in NORMS, f"norm is {kind!r}, expected one of {', '.join(NORMS)}")
    if kind == "rms":
        return nnx.RMSNorm(width, epsilon=epsilon, rngs=rngs)
    return LayerNorm(width, epsilon=epsilon, rngs=rngs)


class Blocked(NamedTuple):
    """What a block gives.

    Attributes:
        hidden: `[B, T, D]`.
        cache: of its attention to the tokens; None unless one was given.
        source_cache: of its attention to the source; None unless one was given.
        weights: of its attention to the tokens, `[B, N, T, S]`; None unless asked for.
        source_weights: of its attention to the source; None unless asked for.
    """

    hidden: Float[Array, "B T D"]
    cache: Cache | None = None
    source_cache: Cache | None = None
    weights: Float[Array, "B N T S"] | None = None
    source_weights: Float[Array, "B N T C"] | None = None


class Block(nnx.Module):
    """Attention, attention to a source if there is one, and a feed-forward layer.

    "pre": x + f(norm(x)) for each of them (Xiong et al., 2020); "post": norm(x + f(x)), as in
    the first transformer and in BERT.

    Args:
        attention: of the positions to each other.
        source_attention: to the source; None for none.
        feed_forward: position by position.
        normalise: makes a norm over the last axis.
        order: "pre" or "post".
        dropout: probability of dropping a unit of what is added.
    """

    def __init__(
        self,
        *,
        attention: Attention,
        source_attention: Attention | None = None,
        feed_forward: FeedForward,
        normalise: Callable[[], Norm],
        order: str,
        dropout: float,
    ) -> None:
        self.before = order == "pre"
        self.attention_norm = normalise()
        self.attention = attention
        self.source_norm = None if source_attention is None else normalise()
        self.source_attention = source_attention
        self.feed_forward_norm = normalise()
        self.feed_forward = feed_forward
        self.dropout = Dropout(dropout)

    def __call__(
        self,
        hidden: Float[Array, "B T D"],
        positions: Int[Array, "*P T"],
        lengths: Int[Array, " B"] | None,
        *,
        source: Float[Array, "B S C"] | None = None,
        source_lengths: Int[Array, " B"] | None = None,
        cache: Cache | None = None,
        source_cache: Cache | None = None,
        weights: bool = False,
        train: bool,
        rngs: nnx.Rngs | None,
    ) -> Blocked:
        """Maps `[B, T, D]` to the same shape; see `Attention` for the arguments."""
        attended = self.attention(
            self._read(self.attention_norm, hidden),
            positions,
            lengths,
            cache=cache,
            weights=weights,
        )
        hidden = self._add(self.attention_norm, hidden, attended.output, train=train, rngs=rngs)
        told = None
        if self.source_attention is not None:
            assert self.source_norm is not None
            told = self.source_attention(
                self._read(self.source_norm, hidden),
                positions,
                source_lengths,
                source=source,
                cache=source_cache,
                weights=weights,
            )
            hidden = self._add(self.source_norm, hidden, told.output, train=train, rngs=rngs)
        fed = self.feed_forward(self._read(self.feed_forward_norm, hidden))
        return Blocked(
            hidden=self._add(self.feed_forward_norm, hidden, fed, train=train, rngs=rngs),
            cache=attended.cache,
            source_cache=None if told is None else told.cache,
            weights=attended.weights,
            source_weights=None if told is None else told.weights,
        )

    def _read(self, norm: Norm, hidden: jax.Array) -> jax.Array:
        return norm(hidden) if self.before else hidden

    def _add(
        self,
        norm: Norm,
        hidden: jax.Array,
        added: jax.Array,
        *,
        train: bool,
        rngs: nnx.Rngs | None,
    ) -> jax.Array:
        total = hidden + self.dropout(added, deterministic=not train, rngs=rngs)
        return total if self.before else norm(total)
