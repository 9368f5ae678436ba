"""Boolean matrices as rows of bits, 32 in a word: products and closures by uniting rows.

A row of `A B` is the union of the rows of B that the row of A leads to. Where A is dense, all
rows of B are tried, `BLOCK` of them at a time, so that memory is passed over once for all of
these. Where each row of A has few entries they are listed, and their rows gathered. Which it
is depends on the facts and is chosen when they are there, by `array_costs.py`.

The closure is Gauss-Jordan elimination over the boolean semiring, Warshall's algorithm ("A
theorem on boolean matrices", 1962), with a block of pivots at a time as in Penner and
Prasanna, "Cache-friendly implementations of transitive closure" (2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rules.engines import array_costs as costs
from rules.engines.array_ops import Array, ArrayOps

__all__ = ["Steps", "between", "product", "star_times", "steps_of"]

NONE, ONE = np.uint32(0), np.uint32(1)
BLOCK = 16  # divides 32; rows of a block stay in the first cache
PER_WORD = np.uint32(32 // BLOCK)


class Steps(NamedTuple):
    """The left side of products.

    Attributes:
        bits: uint32 `[..., n, ceil(m / 32)]`.
        columns: m.
        most: uint32, the most entries in any row.
        listed: whether the entries are listed, a single truth.
        table: uint32 `[slots, ..., n]`, the first entries of each row, the first of them again
            where there are fewer.
        some: bits of all ones where a row has any entry, else 0: uint32 `[..., n]`.
    """

    bits: Array
    columns: int
    most: Array
    listed: Array
    table: Array
    some: Array


def steps_of(ops: ArrayOps, matrix: Array) -> Steps:
    """A bool matrix `[..., n, m]` prepared as the left side of products."""
    bits, columns = ops.to_bits(matrix), matrix.shape[-1]
    most = _most(ops, bits)
    listed = costs.worth_listing(columns, most)
    return _listed(ops, bits, columns, most, listed)


def product(ops: ArrayOps, steps: Steps, rows: Array) -> Array:
    """Bits of A B: uint32 `[..., n, v]`.

    Args:
        ops: the primitives to compute with.
        steps: A.
        rows: bits of B, uint32 `[..., m, v]`.
    """
    return ops.choose(
        steps.listed,
        lambda: _gathered(ops, steps, rows),
        lambda: _united(ops, steps, rows),
    )


def star_times(ops: ArrayOps, left: Array, right: Array) -> Array:
    """Bool `[..., n, m]`: `A* B`, what any number of steps of A and then one of B lead to.

    Args:
        ops: the primitives to compute with.
        left: bool `[..., n, n]`, A.
        right: bool `[..., n, m]`, B; faster when it is the very array A.
    """
    size, width = right.shape[-2:]
    bits = ops.to_bits(left)
    start = bits if left is right else ops.to_bits(right)

    def eliminated(rows: Array) -> Array:
        if left is right:
            return _eliminated(ops, rows)
        return _eliminated(ops, ops.join(bits, rows))[..., bits.shape[-1] :]

    if size <= costs.SMALL:
        return ops.from_bits(eliminated(start), width)
    most = _most(ops, bits)
    limit = costs.round_limit(ops, size, most)
    steps = _listed(ops, bits, size, most, limit > 0)

    def further(rows: Array) -> Array:
        return ops.bit_or(rows, _gathered(ops, steps, rows))

    def tried() -> tuple[Array, Array]:
        (rows,) = ops.fixpoint(lambda arrays: (further(arrays[0]),), (start,), limit)
        return rows, ops.invert(_differ(ops, rows, further(rows)))

    def begun() -> tuple[Array, Array]:
        return start, _differ(ops, start, start)

    rows, settled = ops.choose(limit > 0, tried, begun)
    closed = ops.choose(settled, lambda: rows, lambda: eliminated(rows))
    return ops.from_bits(closed, width)


def _most(ops: ArrayOps, bits: Array) -> Array:
    counts = ops.total(ops.convert(ops.bit_count(bits), np.int32))
    some = ops.join(ops.reshape(counts, (-1,)), np.zeros(1, np.int32))  # a batch may be empty
    return ops.convert(ops.greatest(some), np.uint32)


def _differ(ops: ArrayOps, this: Array, other: Array) -> Array:
    return ops.some(ops.reshape(ops.not_equal(this, other), (-1,)))


def _listed(ops: ArrayOps, bits: Array, columns: int, most: Array, listed: Array) -> Steps:
    """The entries of each row, the lowest bit that is left taken away once and again."""
    places = np.arange(bits.shape[-1], dtype=np.int32)
    axis = (bits.ndim - 1,)
    rows = tuple(range(bits.ndim - 1))
    number = ops.place(places, bits.shape, axis)
    none = np.int32(bits.shape[-1])

    def lowest(left: Array) -> tuple[Array, Array, Array]:
        word = ops.least(ops.select(ops.not_equal(left, NONE), number, none))
        here = ops.equal(number, ops.place(word, bits.shape, rows))
        low = ops.bit_and(left, ops.subtract(NONE, left))
        taken = ops.select(here, low, NONE)
        bit = ops.total(ops.select(here, ops.bit_count(ops.subtract(low, ONE)), NONE))
        entry = ops.add(ops.multiply(ops.convert(word, np.uint32), np.uint32(32)), bit)
        return ops.less(word, none), entry, ops.bit_and(left, ops.bit_not(taken))

    found, entry, _ = lowest(bits)
    first = ops.select(found, entry, NONE)

    def take(slot: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        left, table = state
        found, entry, left = lowest(left)
        return left, ops.put(table, slot, ops.select(found, entry, first))

    slots = min(columns, costs.MAX_SLOTS)
    # Made of the first entries, since under shard_map plain zeros would be the same everywhere.
    table = ops.place(first, (slots, *first.shape), tuple(range(1, first.ndim + 1)))
    slots_used = ops.select(listed, most, ops.subtract(most, most))
    _, table = ops.repeat(slots_used, take, (bits, table))
    return Steps(bits, columns, most, listed, table, ops.select(found, ~NONE, NONE))


def _gathered(ops: ArrayOps, steps: Steps, rows: Array) -> Array:
    def unite(slot: Array, united: Array) -> Array:
        return ops.bit_or(united, ops.rows_at(rows, ops.at(steps.table, slot, 0)))

    # The first of all once more: it makes an array to begin with.
    united = ops.repeat(steps.most, unite, ops.rows_at(rows, ops.at(steps.table, NONE, 0)))
    return ops.bit_and(united, ops.place(steps.some, united.shape, tuple(range(united.ndim - 1))))


def _united(ops: ArrayOps, steps: Steps, rows: Array) -> Array:
    size = min(steps.columns, BLOCK)
    blocks = -(-steps.columns // size)
    padded = ops.grow(rows, blocks * size)
    lead = tuple(range(rows.ndim - 1))
    nothing = ops.bit_and(ops.at(steps.bits, NONE, rows.ndim - 1), NONE)
    shape = (*steps.bits.shape[:-1], rows.shape[-1])

    def block(number: Array, united: Array) -> Array:
        panel = ops.window(padded, ops.multiply(number, np.uint32(size)), size)
        return _unite(ops, united, _leads(ops, steps.bits, number), panel, size)

    return ops.repeat(blocks, block, ops.place(nothing, shape, lead))


def _eliminated(ops: ArrayOps, rows: Array) -> Array:
    """Rows of bits `[A B]` to `[A A*, A* B]`; B may have no columns."""
    size = rows.shape[-2]
    block = min(size, BLOCK)
    blocks = -(-size // block)

    def eliminate(number: Array, rows: Array) -> Array:
        panel = ops.window(rows, ops.multiply(number, np.uint32(block)), block)
        for pivot in range(block):
            panel = _unite(ops, panel, _leads(ops, panel, number), panel, pivot + 1, pivot)
        return _unite(ops, rows, _leads(ops, rows, number), panel, block)

    return ops.repeat(blocks, eliminate, ops.grow(rows, blocks * block))[..., :size, :]


def _leads(ops: ArrayOps, bits: Array, block: Array) -> Array:
    """From bit 0 on, the bits of each row for the rows of a block."""
    word = ops.at(bits, block // PER_WORD, bits.ndim - 1)
    return ops.shift_right(word, ops.multiply(block % PER_WORD, np.uint32(BLOCK)))


def _unite(
    ops: ArrayOps, rows: Array, leads: Array, panel: Array, end: int, begin: int = 0
) -> Array:
    """Each row with those rows of the panel, from `begin` to `end`, that it leads to."""
    lead = tuple(range(rows.ndim - 1))
    for place in range(begin, end):
        bit = ops.bit_and(ops.shift_right(leads, np.uint32(place)), ONE)
        mask = ops.place(ops.subtract(NONE, bit), rows.shape, lead)
        row = ops.at(panel, np.uint32(place), panel.ndim - 2)
        spread = ops.place(row, rows.shape, (*lead[:-1], rows.ndim - 1))
        rows = ops.bit_or(rows, ops.bit_and(mask, spread))
    return rows


def between(ops: ArrayOps, base: Array, sides: Sequence[tuple[Array, Array]]) -> Array:
    """Bool `[..., n, n]`: the least P that has B and all `A P C`.

    Args:
        ops: the primitives to compute with.
        base: bool `[..., n, n]`, B.
        sides: A and the transpose of C, bool `[..., n, n]` each.
    """
    size = base.shape[-1]
    prepared = [(steps_of(ops, left), steps_of(ops, right)) for left, right in sides]

    def turned(rows: Array) -> Array:
        return ops.turn(rows)[..., :size, :]

    def step(arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        (rows,) = arrays
        for left, right in prepared:
            half = turned(product(ops, left, rows))
            rows = ops.bit_or(rows, turned(product(ops, right, half)))
        return (rows,)

    (rows,) = ops.fixpoint(step, (ops.to_bits(base),))
    return ops.from_bits(rows, size)
