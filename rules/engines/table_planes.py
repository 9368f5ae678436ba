"""A circuit over blocks of cases in XLA: one bit per truth and case.

A row has one bit per case of a block: `c` words of where a truth holds, then `c` words of
where it could; bit i of word w is of case `i * c + w` of the block, so that neighbours in
memory are never neighbours in a word and everything vectorizes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rules.engines.array_ops import Array
from rules.engines.table_plan import LITERALS, RULES, STEP, Chunks, Layout, Literals, Tables
from rules.engines.values import INT_MISSING

__all__ = ["BITS", "circuit_rows", "first", "read", "unpacked"]

BITS = 32
NONE = np.uint32(0)


def circuit_rows(layout: Layout, tables: Tables, floats: Array, codes: Array) -> Array:
    """All rows of a block.

    Args:
        layout: what lies where.
        tables: the rule set.
        floats: float32 `[F, 32, c]`, NaN where missing.
        codes: int32 `[G, 32, c]`, -2**31 where missing.

    Returns:
        uint32 `[rows, 2 * c]`.
    """
    count = floats.shape[-1]
    lacking = [_packed(floats, lambda x: x != x), _packed(codes, lambda x: x == INT_MISSING)]
    parts = [jnp.stack([jnp.zeros(2 * count, np.uint32), jnp.full(2 * count, ~NONE)])]
    for literals, values, missing in zip(tables[:2], (floats, codes), lacking, strict=True):
        if len(literals.low):
            parts.append(_literal_rows(literals, values, missing))
    if layout.asks:
        missing = jnp.concatenate(lacking)
        parts += [jnp.tile(missing, (1, 2)), jnp.tile(~missing, (1, 2))]
    begin = sum(map(len, parts))
    rows = jnp.concatenate([*parts, jnp.zeros((layout.steps * STEP, 2 * count), np.uint32)])

    def step(index: Array, rows: Array) -> Array:
        invert = jnp.asarray(tables.gates.invert)[index]
        inputs = [read(rows, source) ^ invert for source in jnp.asarray(tables.gates.inputs)[index]]
        joined = functools.reduce(lax.bitwise_and, inputs) ^ invert
        return lax.dynamic_update_slice(rows, joined, (begin + index * STEP, 0))

    return lax.fori_loop(0, layout.steps, step, rows)


def read(rows: Array, index: Array) -> Array:
    """The rows at some places."""
    return rows.at[index].get(mode="promise_in_bounds")


def _literal_rows(literals: Literals, values: Array, missing: Array) -> Array:
    def step(part: Literals) -> Array:
        low, high = part.low[:, None], part.high[:, None]
        words = []
        for bit in range(BITS):
            value = read(values[:, bit], part.field)
            words.append(jnp.where((low <= value) & (value <= high), np.uint32(1 << bit), NONE))
        holds = functools.reduce(lax.bitwise_or, words)
        return jnp.concatenate([holds, holds | read(missing, part.field)], axis=1)

    parts = jax.tree.map(lambda array: jnp.asarray(array).reshape(-1, LITERALS), literals)
    rows = lax.map(step, parts)
    return rows.reshape(-1, rows.shape[-1])


def _packed(values: Array, test: Callable[[Array], Array]) -> Array:
    """uint32 `[F, c]`: the bits of where a test holds."""
    words = [jnp.where(test(values[:, bit]), np.uint32(1 << bit), NONE) for bit in range(BITS)]
    return functools.reduce(lax.bitwise_or, words)


def unpacked(words: Array) -> Array:
    """The bits of words `[..., c]` as bools `[..., 32 * c]`, a bit per case."""
    places = jnp.arange(BITS, dtype=np.uint32)[:, None]
    bits = (words[..., None, :] >> places) & np.uint32(1)
    return bits.reshape(*words.shape[:-1], BITS * words.shape[-1]).astype(bool)


def first(rows: Array, chunks: Chunks, outcomes: int, digits: int) -> Array:
    """The rank, counted from 1, of the first rule of each outcome with a bit; 0 without one.

    The digits are one array, since each output of a fusion computes all it reads anew.

    Args:
        rows: uint32 `[..., w]`.
        chunks: the rules.
        outcomes: how many there are.
        digits: binary digits that the number of rules has.

    Returns:
        uint32 `[outcomes, digits, w]`, the binary digits, lowest first.
    """
    places = np.arange(digits, dtype=np.int32)
    ordinal = jnp.asarray(chunks.rank)[..., None] + 1

    def step(found: Array, chunk: tuple[Array, Array, Array]) -> tuple[Array, None]:
        outcome, own, masks = chunk
        best = lax.dynamic_index_in_dim(found, outcome, keepdims=False)
        for place in reversed(range(RULES)):
            row = lax.dynamic_index_in_dim(rows, own[place], keepdims=False)
            best = best ^ ((best ^ masks[place, :, None]) & row)
        return lax.dynamic_update_index_in_dim(found, best, outcome, 0), None

    masks = (-((ordinal >> places) & 1)).astype(np.uint32)
    # Zeros that are made from the rows: under shard_map a loop may not begin with anything that
    # is the same on all devices, and go on with what is not.
    start = jnp.broadcast_to(rows[0] & NONE, (outcomes, digits, rows.shape[1]))
    parts = jnp.asarray(chunks.outcome), jnp.asarray(chunks.row), masks
    found, _ = lax.scan(step, start, parts, reverse=True)
    return found
