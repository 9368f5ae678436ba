"""The primitives that the array engines are made of.

The lowering of expressions, hit policies and margins is written once over these, and runs
on NumPy (host side: explanations, derived values) and on `jax.lax` (`lax_ops.py`).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

__all__ = ["NUMPY", "Array", "ArrayOps"]

Array: TypeAlias = Any
Arrays: TypeAlias = tuple[Array, ...]
Step: TypeAlias = Callable[[Array, Array], Array]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ArrayOps:
    """Primitives over arrays of one shape, or such an array and a scalar.

    Attributes:
        add, subtract, multiply, divide: float32 with one rounding, or (not divide) int32.
        modulo: int32, with the sign of the divisor; any value when the divisor is 0.
        less, less_equal, equal, not_equal: as in IEEE 754; with NaN only `not_equal` holds.
        conjoin, disjoin, invert: of truths.
        bit_and, bit_or, bit_not, bit_count, shift_left, shift_right: of uint32.
        select: `select(where, this, other)`.
        floor, ceil, round: of float32; `round` half to even.
        convert: `convert(array, dtype)`.
        spread: `spread(array, shape)`, broadcast.
        place: `place(array, shape, dims)`, broadcast, with axis i becoming axis dims[i].
        transpose, reshape: `transpose(array, order)`, `reshape(array, shape)`.
        at: `at(array, index, axis)`, without that axis; the index is a uint32.
        window: `window(array, start, size)` of the last axis but one; the start is a uint32.
        rows_at: `rows_at(array, index)`, rows of `[..., m, v]` by uint32 `[..., n]` below m.
        put: `put(array, index, value)`, with the value at this index of the first axis.
        grow: `grow(array, size)`, with rows of zeros to make so many: the last axis but one.
        diagonal: `diagonal(array, first, second)`, two axes as one, the last.
        stack: `stack(arrays)` of one shape, along a new last axis.
        join: `join(this, other)`, along the last axis.
        pair: `pair(this, other)`, along a new first axis.
        some, total, least, greatest: over the last axis the `or` of truths, the sum of
            int32, the extremes of int32 or float32 without NaN.
        to_bits: truths `[..., n]` as uint32 `[..., ceil(n / 32)]`.
        from_bits: `from_bits(words, n)`, the way back.
        turn: words of bits `[..., n, v]`, columns as rows: `[..., 32 * v, ceil(n / 32)]`.
        fold: `fold(step, array)` over the last axis: `step(step(a[0], a[1]), a[2])` ...
        repeat: `repeat(count, step, start)`: `step(i, state)` for each i, a uint32; the
            count may be a uint32 array, and then there is no gradient.
        fixpoint: `fixpoint(step, start, limit=None)`: `step(arrays)` of truths or bits until
            nothing changes, or so often.
        choose: `choose(where, this, other)`, one of two functions called; a single truth.
        look_up: `look_up(table, first, index)`: `table[0]` where the index is up to `first`, then
            `table[1]` for the next, and so on; the table is a NumPy array.
        settle: the same array, for a compiler a hint to compute it once, not once per use.
        unite: the `bit_or` of uint32 arrays, for a compiler each a computation of its own.
        nearest: the least of float32 arrays without NaN, likewise.
        least_of: `least_of(function, terms)`, the least of `function(*term)`, in a loop.
    """

    add: Callable[[Array, Array], Array]
    subtract: Callable[[Array, Array], Array]
    multiply: Callable[[Array, Array], Array]
    divide: Callable[[Array, Array], Array]
    modulo: Callable[[Array, Array], Array]
    negate: Callable[[Array], Array]
    absolute: Callable[[Array], Array]
    less: Callable[[Array, Array], Array]
    less_equal: Callable[[Array, Array], Array]
    equal: Callable[[Array, Array], Array]
    not_equal: Callable[[Array, Array], Array]
    conjoin: Callable[[Array, Array], Array]
    disjoin: Callable[[Array, Array], Array]
    invert: Callable[[Array], Array]
    bit_and: Callable[[Array, Array], Array]
    bit_or: Callable[[Array, Array], Array]
    bit_not: Callable[[Array], Array]
    bit_count: Callable[[Array], Array]
    shift_left: Callable[[Array, Array], Array]
    shift_right: Callable[[Array, Array], Array]
    select: Callable[[Array, Array, Array], Array]
    floor: Callable[[Array], Array]
    ceil: Callable[[Array], Array]
    round: Callable[[Array], Array]
    convert: Callable[[Array, Any], Array]
    spread: Callable[[Array, tuple[int, ...]], Array]
    place: Callable[[Array, tuple[int, ...], Sequence[int]], Array]
    transpose: Callable[[Array, Sequence[int]], Array]
    reshape: Callable[[Array, tuple[int, ...]], Array]
    at: Callable[[Array, Array, int], Array]
    diagonal: Callable[[Array, int, int], Array]
    stack: Callable[[Sequence[Array]], Array]
    window: Callable[[Array, Array, int], Array]
    rows_at: Callable[[Array, Array], Array]
    put: Callable[[Array, Array, Array], Array]
    grow: Callable[[Array, int], Array]
    join: Callable[[Array, Array], Array]
    pair: Callable[[Array, Array], Array]
    some: Callable[[Array], Array]
    total: Callable[[Array], Array]
    least: Callable[[Array], Array]
    greatest: Callable[[Array], Array]
    to_bits: Callable[[Array], Array]
    from_bits: Callable[[Array, int], Array]
    turn: Callable[[Array], Array]
    fold: Callable[[Step, Array], Array]
    repeat: Callable[[Any, Step, Array], Array]
    fixpoint: Callable[..., Arrays]
    choose: Callable[[Array, Callable[[], Array], Callable[[], Array]], Array]
    look_up: Callable[[np.ndarray, int, Array], Array]
    settle: Callable[[Array], Array]
    unite: Callable[[Sequence[Array]], Array]
    nearest: Callable[[Sequence[Array]], Array]
    least_of: Callable[[Callable[..., Array], Sequence[Arrays]], Array]


def _place(array: Array, shape: tuple[int, ...], dims: Sequence[int]) -> Array:
    sizes = [1] * len(shape)
    for size, dim in zip(array.shape, dims, strict=True):
        sizes[dim] = size
    return np.broadcast_to(np.reshape(array, sizes), shape)


def _to_bits(array: Array) -> Array:
    size = array.shape[-1]
    padded = np.zeros((*array.shape[:-1], -(-size // 32) * 32), bool)
    padded[..., :size] = array
    return np.packbits(padded, axis=-1, bitorder="little").view("<u4").astype(np.uint32)


def _from_bits(words: Array, size: int) -> Array:
    octets = np.ascontiguousarray(words.astype("<u4")).view(np.uint8)
    return np.unpackbits(octets, axis=-1, count=size, bitorder="little").astype(bool)


def _turn(words: Array) -> Array:
    return _to_bits(np.swapaxes(_from_bits(words, 32 * words.shape[-1]), -1, -2))


def _put(array: Array, index: Array, value: Array) -> Array:
    changed = np.array(array)
    changed[int(index)] = value
    return changed


def _grow(array: Array, size: int) -> Array:
    grown = np.zeros((*array.shape[:-2], size, array.shape[-1]), array.dtype)
    grown[..., : array.shape[-2], :] = array
    return grown


def _fold(step: Step, array: Array) -> Array:
    return functools.reduce(step, np.moveaxis(array, -1, 0))


def _repeat(count: Any, step: Step, start: Array) -> Array:
    indices = range(int(count))
    return functools.reduce(lambda state, index: step(np.uint32(index), state), indices, start)


def _fixpoint(
    step: Callable[[Arrays], Arrays], start: Arrays, limit: Array | None = None
) -> Arrays:
    before, after, rounds = start, step(start), 1
    while any((old != new).any() for old, new in zip(before, after, strict=True)):
        if limit is not None and rounds >= limit:
            break
        before, after, rounds = after, step(after), rounds + 1
    return after


NUMPY = ArrayOps(
    add=np.add,
    subtract=np.subtract,
    multiply=np.multiply,
    divide=np.divide,
    modulo=np.remainder,
    negate=np.negative,
    absolute=np.absolute,
    less=np.less,
    less_equal=np.less_equal,
    equal=np.equal,
    not_equal=np.not_equal,
    conjoin=np.logical_and,
    disjoin=np.logical_or,
    invert=np.logical_not,
    bit_and=np.bitwise_and,
    bit_or=np.bitwise_or,
    bit_not=np.bitwise_not,
    bit_count=np.bitwise_count,
    shift_left=np.left_shift,
    shift_right=np.right_shift,
    select=np.where,
    floor=np.floor,
    ceil=np.ceil,
    round=np.rint,
    convert=lambda array, dtype: np.asarray(array).astype(dtype),
    spread=np.broadcast_to,
    place=_place,
    transpose=np.transpose,
    reshape=np.reshape,
    at=lambda array, index, axis: np.take(array, index, axis),
    diagonal=lambda array, first, second: np.diagonal(array, 0, first, second),
    stack=lambda arrays: np.stack(arrays, axis=-1),
    window=lambda array, start, size: array[..., int(start) : int(start) + size, :],
    rows_at=lambda array, index: np.take_along_axis(array, index[..., None], -2),
    put=_put,
    grow=_grow,
    join=lambda this, other: np.concatenate([this, other], axis=-1),
    pair=lambda this, other: np.stack([this, other]),
    some=lambda array: np.any(array, axis=-1),
    total=lambda array: np.sum(array, axis=-1, dtype=array.dtype),
    least=lambda array: np.min(array, axis=-1),
    greatest=lambda array: np.max(array, axis=-1),
    to_bits=_to_bits,
    from_bits=_from_bits,
    turn=_turn,
    fold=_fold,
    repeat=_repeat,
    fixpoint=_fixpoint,
    choose=lambda where, this, other: this() if where else other(),
    look_up=lambda table, first, index: table[np.maximum(index, first).astype(np.int32) - first],
    settle=lambda array: array,
    unite=functools.partial(functools.reduce, np.bitwise_or),
    nearest=functools.partial(functools.reduce, np.minimum),
    least_of=lambda function, terms: functools.reduce(
        np.minimum, (function(*term) for term in terms)
    ),
)
