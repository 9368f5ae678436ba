"""The element-wise primitives that the array engines are made of.

The lowering of expressions, hit policies and margins is written once over these, and runs
on NumPy (host side: explanations, derived values) and on `jax.lax` (`xla.py`).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

__all__ = ["NUMPY", "Array", "ArrayOps"]

Array: TypeAlias = Any


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
        stack: `stack(arrays)` of one shape, along a new last axis.
        settle: the same array, for a compiler a hint to compute it once, not once per use.
        unite: the `bit_or` of uint32 arrays, for a compiler each a computation of its own.
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
    stack: Callable[[Sequence[Array]], Array]
    settle: Callable[[Array], Array]
    unite: Callable[[Sequence[Array]], Array]


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
    stack=lambda arrays: np.stack(arrays, axis=-1),
    settle=lambda array: array,
    unite=functools.partial(functools.reduce, np.bitwise_or),
)
