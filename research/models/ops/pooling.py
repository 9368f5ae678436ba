"""Pooling over windows of an image, channels last."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from research.arguments import require
from research.models.ops.platform import on_cpu
from research.models.ops.window import Padding, Window, pairs, per_axis

Images = Float[Array, "B *S C"]
Pooled = Float[Array, "B *T C"]
_MOST_TAPS = 127  # int8


def max_pool(
    inputs: Images,
    window: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    padding: Padding = "VALID",
) -> Pooled:
    """The largest value of each window; the gradient goes to the first of equal ones.

    Args:
        inputs: `[B, *S, C]` with any number of spatial axes, such as `[B, H, W, C]`.
        window: pixels per spatial axis, or one number for all.
        strides: from window to window; None: as long as the window (as in PyTorch; in flax None
            is 1).
        padding: as in `conv`; what is padded is never the largest.

    Raises:
        ArgumentError: for numbers that don't fit the inputs.
    """
    return _max_pool(inputs, *_windows(inputs, window, strides, padding))


def avg_pool(
    inputs: Images,
    window: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    padding: Padding = "VALID",
) -> Pooled:
    """The mean of each window; padding counts as zeros.

    Args:
        inputs: see `max_pool`.
        window: see `max_pool`.
        strides: see `max_pool`.
        padding: see `max_pool`.

    Raises:
        ArgumentError: for numbers that don't fit the inputs.
    """
    taps, moves = _windows(inputs, window, strides, padding)

    def plain(images: Images) -> Pooled:
        return _reduced(images, taps, moves, 0.0, jax.lax.add)

    def fast(images: Images) -> Pooled:
        return _sliced(images, taps, moves, 0.0, jnp.add)

    # Linear, so differentiating it keeps nothing.
    return on_cpu(fast, plain, inputs) / math.prod(taps)


def plain_max_pool(images: Images, taps: tuple[int, ...], moves: Window) -> Pooled:
    """`max_pool` as XLA's operation, whose gradient a CPU computes slowly."""
    return _reduced(images, taps, moves, -np.inf, jax.lax.max)


def sliced_max_pool(images: Images, taps: tuple[int, ...], moves: Window) -> Pooled:
    """`max_pool` as the larger of strided slices."""
    padded = any(side for sides in moves.padding for side in sides)
    if moves.strides == taps and not padded and math.prod(taps) <= _MOST_TAPS:
        whole = [slice(n // k * k) for n, k in zip(images.shape[1:], taps, strict=False)]
        return _side_by_side(images[(slice(None), *whole)], taps)
    return _sliced(images, taps, moves, -np.inf, _first_maximum)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def _side_by_side(images: Images, taps: tuple[int, ...]) -> Pooled:
    """The largest of windows without gaps and overlap."""
    return _winners(images, taps)[0]


def _winners(images: Images, taps: tuple[int, ...]) -> tuple[Pooled, jax.Array]:
    """The largest of each window, and which it is, the first of equals; int8."""
    largest, index = images[_every((0,) * len(taps), taps)], jnp.int8(0)
    for place, tap in enumerate(np.ndindex(*taps)):
        other = images[_every(tap, taps)]
        stays = _stays(largest, other)
        largest = jnp.where(stays, largest, other)
        index = jnp.where(stays, index, jnp.int8(place))
    return largest, index


def _to_winners(taps: tuple[int, ...], index: jax.Array, g: Pooled) -> tuple[Images]:
    # Each pixel looks at its window: one pass, where a sum of shifted arrays takes several.
    batch, *sizes, channels = g.shape
    inner = tuple(itertools.chain(*zip(sizes, taps, strict=True)))
    shape = (batch, *inner, channels)
    axes = tuple(range(2, 2 * len(taps) + 1, 2))
    places = np.arange(math.prod(taps), dtype=np.int8).reshape(taps)
    own = jax.lax.broadcast_in_dim(places, shape, axes)
    won = jnp.expand_dims(index, axes) == own
    images = jnp.where(won, jnp.expand_dims(g, axes), 0)
    return (images.reshape(batch, *map(operator.mul, sizes, taps), channels),)


_side_by_side.defvjp(_winners, _to_winners)


def _every(tap: tuple[int, ...], taps: tuple[int, ...]) -> tuple[slice, ...]:
    return (slice(None), *map(slice, tap, itertools.repeat(None), taps))


@functools.partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def _max_pool(images: Images, taps: tuple[int, ...], moves: Window) -> Pooled:
    fast = functools.partial(sliced_max_pool, taps=taps, moves=moves)
    plain = functools.partial(plain_max_pool, taps=taps, moves=moves)
    return on_cpu(fast, plain, images)


def _max_pool_backward(
    taps: tuple[int, ...], moves: Window, images: Images, g: Pooled
) -> tuple[Images]:
    def gradient(pool: Callable[..., Pooled]) -> Callable[..., tuple[Images]]:
        return lambda images, g: jax.vjp(lambda x: pool(x, taps, moves), images)[1](g)

    return on_cpu(gradient(sliced_max_pool), gradient(plain_max_pool), images, g)


_max_pool.defvjp(
    lambda images, taps, moves: (_max_pool(images, taps, moves), images), _max_pool_backward
)


def _first_maximum(first: jax.Array, second: jax.Array) -> jax.Array:
    # Not jnp.maximum, which gives half of the gradient to each of equal values.
    return jnp.where(_stays(first, second), first, second)


def _stays(first: jax.Array, second: jax.Array) -> jax.Array:
    """Whether the first is at least the second; what is no number is the largest."""
    return (first >= second) | (first != first)


def _sliced(
    images: jax.Array,
    taps: tuple[int, ...],
    moves: Window,
    empty: float,
    combine: Callable[[jax.Array, jax.Array], jax.Array],
) -> jax.Array:
    # The last axis first: so the first of equal values is the first in reading order.
    for axis in range(len(taps), 0, -1):
        low, high = moves.padding[axis - 1]
        stride, count = moves.strides[axis - 1], taps[axis - 1]
        sides = [(0, 0, 0)] * images.ndim
        sides[axis] = (low, high, 0)
        padded = jax.lax.pad(images, jnp.asarray(empty, images.dtype), sides)
        last = (padded.shape[axis] - count) // stride * stride
        slices = [
            jax.lax.slice_in_dim(padded, tap, tap + last + 1, stride, axis) for tap in range(count)
        ]
        images = functools.reduce(combine, slices)
    return images


def _reduced(
    images: jax.Array,
    taps: tuple[int, ...],
    moves: Window,
    empty: float,
    combine: Callable[..., jax.Array],
) -> jax.Array:
    return jax.lax.reduce_window(
        images,
        np.array(empty, images.dtype)[()],
        combine,
        (1, *taps, 1),
        (1, *moves.strides, 1),
        ((0, 0), *moves.padding, (0, 0)),
    )


def _windows(
    images: jax.Array,
    window: int | Sequence[int],
    strides: int | Sequence[int] | None,
    padding: Padding,
) -> tuple[tuple[int, ...], Window]:
    rank = images.ndim - 2
    require(rank > 0, f"inputs are {images.shape}, expected [B, *S, C] such as [B, H, W, C]")
    taps = per_axis(window, rank, "window")
    steps = taps if strides is None else per_axis(strides, rank, "strides")
    ones = (1,) * rank
    size = images.shape[1:-1]
    sides = pairs(padding, size, kernel=taps, strides=steps, dilation=ones)
    require(
        all(n + sum(p) >= k for n, p, k in zip(size, sides, taps, strict=True)),
        f"inputs are {images.shape} with the padding {sides}, smaller than the window {taps}",
    )
    return taps, Window(strides=steps, padding=sides, dilation=ones)
