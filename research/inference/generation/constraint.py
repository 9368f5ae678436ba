"""What may come next: a mask over the vocabulary at every step, inside the compiled loop."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from research.arguments import require


class Step(NamedTuple):
    """What is known where a token is to be chosen.

    Attributes:
        tokens: int32 `[B, C]`, the prompt and what followed; anything after `lengths`.
        lengths: int32 `[B]`, how many tokens there are.
        logits: float32 `[B, V]` of the next token, as the model gives them.
    """

    tokens: Int[Array, "B C"]
    lengths: Int[Array, " B"]
    logits: Float[Array, "B V"]


def _no_state(tokens: jax.Array, lengths: jax.Array) -> Any:
    return ()


def _same_state(state: Any, tokens: jax.Array) -> Any:
    return state


@dataclasses.dataclass(frozen=True, kw_only=True)
class Constraint:
    """Three pure JAX functions; what a rule engine compiles fits in as `allowed`.

    The state is any pytree of arrays with the leading axis B. One constraint object is one
    compiled program: make it once and use it again.

    Attributes:
        allowed: `(state, step) -> bool [B, V]`, which tokens may come next.
        start: `(tokens [B, C], lengths [B]) -> state` after the prompts.
        advance: `(state, tokens [B]) -> state` after one more token of each sequence.
    """

    allowed: Callable[[Any, Step], Bool[Array, "B V"]]
    start: Callable[[Int[Array, "B C"], Int[Array, " B"]], Any] = _no_state
    advance: Callable[[Any, Int[Array, " B"]], Any] = _same_state


def no_repeats(size: int) -> Constraint:
    """Forbids the token that would repeat `size` tokens in a row of the same sequence.

    (Paulus et al., 2018.) 1 forbids every token that is there already.

    Raises:
        ArgumentError: when the size is below 1.
    """
    require(size > 0, f"size is {size}, expected 1 or more")

    def allowed(_: Any, step: Step) -> jax.Array:
        slots, vocabulary = step.tokens.shape[1], step.logits.shape[-1]
        places = jnp.arange(slots)
        # Where the last size - 1 tokens are found just before a place, its token is forbidden.
        repeats = (places >= size - 1) & (places < step.lengths[:, None])
        for back in range(1, size):
            last = jnp.take_along_axis(
                step.tokens, jnp.maximum(step.lengths - back, 0)[:, None], axis=1
            )
            repeats &= jnp.roll(step.tokens, back, axis=1) == last
        repeats &= step.lengths[:, None] >= size - 1

        def row(tokens: jax.Array, repeats: jax.Array) -> jax.Array:
            # Places that repeat nothing write to a token that there is not.
            unwanted = jnp.where(repeats, tokens, vocabulary)
            return jnp.ones(vocabulary, bool).at[unwanted].set(False, mode="drop")

        return jax.vmap(row)(step.tokens, repeats)

    return Constraint(allowed=allowed)
