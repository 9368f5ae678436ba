"""From PyTorch's layouts to this project's."""

from __future__ import annotations

import torch


def flat(tensor: torch.Tensor) -> torch.Tensor:
    """As it is."""
    return tensor


def dense(weight: torch.Tensor) -> torch.Tensor:
    """`[out, in]` to `[in, out]`."""
    return weight.T


def images(tensor: torch.Tensor) -> torch.Tensor:
    """`[B, C, H, W]` to `[B, H, W, C]`."""
    return tensor.permute(0, 2, 3, 1)


def images_back(tensor: torch.Tensor) -> torch.Tensor:
    """`[B, H, W, C]` to `[B, C, H, W]`."""
    return tensor.permute(0, 3, 1, 2)


def conv(weight: torch.Tensor) -> torch.Tensor:
    """`[out, in, H, W]` to `[H, W, in, out]`."""
    return weight.permute(2, 3, 1, 0)


def transposed(weight: torch.Tensor) -> torch.Tensor:
    """`[in, out, H, W]` to `[H, W, in, out]`, mirrored: jax doesn't mirror, PyTorch does."""
    return weight.flip(2, 3).permute(2, 3, 0, 1)
