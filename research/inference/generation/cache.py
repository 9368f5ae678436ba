"""A decoder with its keys and values kept: read a prompt once, then token by token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from research.arguments import require
from research.models.network import Network, Variables

_CHUNK = 32  # tokens of a prompt that are read at once

Cache = dict[str, Any]
Source = Mapping[str, jax.Array]


def empty_cache(
    network: Network, variables: Variables, source: Source, *, batch: int, slots: int
) -> Cache:
    """Room for the keys and values of `slots` tokens, and the source's own.

    Args:
        network: maps `{"tokens", "cache": {}}` to outputs with a `cache`, in which `tokens`
            is what grows by token, and `source` what is made once.
        variables: of the network.
        source: other inputs of the network, such as `source` and `source_lengths`.
        batch: B.
        slots: C.

    Raises:
        ArgumentError: when the network keeps no cache.
    """

    def made() -> Any:
        inputs = {**source, "tokens": jnp.zeros((batch, slots), jnp.int32), "cache": {}}
        return network.apply(variables, inputs, False, None)[0]

    shapes = jax.eval_shape(made)
    require(
        "cache" in shapes,
        f"the network's outputs are {', '.join(shapes)}, expected a cache: a decoder such as "
        "research.models.Transformer",
    )
    tokens = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes["cache"]["tokens"])
    # Only what hangs on the source is computed: the rest of `made` is not used.
    return {"tokens": tokens, "source": made()["cache"]["source"] if source else {}}


def read_prompts(
    network: Network,
    variables: Variables,
    cache: Cache,
    tokens: Int[Array, "B C"],
    count: Int[Array, ""],
) -> Cache:
    """The cache after the first `count` tokens, or some more, of all sequences.

    What more is read does no harm: no token sees a later one, and generating overwrites it.
    """
    chunk = min(_CHUNK, tokens.shape[1])

    def body(carry: tuple[jax.Array, Cache]) -> tuple[jax.Array, Cache]:
        done, cache = carry
        # The last chunk may begin before the end of the one before it.
        first = jnp.minimum(done, tokens.shape[1] - chunk)
        part = jax.lax.dynamic_slice_in_dim(tokens, first, chunk, axis=1)
        start = jnp.broadcast_to(first, tokens.shape[:1])
        _, cache = continued(network, variables, cache, part, start)
        return done + chunk, cache

    carry = (jnp.zeros((), jnp.int32), cache)
    return jax.lax.while_loop(lambda carry: carry[0] < count, body, carry)[1]


def continued(
    network: Network,
    variables: Variables,
    cache: Cache,
    tokens: Int[Array, "B T"],
    start: Int[Array, " B"],
) -> tuple[Float[Array, "B T V"], Cache]:
    """The logits after each of T tokens of which the first stands at `start`, and the cache."""
    inputs = {"tokens": tokens, "start": start, "cache": cache}
    outputs, _ = network.apply(variables, inputs, False, None)
    grown = jax.tree.map(
        lambda new, old: new.astype(old.dtype), outputs["cache"]["tokens"], cache["tokens"]
    )
    return outputs["logits"].astype(jnp.float32), {**cache, "tokens": grown}
