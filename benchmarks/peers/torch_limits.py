"""The machine's limits as torch reaches them."""

from __future__ import annotations

import torch

from benchmarks.contest import Work
from benchmarks.machine_limits import matrix, vector


def product() -> Work:
    array = torch.from_numpy(matrix())
    return Work(run=lambda: array @ array, answer=lambda: (array @ array)[0].numpy())


def total() -> Work:
    array = torch.from_numpy(vector())
    return Work(run=lambda: array.sum(), answer=lambda: float(array.sum()))
