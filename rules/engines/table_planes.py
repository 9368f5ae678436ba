"""A circuit over blocks of cases in XLA: one bit per truth and case.

A row has one bit per case of a block, in `c` words; bit i of word w is of case `i * c + w` of
the block, so that neighbours in memory are never neighbours in a word and everything
vectorizes. The circuit runs once on where its comparisons hold, and once more on where they
could hold if a value of the block is missing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rules.engines.array_ops import Array
from rules.engines.table_plan import LITERALS, RULES, STEP, Chunks, Layout, Literals, Tables
from rules.engines.values import INT_MISSING

__all__ = ["BITS", "by_plane", "first", "read", "unpacked"]

BITS = 32
NONE = np.uint32(0)
T = TypeVar("T")


class _Known(NamedTuple):
    """Of a block, what both planes begin with.

    Attributes:
        holds: uint32 `[L, c]`, the rows before the gates: where each holds.
        missing: uint32 `[F + 1, c]`, where each field is missing; the last is missing nowhere.
        field: int32 `[L]`, which of these is unknown where a row is.
    """

    holds: Array
    missing: Array
    field: Array


def by_plane(
    layout: Layout, tables: Tables, floats: Array, codes: Array, asked: Callable[[Array], T]
) -> T:
    """What is asked of the rows of a block, where they hold and where they could.

    Args:
        layout: what lies where.
        tables: the rule set.
        floats: float32 `[F, 32, c]`, NaN where missing.
        codes: int32 `[G, 32, c]`, -2**31 where missing.
        asked: of rows uint32 `[rows, c]`, arrays.

    Returns:
        The same arrays with a first axis of two: asked of where the rows hold, and of where
        they could, which is the same where the block lacks no value.
    """
    known = _known(layout, tables, floats, codes)
    lacks = jnp.any(known.missing != 0).astype(np.int32)

    def plane(index: Array) -> T:
        doubt = read(known.missing, known.field) & (-index).astype(np.uint32)
        return asked(_circuit_rows(layout, tables, known.holds | doubt))

    def step(index: Array, found: T) -> T:
        update = functools.partial(lax.dynamic_update_index_in_dim, index=index, axis=0)
        return jax.tree.map(update, found, plane(index))

    # Zeros that are made from the rows: under shard_map a loop may not begin with anything that
    # is the same on all devices, and go on with what is not.
    zero = known.holds[0, 0] & NONE
    start = jax.tree.map(
        lambda one: jnp.broadcast_to(zero.astype(one.dtype), (2, *one.shape)),
        jax.eval_shape(plane, lacks),
    )
    found = lax.fori_loop(0, 1 + lacks, step, start)
    return jax.tree.map(lambda two: jnp.stack([two[0], read(two, lacks)]), found)


def _known(layout: Layout, tables: Tables, floats: Array, codes: Array) -> _Known:
    count = floats.shape[-1]
    fields = len(floats) + len(codes)
    missing = jnp.concatenate(
        [_packed(floats, lambda x: x != x), _packed(codes, lambda x: x == INT_MISSING)]
    )
    parts = [jnp.stack([jnp.zeros(count, np.uint32), jnp.full(count, ~NONE)])]
    about = [jnp.full(2, fields, np.int32)]
    for literals, values, before in zip(tables[:2], (floats, codes), (0, len(floats)), strict=True):
        if len(literals.low):
            parts.append(_literal_rows(literals, values))
            about.append(jnp.asarray(literals.field) + before)
    if layout.asks:
        parts += [missing, ~missing]
        about.append(jnp.full(2 * fields, fields, np.int32))
    nowhere = jnp.zeros((1, count), np.uint32)
    return _Known(
        jnp.concatenate(parts), jnp.concatenate([missing, nowhere]), jnp.concatenate(about)
    )


def _circuit_rows(layout: Layout, tables: Tables, before: Array) -> Array:
    """All rows of a plane, from those before the gates."""
    begin, count = before.shape
    rows = jnp.concatenate([before, jnp.zeros((layout.steps * STEP, count), np.uint32)])

    def step(index: Array, rows: Array) -> Array:
        invert = jnp.asarray(tables.gates.invert)[index]
        inputs = [read(rows, source) ^ invert for source in jnp.asarray(tables.gates.inputs)[index]]
        joined = functools.reduce(lax.bitwise_and, inputs) ^ invert
        return lax.dynamic_update_slice(rows, joined, (begin + index * STEP, 0))

    return lax.fori_loop(0, layout.steps, step, rows)


def read(rows: Array, index: Array) -> Array:
    """The rows at some places."""
    return rows.at[index].get(mode="promise_in_bounds")


def _literal_rows(literals: Literals, values: Array) -> Array:
    def step(part: Literals) -> Array:
        low, high = part.low[:, None], part.high[:, None]
        words = []
        for bit in range(BITS):
            value = read(values[:, bit], part.field)
            words.append(jnp.where((low <= value) & (value <= high), np.uint32(1 << bit), NONE))
        return functools.reduce(lax.bitwise_or, words)

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
        rows: uint32 `[rows, w]`.
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
    # Made from the rows for shard_map, as above.
    start = jnp.broadcast_to(rows[0] & NONE, (outcomes, digits, rows.shape[1]))
    parts = jnp.asarray(chunks.outcome), jnp.asarray(chunks.row), masks
    found, _ = lax.scan(step, start, parts, reverse=True)
    return found
