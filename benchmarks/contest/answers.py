"""Whether two contestants gave the same answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def difference(ours: Any, theirs: Any, tolerance: float) -> str:
    """What differs, empty if nothing does.

    Args:
        ours: Arrays, numbers, texts, sequences, or a mapping of such.
        theirs: The same; of a mapping, the keys that both have are compared.
        tolerance: Largest difference between numbers, relative to the larger of ours.
    """
    if isinstance(ours, Mapping):
        for key in sorted(ours.keys() & theirs.keys()):
            if found := difference(ours[key], theirs[key], tolerance):
                return f"{key}: {found}"
        return ""
    left, right = np.asarray(ours), np.asarray(theirs)
    if left.shape != right.shape:
        return f"shape {right.shape}, ours {left.shape}"
    if left.dtype.kind not in "biufc" or right.dtype.kind not in "biufc" or not tolerance:
        wrong = left != right
    else:
        largest = tolerance * max(float(np.max(np.abs(left), initial=0)), 1e-30)
        wrong = np.abs(left.astype(np.float64) - right.astype(np.float64)) > largest
    if not np.any(wrong):
        return ""
    where = np.unravel_index(int(np.argmax(wrong)), left.shape)
    at = f" at {tuple(map(int, where))}" if left.ndim else ""
    return f"{np.sum(wrong)} of {left.size} differ, {right[where]} for our {left[where]}{at}"
