"""When a run saves, and which of its checkpoints stay."""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Sequence
from typing import NamedTuple

from research.arguments import require


class Tier(enum.Enum):
    """How long a checkpoint is meant to last."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Saving:
    """When to save, and what to keep.

    A permanent checkpoint stays while one of the `keep` rules holds. A temporary one only
    bridges the time to the next checkpoint of either tier, which takes its place.

    Attributes:
        every_steps: steps between permanent checkpoints; None: one at every evaluation.
        every_minutes: minutes after the last checkpoint when a temporary one is made;
            None: never.
        keep_last: how many of the newest permanent ones stay. Two, by default, so that
            there is one to fall back on.
        keep_every: permanent ones whose step is a multiple of this stay for good.
        keep_best: how many of the best by the monitored metric stay.

    Raises:
        ArgumentError: when a number is out of its range.
    """

    every_steps: int | None = None
    every_minutes: float | None = None
    keep_last: int = 2
    keep_every: int | None = None
    keep_best: int = 0

    def __post_init__(self) -> None:
        for name, least in (("every_steps", 1), ("keep_every", 1), ("keep_last", 1)):
            value = getattr(self, name)
            require(value is None or value >= least, f"{name} is {value}, expected {least} or more")
        require(
            self.every_minutes is None or self.every_minutes > 0,
            f"every_minutes is {self.every_minutes}, expected more than 0, or None for never",
        )
        require(self.keep_best >= 0, f"keep_best is {self.keep_best}, expected 0 or more")


class Record(NamedTuple):
    """What retention knows of a checkpoint.

    Attributes:
        step: after which it was saved.
        tier: see `Saving`.
        value: of the monitored metric; None where there was no evaluation.
    """

    step: int
    tier: Tier = Tier.PERMANENT
    value: float | None = None


def kept(records: Sequence[Record], saving: Saving, *, maximise: bool = False) -> set[int]:
    """The steps that stay. The newest always does.

    Args:
        records: of all checkpoints there are.
        saving: the rules.
        maximise: whether more of the monitored metric is better. Of equals, the earlier
            is the better; what is not finite is never among the best.
    """
    ordered = sorted(records, key=lambda record: record.step)
    permanent = [record for record in ordered if record.tier is Tier.PERMANENT]
    stay = {record.step for record in [*ordered[-1:], *permanent[-saving.keep_last :]]}
    if saving.keep_every is not None:
        stay |= {record.step for record in permanent if record.step % saving.keep_every == 0}
    values = [
        (-record.value if maximise else record.value, record.step)
        for record in permanent
        if record.value is not None and math.isfinite(record.value)
    ]
    return stay | {step for _, step in sorted(values)[: saving.keep_best]}
