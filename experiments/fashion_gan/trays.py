"""Samples are made and looked at by the tray: of one size, whoever asks for how many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from research.inference.predictor import in_batches

TRAY = 256
"""Images at a time: few enough for the memory that a generator's hidden images take."""


def in_trays(function: Callable[[dict[str, Any]], Any], columns: dict[str, np.ndarray]) -> Any:
    """Applies a function of columns to N rows, tray after tray.

    Args:
        function: of columns `[B, ...]`; returns a pytree of arrays `[B, ...]`.
        columns: host arrays `[N, ...]`.

    Returns:
        The function's pytree with host arrays `[N, ...]`.
    """
    count = len(next(iter(columns.values())))
    parts = [
        in_batches(function, {name: array[first : first + TRAY] for name, array in columns.items()})
        for first in range(0, max(count, 1), TRAY)
    ]
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)
