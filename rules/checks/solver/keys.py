"""Float32 values as ints in the same order, so that comparing them needs no arithmetic.

The key of a positive float is its bit pattern, that of a negative one the negated pattern of
its magnitude. Values that count as zero (docs/numbers.md) leave a gap around key 0.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from rules.engines.values import FLOAT_MAX, TINY

__all__ = [
    "GAP",
    "LARGEST",
    "first_true",
    "key_of",
    "normal",
    "number_of",
    "predecessor",
    "successor",
    "to_value",
]


def key_of(number: float) -> int:
    """The key of a canonical float32."""
    (bits,) = struct.unpack("<i", struct.pack("<f", number))
    return bits if bits >= 0 else -(bits & 0x7FFFFFFF)


def number_of(key: int) -> float:
    """The float32 with this key."""
    (number,) = struct.unpack("<f", struct.pack("<I", key if key >= 0 else 0x80000000 - key))
    return float(number)


def to_value(key: int, *, is_float: bool) -> float | int:
    """The value with this key; ints are their own keys."""
    return number_of(key) if is_float else key


LARGEST = key_of(FLOAT_MAX)
GAP = key_of(TINY)  # keys from -GAP to GAP but 0 stand for no value


def normal(key: int) -> int:
    """The smallest key that stands for a value and is not smaller than this one."""
    return _over_the_gap(key, GAP + 1, 0)


def successor(key: int, *, is_float: bool) -> int:
    """The next larger key that stands for a value."""
    return _over_the_gap(key + 1, GAP + 1, 0) if is_float else key + 1


def predecessor(key: int, *, is_float: bool) -> int:
    """The next smaller key that stands for a value."""
    return _over_the_gap(key - 1, 0, -GAP - 1) if is_float else key - 1


def _over_the_gap(key: int, positive: int, negative: int) -> int:
    if key == 0 or abs(key) > GAP:
        return key
    return positive if key > 0 else negative


def first_true(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The smallest key in low..high at which a monotone property holds, else high + 1.

    Keys within the gap count as those of zero.
    """
    while low <= high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle - 1
        else:
            low = middle + 1
    return low
