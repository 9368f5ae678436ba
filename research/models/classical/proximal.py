"""Minimising a smooth function plus an L1 penalty."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from research.arguments import ArgumentError

Floats = NDArray[np.float64]

_STEPS = 200_000
_STILL = 1e-12  # largest move, relative to the largest coordinate, at which it has converged


def minimise(
    gradient: Callable[[Floats], Floats], start: Floats, *, curvature: float, l1: float | Floats
) -> Floats:
    """Accelerated proximal gradient descent on `f(x) + sum l1 |x|`, f convex.

    FISTA (Beck and Teboulle, 2009), started anew whenever its momentum points uphill
    (O'Donoghue and Candes, 2015).

    Args:
        gradient: of f.
        start: float64, of any shape.
        curvature: no direction has more; a Lipschitz constant of the gradient.
        l1: penalty by coordinate, or one for all; coordinates that it makes zero are exactly 0.

    Raises:
        ArgumentError: when it doesn't converge.
    """
    step = 1 / max(curvature, np.finfo(np.float64).tiny)
    threshold = l1 * step
    here = ahead = start
    momentum = 1.0
    for _ in range(_STEPS):
        moved = ahead - step * gradient(ahead)
        there = np.sign(moved) * np.maximum(np.abs(moved) - threshold, 0)
        move = there - here
        if np.abs(there - ahead).max() <= _STILL * max(1.0, float(np.abs(there).max())):
            return there
        if ((ahead - there) * move).sum() > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = there + (momentum - 1) / following * move
        here, momentum = there, following
    raise ArgumentError(
        f"did not converge in {_STEPS:,} steps: standardise the inputs, or penalise more"
    )
