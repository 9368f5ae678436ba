"""The transpose of a strided convolution as convolutions without strides.

With strides s, the pixels p of one residue modulo s lie under the same taps, those congruent to
p + padding. So each residue is a convolution with these taps alone, and no zeros are stretched
between the outputs and multiplied.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from research.models.ops import plain
from research.models.ops.shifts import turned
from research.models.ops.window import Window


def covers(window: Window, taps: Sequence[int]) -> bool:
    """Whether every residue has several taps; with few, weaving them costs more than zeros."""
    return (
        window.groups == 1
        and set(window.dilation) == {1}
        and max(window.strides) > 1
        and all(k >= 2 * s for k, s in zip(taps, window.strides, strict=True))
    )


def spread(outputs: jax.Array, kernel: jax.Array, window: Window, size: Sequence[int]) -> jax.Array:
    """See `plain.spread`."""
    fields = [-(-n // s) for n, s in zip(size, window.strides, strict=True)]

    def woven(*residue: int) -> jax.Array:
        """All pixels of these residues of the first axes: `[B, F, F, s, C]` where one is given."""
        axis = len(residue)
        if axis == len(fields):
            return _residue(outputs, kernel, window, fields, residue)
        parts = [woven(*residue, r) for r in range(window.strides[axis])]
        return jnp.stack(parts, axis + 2)

    pixels = [f * s for f, s in zip(fields, window.strides, strict=True)]
    whole = woven().reshape(len(outputs), *pixels, kernel.shape[-2])
    return whole[(slice(None), *(slice(n) for n in size))]


def _residue(
    outputs: jax.Array,
    kernel: jax.Array,
    window: Window,
    fields: Sequence[int],
    residue: Sequence[int],
) -> jax.Array:
    """Every s-th pixel from `residue` on, `[B, *F, Cin]`."""
    places, sides = [], []
    for r, s, k, m, f, (low, _) in zip(
        residue,
        window.strides,
        kernel.shape,
        outputs.shape[1:],
        fields,
        window.padding,
        strict=False,
    ):
        shift, first = divmod(r + low, s)
        taps = len(range(first, k, s))
        places.append(slice(first, None, s))
        sides.append((taps - 1 - shift, f + shift - m))
    own = kernel[tuple(places)]
    ones = (1,) * len(fields)
    return plain.convolve(
        outputs,
        turned(own),
        Window(strides=ones, padding=tuple(sides), dilation=ones, precision=window.precision),
    )
