"""Which token comes next: the most probable, or a draw from what the filters keep."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from research.arguments import require


@dataclasses.dataclass(frozen=True, kw_only=True)
class Greedy:
    """The most probable token; of equals the one with the lowest id."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sampling:
    """A draw from softmax(logits / temperature), of the tokens that both filters keep.

    Attributes:
        temperature: more than 0; below 1 for what is likely, above 1 for variety.
        top_k: keep the k most probable tokens (Fan et al., 2018); None for all.
        top_p: of these keep the nucleus: the fewest most probable tokens that together have
            this probability or more (Holtzman et al., 2020); None for all.

    Raises:
        ArgumentError: when a number is outside its range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        require(
            self.temperature > 0,
            f"temperature is {self.temperature}, expected more than 0; Greedy() is the limit at 0",
        )
        require(self.top_k is None or self.top_k > 0, f"top_k is {self.top_k}, expected 1 or more")
        require(
            self.top_p is None or 0 < self.top_p <= 1,
            f"top_p is {self.top_p}, expected more than 0 and at most 1",
        )

    @property
    def numbers(self) -> dict[str, float]:
        """What is set, by name: numbers of a compiled program, not part of it."""
        return {
            name: number for name, number in dataclasses.asdict(self).items() if number is not None
        }


def choose(
    logits: Float[Array, "B V"],
    keys: Key[Array, " B"],
    positions: Int[Array, " B"],
    numbers: Mapping[str, Any],
) -> Int[Array, " B"]:
    """One token for each sequence, int32.

    A draw depends on the sequence's own key, position and logits only: the token for which
    logit / temperature + a Gumbel variate is the highest.

    Args:
        logits: `[B, V]`; minus infinity for tokens that may not be chosen.
        keys: typed PRNG keys `[B]`.
        positions: int32 `[B]`, at which the tokens will stand.
        numbers: of `Sampling`, as scalars; empty for the most probable token.
    """
    if not numbers:
        return logits.argmax(-1).astype(jnp.int32)
    scaled = logits / numbers["temperature"]
    kept = keep(scaled, top_k=numbers.get("top_k"), top_p=numbers.get("top_p"))

    def noise(key: jax.Array, position: jax.Array) -> jax.Array:
        return jax.random.gumbel(jax.random.fold_in(key, position), logits.shape[-1:])

    scores = scaled + jax.vmap(noise)(keys, positions)
    return jnp.where(kept, scores, -jnp.inf).argmax(-1).astype(jnp.int32)


def keep(
    logits: Float[Array, "B V"],
    *,
    top_k: Int[Array, ""] | int | None = None,
    top_p: Float[Array, ""] | float | None = None,
) -> Bool[Array, "B V"]:
    """Which tokens the filters of `Sampling` keep; of equals those with lower ids first.

    Tokens of logit minus infinity are never kept.
    """
    possible = logits > -jnp.inf
    if top_k is None and top_p is None:
        return possible
    falling = -jnp.sort(-logits, axis=-1)
    rank = jnp.arange(logits.shape[-1])
    count = possible.sum(-1, keepdims=True)
    if top_k is not None:
        count = jnp.minimum(count, top_k)
    if top_p is not None:
        probabilities = jax.nn.softmax(jnp.where(rank < count, falling, -jnp.inf), axis=-1)
        before = jnp.cumsum(probabilities, axis=-1) - probabilities
        within = ((before < top_p) & (rank < count)).sum(-1, keepdims=True)
        # Rounded sums may reach 1 before the end.
        count = jnp.where(jnp.asarray(top_p) < 1, within, count)
    lowest = jnp.take_along_axis(falling, jnp.maximum(count, 1) - 1, axis=-1)
    above, equal = logits > lowest, logits == lowest
    places = count - above.sum(-1, keepdims=True)
    return possible & (above | (equal & (jnp.cumsum(equal, axis=-1) <= places)))
