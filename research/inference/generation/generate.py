"""Text from a decoder: one compiled loop for prompts and outputs of all lengths."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from research.arguments import require
from research.inference.generation.cache import Cache, continued, empty_cache, read_prompts
from research.inference.generation.constraint import Constraint, Step
from research.inference.generation.prompts import prompts as read
from research.inference.generation.sampling import Greedy, Sampling, choose
from research.models.network import Network, Variables

_GREEDY = Greedy()


class Generated(NamedTuple):
    """B sequences. Numbers of the tokens of a prompt are 0.

    Attributes:
        tokens: int32 `[B, C]`, prompt and continuation; zeros after the end.
        lengths: int32 `[B]`, of both together, with the stop token.
        log_probabilities: float32 `[B, C]`, ln of each token's probability by the model.
        log_allowed: float32 `[B, C]`, ln of the probability of all tokens that the
            constraint allowed there: what it cost, in nats. 0 without one.
        wanted: int32 `[B, C]`, the token that would have come there without the constraint,
            drawn with the same randomness. As `tokens` without one.
        stuck: bool `[B]`, whether it ended because the constraint allowed no token.
    """

    tokens: Int[Array, "B C"]
    lengths: Int[Array, " B"]
    log_probabilities: Float[Array, "B C"]
    log_allowed: Float[Array, "B C"]
    wanted: Int[Array, "B C"]
    stuck: Bool[Array, " B"]


def generate(
    network: Network,
    variables: Variables,
    prompts: Any,
    *,
    length: int,
    lengths: Any = None,
    left: bool = False,
    new: Any = None,
    method: Greedy | Sampling = _GREEDY,
    key: Any = None,
    stop: Sequence[int] = (),
    constraint: Constraint | None = None,
    source: Mapping[str, Any] | None = None,
) -> Generated:
    """Continues prompts, token by token, with the keys and values of earlier tokens kept.

    Compiled once for a network, number of prompts, `length`, kind of method and constraint;
    prompts and outputs of all lengths within it, and the method's numbers, are data. What a
    sequence becomes does not depend on the others in its batch. Works inside `jit` too.

    Args:
        network: a decoder such as `Transformer`, or an `EncoderDecoder`.
        variables: of the network.
        prompts: B lists of tokens, or an int array `[B, P]`; no prompt is empty.
        length: C, the most tokens that a sequence may have, its prompt included.
        lengths: int `[B]`, of the prompts in an array; None: all P.
        left: whether prompts in an array are padded at their beginnings.
        new: the most tokens to add, one number or int `[B]`; None: up to `length`.
        method: how a token is chosen.
        key: typed PRNG key, or `[B]` of them, of the draws. One key is folded with the
            sequence's place in the batch.
        stop: tokens after which a sequence ends.
        constraint: what may come next; None: everything.
        source: what the network needs beside tokens, such as `source`, `source_lengths`.

    Raises:
        ArgumentError: when something does not fit.
    """
    tokens, lengths = read(prompts, slots=length, lengths=lengths, left=left)
    count = tokens.shape[0]
    numbers: dict[str, float] = {}
    if isinstance(method, Sampling):
        require(key is not None, "Sampling draws: expected a key, such as jax.random.key(0)")
        numbers = method.numbers
    else:
        key = jax.random.key(0)
    if key.ndim == 0:
        key = _fold(key, jnp.arange(count))
    require(key.shape == (count,), f"keys are {list(key.shape)}, expected one or [{count}]")
    return _generate(
        network,
        constraint,
        variables,
        tokens,
        lengths,
        jnp.broadcast_to(jnp.asarray(length if new is None else new, jnp.int32), (count,)),
        key,
        numbers,
        jnp.asarray(list(stop), jnp.int32),
        dict(source or {}),
    )


class _Loop(NamedTuple):
    generated: Generated
    cache: Cache
    state: Any
    done: Bool[Array, " B"]


@functools.partial(jax.jit, static_argnums=(0, 1))
def _generate(
    network: Network,
    constraint: Constraint | None,
    variables: Variables,
    tokens: Int[Array, "B C"],
    lengths: Int[Array, " B"],
    new: Int[Array, " B"],
    keys: Key[Array, " B"],
    numbers: dict[str, Any],
    stop: Int[Array, " K"],
    source: dict[str, Any],
) -> Generated:
    count, slots = tokens.shape
    ends = jnp.minimum(lengths + new, slots)
    cache = empty_cache(network, variables, source, batch=count, slots=slots)
    cache = read_prompts(network, variables, cache, tokens, lengths.max() - 1)
    zeros = jnp.zeros(tokens.shape, jnp.float32)
    first = _Loop(
        generated=Generated(tokens, lengths, zeros, zeros, tokens, jnp.zeros(count, bool)),
        cache=cache,
        state=() if constraint is None else constraint.start(tokens, lengths),
        done=lengths >= ends,
    )

    def body(loop: _Loop) -> _Loop:
        past = loop.generated
        last = jnp.take_along_axis(past.tokens, past.lengths[:, None] - 1, axis=1)
        logits, cache = continued(network, variables, loop.cache, last, past.lengths - 1)
        logits = logits[:, 0]
        wanted = choose(logits, keys, past.lengths, numbers)
        chosen, stuck = wanted, jnp.zeros(count, bool)
        log_allowed = jnp.zeros(count)
        if constraint is not None:
            allowed = constraint.allowed(loop.state, Step(past.tokens, past.lengths, logits))
            masked = jnp.where(allowed, logits, -jnp.inf)
            chosen = choose(masked, keys, past.lengths, numbers)
            stuck = ~allowed.any(-1)
            everything = jax.nn.logsumexp(logits, axis=-1)
            log_allowed = jax.nn.logsumexp(masked, axis=-1) - everything
        going = ~loop.done & ~stuck
        log_probability = jnp.take_along_axis(jax.nn.log_softmax(logits), chosen[:, None], axis=-1)[
            :, 0
        ]

        def write(values: jax.Array, value: jax.Array) -> jax.Array:
            here = going[:, None] & (jnp.arange(slots) == past.lengths[:, None])
            return jnp.where(here, value[:, None], values)

        longer = past.lengths + going
        state = loop.state
        if constraint is not None:
            state = select(going, constraint.advance(state, chosen), state)
        return _Loop(
            generated=Generated(
                tokens=write(past.tokens, chosen),
                lengths=longer,
                log_probabilities=write(past.log_probabilities, log_probability),
                log_allowed=write(past.log_allowed, log_allowed),
                wanted=write(past.wanted, wanted),
                stuck=past.stuck | (stuck & ~loop.done),
            ),
            cache=cache,
            state=state,
            done=loop.done | stuck | (longer >= ends) | (chosen[:, None] == stop).any(-1),
        )

    return jax.lax.while_loop(lambda loop: ~loop.done.all(), body, first).generated


def select(chosen: Bool[Array, " B"], yes: Any, no: Any) -> Any:
    """Of two pytrees of arrays `[B, ...]`, each row from one of them."""

    def one(yes: jax.Array, no: jax.Array) -> jax.Array:
        return jnp.where(chosen.reshape(chosen.shape + (1,) * (yes.ndim - 1)), yes, no)

    return jax.tree.map(one, yes, no)


@jax.jit
def _fold(key: jax.Array, places: jax.Array) -> jax.Array:
    return jax.vmap(lambda place: jax.random.fold_in(key, place))(places)
