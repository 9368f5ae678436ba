"""Where every contestant starts: the same weights and the same examples. Needs NumPy only."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

from benchmarks.contest import Work

LEARNING_RATE = 1e-3
LOSSES = 5  # so many losses are compared before anything is timed
Examples = dict[str, np.ndarray]


def weight(path: str, shape: tuple[int, ...]) -> np.ndarray:
    """A parameter's first value, float32: normal with variance 1 / inputs, biases 0, scales 1.

    Args:
        path: of the parameter in our network, `layers/0/kernel`; it is the seed.
        shape: as ours, kernels `[..., inputs, outputs]`.
    """
    name = path.rsplit("/", 1)[-1]
    if name == "bias":
        return np.zeros(shape, np.float32)
    if name == "scale":
        return np.ones(shape, np.float32)
    inputs = shape[-1] if name == "embedding" else np.prod(shape[:-1])
    random = np.random.default_rng(zlib.crc32(path.encode()))
    return (random.standard_normal(shape) / np.sqrt(inputs)).astype(np.float32)


def images(batch: int, *, side: int, channels: int) -> Examples:
    """Random images `[B, side, side, channels]` from -1 to 1, and labels of ten classes."""
    random = np.random.default_rng(0)
    inputs = random.uniform(-1, 1, (batch, side, side, channels)).astype(np.float32)
    return {"inputs": inputs, "labels": random.integers(10, size=batch).astype(np.int32)}


def features(batch: int, *shape: int) -> Examples:
    """Random features `[B, *shape]`, and labels of ten classes."""
    random = np.random.default_rng(0)
    inputs = random.standard_normal((batch, *shape)).astype(np.float32)
    return {"inputs": inputs, "labels": random.integers(10, size=batch).astype(np.int32)}


def tokens(batch: int, *, length: int, vocabulary: int) -> Examples:
    """Random tokens `[B, length + 1]`: all but the last are read, all but the first told."""
    random = np.random.default_rng(0)
    return {"inputs": random.integers(vocabulary, size=(batch, length + 1)).astype(np.int32)}


def work(
    *, step: Callable[[], object], loss: Callable[[], float], parameters: int, losses: int
) -> Work:
    """The work of a training.

    Args:
        step: makes a step, to its end; or several.
        loss: of the last call of `step`, the mean of its steps.
        parameters: how many numbers are trained.
        losses: how many to answer with.
    """

    def after_a_step() -> float:
        step()
        return loss()

    return Work(
        run=step,
        # The count as text: losses may differ by the row's tolerance, counts must not.
        answer=lambda: {
            "parameters": str(parameters),
            "losses": [after_a_step() for _ in range(losses)],
        },
    )
