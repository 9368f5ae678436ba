"""The arrays of a checkpoint, and other ways to write them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.contest import Work

LAYERS = 10


def arrays(parameters: int) -> dict[str, np.ndarray]:
    """Parameters in ten layers, and two arrays of Adam's for each; random, as trained ones are."""
    random = np.random.default_rng(0)
    return {
        f"{kind}{layer}": random.standard_normal(parameters // LAYERS, np.float32)
        for kind in ("params", "mu", "nu")
        for layer in range(LAYERS)
    }


def savez(*, parameters: int) -> Work:
    """NumPy's archive, flushed to the disk."""
    folder = tempfile.TemporaryDirectory()
    tree = arrays(parameters)

    def run() -> object:
        with (Path(folder.name) / "state.npz").open("wb") as file:
            np.savez(file, allow_pickle=False, **tree)
            os.fsync(file.fileno())
        return folder

    return Work(run=run, answer=lambda: sum(array.size for array in tree.values()))


def torch_save(*, parameters: int) -> Work:
    """PyTorch's, flushed to the disk."""
    import torch  # type: ignore[import-not-found,unused-ignore]

    folder = tempfile.TemporaryDirectory()
    tree = {name: torch.from_numpy(array) for name, array in arrays(parameters).items()}

    def run() -> object:
        with (Path(folder.name) / "state.pt").open("wb") as file:
            torch.save(tree, file)
            os.fsync(file.fileno())
        return folder

    return Work(run=run, answer=lambda: sum(array.numel() for array in tree.values()))
