"""Beam search: the most probable sequences, not the most probable tokens one by one."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from research.arguments import require
from research.inference.generation.cache import Cache, continued, empty_cache, read_prompts
from research.inference.generation.constraint import Constraint, Step
from research.inference.generation.prompts import prompts as read
from research.models.network import Network, Variables


class Beams(NamedTuple):
    """W sequences for each of B prompts, the best first.

    Attributes:
        tokens: int32 `[B, W, C]`, prompt and continuation; zeros after the end.
        lengths: int32 `[B, W]`, of both together, with the stop token.
        log_probabilities: float32 `[B, W]`, ln of the continuation's probability by the
            model; minus infinity where there are fewer than W sequences.
        scores: float32 `[B, W]`, by which they are ranked.
    """

    tokens: Int[Array, "B W C"]
    lengths: Int[Array, "B W"]
    log_probabilities: Float[Array, "B W"]
    scores: Float[Array, "B W"]


def beam_search(
    network: Network,
    variables: Variables,
    prompts: Any,
    *,
    length: int,
    width: int = 4,
    length_penalty: float = 0.6,
    lengths: Any = None,
    left: bool = False,
    new: Any = None,
    stop: Sequence[int] = (),
    constraint: Constraint | None = None,
    source: Mapping[str, Any] | None = None,
) -> Beams:
    """The W best of all continuations that are the extension of one of the W best so far.

    Ranked by ln P / ((5 + n) / 6)^a for n new tokens (Wu et al., "Google's Neural Machine
    Translation System", 2016): with a = 0 short ones win, for every token costs. A finished
    sequence keeps its place until W better ones are found, so a width of 1 is greedy search.

    Args:
        network: see `generate`, as for the rest.
        variables: of the network.
        prompts: B lists of tokens, or an int array `[B, P]`.
        length: C, the most tokens that a sequence may have, its prompt included.
        width: W, 1 or more.
        length_penalty: a, 0 or more.
        lengths: int `[B]`, of the prompts in an array; None: all P.
        left: whether prompts in an array are padded at their beginnings.
        new: the most tokens to add, one number or int `[B]`; None: up to `length`.
        stop: tokens after which a sequence ends.
        constraint: what may come next; None: everything.
        source: what the network needs beside tokens.

    Raises:
        ArgumentError: when something does not fit.
    """
    require(width > 0, f"width is {width}, expected 1 or more")
    require(length_penalty >= 0, f"length_penalty is {length_penalty}, expected 0 or more")
    tokens, lengths = read(prompts, slots=length, lengths=lengths, left=left)
    return _search(
        network,
        constraint,
        width,
        variables,
        tokens,
        lengths,
        jnp.broadcast_to(jnp.asarray(length if new is None else new, jnp.int32), lengths.shape),
        length_penalty,
        jnp.asarray(list(stop), jnp.int32),
        dict(source or {}),
    )


class _Loop(NamedTuple):
    beams: Beams
    finished: Bool[Array, "B W"]
    cache: Cache
    state: Any


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def _search(
    network: Network,
    constraint: Constraint | None,
    width: int,
    variables: Variables,
    tokens: Int[Array, "B C"],
    lengths: Int[Array, " B"],
    new: Int[Array, " B"],
    length_penalty: Float[Array, ""],
    stop: Int[Array, " K"],
    source: dict[str, Any],
) -> Beams:
    count, slots = tokens.shape
    ends = jnp.minimum(lengths + new, slots)[:, None]
    cache = empty_cache(network, variables, source, batch=count, slots=slots)
    cache = read_prompts(network, variables, cache, tokens, lengths.max() - 1)
    state = () if constraint is None else constraint.start(tokens, lengths)
    tokens, lengths, cache, state = jax.tree.map(
        lambda leaf: jnp.repeat(leaf, width, axis=0), (tokens, lengths, cache, state)
    )
    shaped = (count, width)
    lengths = lengths.reshape(shaped)
    prompt = lengths[:, :1]
    # All beams are the prompt: one of them may be extended, or all would be the same.
    alone = jnp.where(jnp.arange(width) == 0, jnp.zeros(shaped), -jnp.inf)
    first = _Loop(
        Beams(tokens.reshape(*shaped, slots), lengths, alone, alone), lengths >= ends, cache, state
    )

    def body(loop: _Loop) -> _Loop:
        beams = loop.beams
        flat_tokens, flat_lengths = beams.tokens.reshape(-1, slots), beams.lengths.reshape(-1)
        last = jnp.take_along_axis(flat_tokens, flat_lengths[:, None] - 1, axis=1)
        logits, cache = continued(network, variables, loop.cache, last, flat_lengths - 1)
        logits = logits[:, 0]
        further = jax.nn.log_softmax(logits)
        finished = loop.finished
        if constraint is not None:
            allowed = constraint.allowed(loop.state, Step(flat_tokens, flat_lengths, logits))
            further = jnp.where(allowed, further, -jnp.inf)
            # Where nothing may follow, it ends as it stands.
            finished = finished | ~allowed.any(-1).reshape(shaped)
        vocabulary = further.shape[-1]
        totals = beams.log_probabilities[..., None] + further.reshape(*shaped, vocabulary)
        # A finished beam has one continuation: itself.
        itself = jnp.where(
            jnp.arange(vocabulary) == 0, beams.log_probabilities[..., None], -jnp.inf
        )
        totals = jnp.where(finished[..., None], itself, totals)
        sizes = beams.lengths + ~finished
        penalties = ((5 + sizes - prompt) / 6) ** length_penalty
        scores, picked = jax.lax.top_k((totals / penalties[..., None]).reshape(count, -1), width)
        parents, token = picked // vocabulary, (picked % vocabulary).astype(jnp.int32)
        rows = (parents + jnp.arange(count)[:, None] * width).reshape(-1)

        def follow(leaf: jax.Array) -> jax.Array:
            return jnp.take(leaf, rows, axis=0)

        ended = follow(finished.reshape(-1)).reshape(shaped)
        before = follow(flat_lengths).reshape(shaped)
        place = ~ended[..., None] & (jnp.arange(slots) == before[..., None])
        tokens = jnp.where(place, token[..., None], follow(flat_tokens).reshape(*shaped, slots))
        longer = before + ~ended
        state = jax.tree.map(follow, loop.state)
        if constraint is not None:
            state = constraint.advance(state, token.reshape(-1))
        return _Loop(
            beams=Beams(
                tokens,
                longer,
                jnp.take_along_axis(totals.reshape(count, -1), picked, axis=1),
                scores,
            ),
            finished=ended | (longer >= ends) | (token[..., None] == stop).any(-1),
            cache={**cache, "tokens": jax.tree.map(follow, cache["tokens"])},
            state=state,
        )

    def going(loop: _Loop) -> jax.Array:
        return (~loop.finished & (loop.beams.log_probabilities > -jnp.inf)).any()

    return jax.lax.while_loop(going, body, first).beams
