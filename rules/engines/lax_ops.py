"""The primitives of the array engines in `jax.lax`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rules.engines.array_ops import Array, ArrayOps, Arrays, Step

__all__ = ["LAX"]

UNROLLED = 16  # terms of a fold, beyond which it is a loop
COMPARED = 16  # changes in a table, beyond which reading it is quicker than comparing
CHUNK = 16  # distances that one fusion compares
_HALVES = tuple(
    (np.uint32(half), np.uint32((2**32 - 1) // (2**half + 1))) for half in (16, 8, 4, 2, 1)
)


@jax.custom_jvp
def _multiply(left: Array, right: Array) -> Array:
    return lax.mul(left, right)


@jax.custom_jvp
def _divide(left: Array, right: Array) -> Array:
    return lax.div(left, right)


def _finite(slope: Array) -> Array:
    """A slope, or 0 where it has none: a zero cotangent times NaN would be NaN."""
    return jnp.where(lax.is_finite(slope), slope, 0)


_multiply.defjvps(
    lambda tangent, _, left, right: tangent * _finite(right),
    lambda tangent, _, left, right: tangent * _finite(left),
)
_divide.defjvps(
    lambda tangent, _, left, right: tangent * _finite(1 / right),
    lambda tangent, quotient, left, right: tangent * _finite(-quotient / right),
)


def _product(left: Array, right: Array) -> Array:
    return _multiply(left, right) if left.dtype == np.float32 else lax.mul(left, right)


def _modulo(left: Array, right: Array) -> Array:
    rest = lax.rem(left, right)
    zero = np.int32(0)
    opposed = lax.ne(lax.lt(rest, zero), lax.lt(right, zero))
    wrong = lax.bitwise_and(lax.ne(rest, zero), opposed)
    return _select(wrong, lax.add(rest, right), rest)


def _select(where: Array, this: Array, other: Array) -> Array:
    shape = _shape([where, this, other])
    return lax.select(*(_broadcast(array, shape) for array in (where, this, other)))


def _shape(arrays: Sequence[Array]) -> tuple[int, ...]:
    # Everything here is of one shape or a scalar; shapes may hold symbols, under export.
    return max((array.shape for array in arrays), key=len)


def _broadcast(array: Array, shape: tuple[int, ...]) -> Array:
    return array if array.shape == shape else lax.broadcast(array, shape)


def _unite(words: Sequence[Array]) -> Array:
    # A loop, since XLA drops optimization barriers before it fuses what stands between them.
    shape = _shape(words)
    first, *rest = (_broadcast(word, shape) for word in words)
    if not rest:
        return first
    stacked = jnp.stack([first, *rest])
    united, _ = lax.scan(lambda so_far, word: (so_far | word, None), stacked[0], stacked[1:])
    return united


def _nearest(distances: Sequence[Array]) -> Array:
    shape = _shape(distances)
    groups = [distances[start : start + CHUNK] for start in range(0, len(distances), CHUNK)]
    first, *rest = (_broadcast(functools.reduce(_nearer, group), shape) for group in groups)
    if not rest:
        return first
    stacked = jnp.stack([first, *rest])
    nearest, _ = lax.scan(lambda so_far, other: (_nearer(so_far, other), None), first, stacked[1:])
    return nearest


def _least_of(function: Callable[..., Array], terms: Sequence[Arrays]) -> Array:
    shape = _shape([array for term in terms for array in term])
    columns = list(zip(*terms, strict=True))
    alike = [all(array is column[0] for array in column) for column in columns]
    varied = [_stacked(column) for column, same in zip(columns, alike, strict=True) if not same]

    def distance(items: Sequence[Array]) -> Array:
        left = iter(items)
        arrays = [
            column[0] if same else next(left) for column, same in zip(columns, alike, strict=True)
        ]
        return function(*(_broadcast(array, shape) for array in arrays))

    first = distance([column[0] for column in varied])
    rest = tuple(column[1:] for column in varied)
    least, _ = lax.scan(lambda so_far, item: (_nearer(so_far, distance(item)), None), first, rest)
    return least


def _stacked(arrays: Sequence[Array]) -> Array:
    shape = _shape(arrays)
    return jnp.stack([_broadcast(array, shape) for array in arrays])


def _nearer(this: Array, other: Array) -> Array:
    return _select(lax.le(this, other), this, other)


def _at(array: Array, index: Array, axis: int) -> Array:
    return lax.dynamic_index_in_dim(array, index, axis, keepdims=False)


def _look_up(table: np.ndarray, first: int, index: Array) -> Array:
    (changes,) = np.nonzero(table[1:] != table[:-1])
    if len(changes) > COMPARED:
        return jnp.asarray(table)[jnp.maximum(index, first).astype(np.int32) - first]
    found: Array = table[0]
    for place in changes:
        found = _select(lax.lt(index.dtype.type(place + first), index), table[place + 1], found)
    return found


def _to_bits(array: Array) -> Array:
    *lead, size = array.shape
    words = -(-size // 32)
    bits = lax.pad(
        lax.convert_element_type(array, np.uint32),
        np.uint32(0),
        [(0, 0, 0)] * len(lead) + [(0, words * 32 - size, 0)],
    )
    bits = bits.reshape(*lead, words, 32)
    places = jnp.broadcast_to(jnp.arange(32, dtype=np.uint32), bits.shape)
    return jnp.sum(lax.shift_left(bits, places), axis=-1, dtype=np.uint32)


def _from_bits(words: Array, size: int) -> Array:
    *lead, count = words.shape
    shape = (*lead, count, 32)
    places = jnp.broadcast_to(jnp.arange(32, dtype=np.uint32), shape)
    bits = lax.shift_right_logical(jnp.broadcast_to(words[..., None], shape), places) & 1
    return bits.reshape(*lead, count * 32)[..., :size].astype(bool)


def _turn(words: Array) -> Array:
    """By halves of blocks of 32 x 32 bits: Warren, "Hacker's Delight", 2nd edition, 7-3."""
    *lead, size, width = words.shape
    count = -(-size // 32)
    blocks = _grow(words, count * 32)
    for half, low in _HALVES:
        parted = blocks.reshape(*lead, count * 16 // int(half), 2, int(half), width)
        upper, lower = parted[..., 0, :, :], parted[..., 1, :, :]
        swapped = ((upper >> half) ^ lower) & low
        parted = jnp.stack([upper ^ (swapped << half), lower ^ swapped], axis=-3)
        blocks = parted.reshape(*lead, count, 32, width)
    return jnp.moveaxis(blocks, -3, -1).swapaxes(-3, -2).reshape(*lead, width * 32, count)


def _grow(array: Array, size: int) -> Array:
    more = size - array.shape[-2]
    zero = np.zeros((), array.dtype)
    return lax.pad(array, zero, [(0, 0, 0)] * (array.ndim - 2) + [(0, more, 0), (0, 0, 0)])


def _rows_at(array: Array, index: Array) -> Array:
    def take(array: Array, index: Array) -> Array:
        return array.at[index].get(mode="promise_in_bounds")

    for _ in range(index.ndim - 1):
        take = jax.vmap(take)
    return take(array, index)


def _fold(step: Step, array: Array) -> Array:
    terms = jnp.moveaxis(array, -1, 0)
    if len(terms) <= UNROLLED:
        return functools.reduce(step, [terms[index] for index in range(len(terms))])
    total, _ = lax.scan(lambda so_far, term: (step(so_far, term), None), terms[0], terms[1:])
    return total


def _repeat(count: Any, step: Step, start: Array) -> Array:
    def numbered(index: Array, state: Array) -> Array:
        return step(lax.convert_element_type(index, np.uint32), state)

    if not isinstance(count, int):
        return lax.fori_loop(np.uint32(0), count, numbered, start)
    return lax.fori_loop(0, count, numbered, start)


def _fixpoint(
    step: Callable[[Arrays], Arrays], start: Arrays, limit: Array | None = None
) -> Arrays:
    def again(carry: tuple[Arrays, Array, int]) -> tuple[Arrays, Array, int]:
        before, _, rounds = carry
        after = step(before)
        changed = [jnp.any(old != new) for old, new in zip(before, after, strict=True)]
        return after, functools.reduce(lax.bitwise_or, changed), rounds + 1

    def goes_on(carry: tuple[Arrays, Array, int]) -> Array:
        _, changed, rounds = carry
        return changed if limit is None else changed & (rounds < limit)

    # From nothing nothing rises. A plain `True` would not do under shard_map, where it is
    # the same on all devices, unlike what comes after.
    begun = functools.reduce(lax.bitwise_or, [jnp.any(array) for array in start])
    last, _, _ = lax.while_loop(goes_on, again, (start, begun, 0))
    return last


LAX = ArrayOps(
    add=lax.add,
    subtract=lax.sub,
    multiply=_product,
    divide=_divide,
    modulo=_modulo,
    negate=lax.neg,
    absolute=lax.abs,
    less=lax.lt,
    less_equal=lax.le,
    equal=lax.eq,
    not_equal=lax.ne,
    conjoin=lax.bitwise_and,
    disjoin=lax.bitwise_or,
    invert=lax.bitwise_not,
    bit_and=lax.bitwise_and,
    bit_or=lax.bitwise_or,
    bit_not=lax.bitwise_not,
    bit_count=lax.population_count,
    shift_left=lax.shift_left,
    shift_right=lax.shift_right_logical,
    select=_select,
    floor=lax.floor,
    ceil=lax.ceil,
    round=functools.partial(lax.round, rounding_method=lax.RoundingMethod.TO_NEAREST_EVEN),
    convert=lax.convert_element_type,
    spread=jnp.broadcast_to,
    place=lax.broadcast_in_dim,
    transpose=jnp.transpose,
    reshape=jnp.reshape,
    at=_at,
    diagonal=lambda array, first, second: jnp.diagonal(array, 0, first, second),
    stack=functools.partial(jnp.stack, axis=-1),
    window=lambda array, start, size: lax.dynamic_slice_in_dim(array, start, size, axis=-2),
    rows_at=_rows_at,
    put=lambda array, index, value: lax.dynamic_update_index_in_dim(array, value, index, 0),
    grow=_grow,
    join=lambda this, other: jnp.concatenate([this, other], axis=-1),
    pair=lambda this, other: jnp.stack([this, other]),
    some=functools.partial(jnp.any, axis=-1),
    total=lambda array: jnp.sum(array, axis=-1, dtype=array.dtype),
    least=functools.partial(jnp.min, axis=-1),
    greatest=functools.partial(jnp.max, axis=-1),
    to_bits=_to_bits,
    from_bits=_from_bits,
    turn=_turn,
    fold=_fold,
    repeat=_repeat,
    fixpoint=_fixpoint,
    choose=lambda where, this, other: lax.cond(where, this, other),
    look_up=_look_up,
    settle=lax.optimization_barrier,
    unite=_unite,
    nearest=_nearest,
    least_of=_least_of,
)
