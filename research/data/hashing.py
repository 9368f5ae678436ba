"""Random-looking 64-bit numbers from counters: the same on every platform and release.

numpy promises the stream of its bit generators, not of `shuffle` and `permutation`; what
decides which example is in the test set has to outlive both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

UInt64s = npt.NDArray[np.uint64]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def hash64(*parts: npt.ArrayLike) -> UInt64s:
    """A 64-bit hash of integers, element by element; the parts broadcast.

    Each part is absorbed by a step of SplitMix64 (Steele, Lea and Flood, "Fast splittable
    pseudorandom number generators", OOPSLA 2014).

    Args:
        parts: integers of any shapes that broadcast, taken modulo 2**64.
    """
    state: Any = np.zeros((), np.uint64)
    with np.errstate(over="ignore"):
        for part in parts:
            state = absorb(state, _as_uint64(part))
    return np.asarray(state, np.uint64)


def absorb(state: Any, part: Any) -> Any:
    """One step of `hash64`: `hash64(a, b)` is `absorb(absorb(0, a), b)`, all being uint64.

    Overflow is meant to happen; call it under `np.errstate(over="ignore")`.
    """
    return _mix((state ^ part) + _GOLDEN)


def sha256_of_arrays(arrays: Mapping[str, npt.ArrayLike]) -> str:
    """A digest of names, dtypes, shapes and contents: tells whether two data sets are one."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _mix(x: Any) -> Any:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _as_uint64(part: npt.ArrayLike) -> UInt64s:
    if isinstance(part, int):
        return np.asarray(part % 2**64, np.uint64)
    return np.asarray(part).astype(np.uint64)
