"""How a window moves over an image: strides, padding, dilation, groups of channels."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from research.arguments import require

Padding = str | int | Sequence[int | tuple[int, int]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Window:
    """A convolution's numbers, per spatial axis; static, so hashable.

    Attributes:
        strides: pixels from one window to the next.
        padding: zeros before and after; negative cuts off.
        dilation: pixels from one tap of the kernel to the next.
        groups: of channels that are convolved apart.
        precision: see `jax.lax.Precision`; no CPU looks at it.
    """

    strides: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int = 1
    precision: Any = None


def per_axis(value: int | Sequence[int] | None, rank: int, name: str) -> tuple[int, ...]:
    """One positive number for each of `rank` axes; None is 1.

    Raises:
        ArgumentError: for another count or numbers below 1.
    """
    numbers = (1 if value is None else value,) * rank if not isinstance(value, Sequence) else value
    require(
        len(numbers) == rank and all(number >= 1 for number in numbers),
        f"{name} is {value}, expected a positive number, or {rank}: one per spatial axis",
    )
    return tuple(numbers)


def pairs(
    padding: Padding,
    size: Sequence[int],
    *,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
) -> tuple[tuple[int, int], ...]:
    """Padding before and after for each spatial axis.

    Args:
        padding: "VALID": none. "SAME": so much that the output has `ceil(size / stride)`
            pixels, the odd one after. A number: everywhere. Numbers or pairs: per axis.
        size: of the input.
        kernel: taps of the kernel.
        strides: as in `Window`.
        dilation: as in `Window`.

    Raises:
        ArgumentError: for anything else.
    """
    if isinstance(padding, str):
        require(
            padding in ("SAME", "VALID"),
            f"padding is {padding!r}, expected 'SAME', 'VALID' or numbers",
        )
        if padding == "VALID":
            return ((0, 0),) * len(size)
        spans = (d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
        totals = (
            max((math.ceil(n / s) - 1) * s + span - n, 0)
            for n, s, span in zip(size, strides, spans, strict=True)
        )
        return tuple((total // 2, total - total // 2) for total in totals)
    if isinstance(padding, int):
        padding = [padding] * len(size)
    require(
        len(padding) == len(size),
        f"padding is {padding}, expected {len(size)} numbers or pairs: one per spatial axis",
    )
    return tuple((p, p) if isinstance(p, int) else (p[0], p[1]) for p in padding)
