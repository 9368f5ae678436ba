"""Which form a product of boolean matrices takes: what each costs, for arrays of any size.

Figures are picoseconds for a word of 32 bits, with jax 0.12 on two cores of a Zen 4 at 1,000
and 4,000 objects (docs/performance.md); LISTING is estimated. Only their ratios matter.
"""

from __future__ import annotations

import numpy as np

from rules.engines.array_ops import Array, ArrayOps

__all__ = ["MAX_SLOTS", "SMALL", "by_rows", "round_limit", "worth_listing"]

PIVOT = 30  # one column of the left side, for each word of the right: in all rows, led to or not
SLOT = 120  # one entry in each row of the left side, for each word of the right: gathered
LISTING = 600  # the same entry found beforehand, for each word of the left side
MEETING = 280  # two words of a row and a column compared, for each entry of the product

MAX_SLOTS = 128  # entries of a row that are listed; bounds the memory of the list
LEAST_ROUNDS = 4  # a closure of less depth is not guessed at
SMALL = 96  # objects up to which the forms differ by less than choosing costs


def by_rows(rows: int, inner: int, columns: int) -> bool:
    """Whether a product is better united from rows of bits than met entry by entry."""
    united = PIVOT * inner * -(-columns // 32)
    met = MEETING * -(-inner // 32) * columns
    return min(rows, inner, columns) > 2 * SMALL and united < met


def worth_listing(inner: int, slots: Array) -> Array:
    """Whether to gather the rows that each row leads to, instead of trying all.

    Args:
        inner: the columns of the left side.
        slots: uint32, the most entries in any of its rows.
    """
    return slots <= np.uint32(min(inner * PIVOT // (2 * SLOT), MAX_SLOTS))


def round_limit(ops: ArrayOps, size: int, slots: Array) -> Array:
    """Rounds of gathering, uint32, that cost half of an elimination; 0 for too few.

    Args:
        ops: the primitives to compute with.
        size: rows and columns of the matrix that is closed.
        slots: uint32, as above.
    """
    half = np.uint32(size * PIVOT // 2)
    most = np.uint32(size * PIVOT // (2 * (LISTING + LEAST_ROUNDS * SLOT)))
    left = ops.subtract(half, ops.multiply(np.uint32(LISTING), slots))
    each = ops.multiply(np.uint32(SLOT), ops.select(slots == 0, np.uint32(1), slots))
    return ops.select(slots <= most, left // each, np.uint32(0))
