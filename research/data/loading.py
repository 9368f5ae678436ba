"""Which examples make which batch: pure functions of the step, so there is nothing to save."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from research.data.shuffle import permute

_BLOCK = 8192


@dataclasses.dataclass(frozen=True)
class Batches:
    """Endless shuffled batches of the indices of n examples.

    Epochs follow each other without a gap, each in its own order: batch `step` holds the
    positions `step * batch_size` onwards of that endless sequence. No example is dropped
    at the end of an epoch, and n need not be a multiple of the batch size. A run that is
    resumed at a step needs nothing but the step.

    Attributes:
        n: the number of examples.
        batch_size: B, of the whole batch, however many devices and hosts share it.
        seed: of the order.

    Raises:
        ValueError: if n or the batch size is not positive.
    """

    n: int
    batch_size: int
    _: dataclasses.KW_ONLY
    seed: int

    def __post_init__(self) -> None:
        if not 1 <= self.n < 2**31:
            raise ValueError(f"found {self.n} examples, expected 1 to 2**31 - 1")
        if self.batch_size < 1:
            raise ValueError(f"batch_size is {self.batch_size}, expected 1 or more")

    @property
    def steps_per_epoch(self) -> float:
        """How many steps see every example once; seldom a whole number."""
        return self.n / self.batch_size

    def indices(self, step: int) -> npt.NDArray[np.int32]:
        """The examples of one batch: int32 `[B]`.

        Raises:
            ValueError: if the step is negative.
        """
        batch: npt.NDArray[np.int32] = self.steps(step, 1)[0]
        return batch

    def steps(self, first: int, count: int) -> npt.NDArray[np.int32]:
        """The examples of `count` batches from step `first` on: int32 `[K, B]`.

        Raises:
            ValueError: if the step or the count is negative.
        """
        if first < 0 or count < 0:
            raise ValueError(f"found step {first}, count {count}, expected 0 or more")
        begin, size = first * self.batch_size, count * self.batch_size
        skipped, within = divmod(begin, _BLOCK)
        blocks = [self._block(number) for number in range(skipped, -(-(begin + size) // _BLOCK))]
        order = np.concatenate([np.zeros(0, np.int32), *blocks])[within : within + size]
        return order.reshape(count, self.batch_size)

    @functools.cached_property
    def _block(self) -> Callable[[int], npt.NDArray[np.int32]]:
        # Permuting a block takes little longer than permuting a batch: keep the last ones.
        return functools.lru_cache(maxsize=4)(self._permuted)

    def _permuted(self, block: int) -> npt.NDArray[np.int32]:
        positions = np.arange(block * _BLOCK, (block + 1) * _BLOCK, dtype=np.int64)
        epoch, index = np.divmod(positions, self.n)
        return permute(index, self.n, seed=self.seed, epoch=epoch).astype(np.int32)

    def __getstate__(self) -> dict[str, int]:
        return {"n": self.n, "batch_size": self.batch_size, "seed": self.seed}


class Padded(NamedTuple):
    """K batches of one size for n examples, the last one filled up.

    Attributes:
        indices: int32 `[K, B]`, ascending; 0 where there is no example left.
        mask: bool `[K, B]`, False where there is no example left.
    """

    indices: npt.NDArray[np.int32]
    mask: npt.NDArray[np.bool_]


def padded(n: int, batch_size: int) -> Padded:
    """All n examples in order, for evaluation: `K = ceil(n / batch_size)` batches.

    Raises:
        ValueError: if n is negative or the batch size is not positive.
    """
    if n < 0 or batch_size < 1:
        raise ValueError(
            f"found {n} examples in batches of {batch_size}, expected 0 or more in 1 or more"
        )
    batches = -(-n // batch_size)
    positions = np.arange(batches * batch_size, dtype=np.int32).reshape(batches, batch_size)
    mask = positions < n
    return Padded(indices=np.where(mask, positions, 0).astype(np.int32), mask=mask)
