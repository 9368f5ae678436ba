"""Where a run stands, and what an evaluation makes of it."""

from __future__ import annotations

import dataclasses
import math

from research.training.boundaries import Boundaries
from research.training.diagnosis import Diverged


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands: the host's side of a checkpoint, plain JSON.

    Attributes:
        step: steps made.
        reported: the last step that was reported, and evaluated if it was due.
        best_step: the evaluation with the best monitored metric.
        best_value: that metric; None before the first evaluation.
        finished: why the run ended, or None.
    """

    step: int = 0
    reported: int = 0
    best_step: int = 0
    best_value: float | None = None
    finished: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judge:
    """Which evaluation is the best, and which the last; `fit` has the meaning of each field."""

    boundaries: Boundaries
    monitor: str
    maximise: bool
    patience: int | None

    def __call__(self, now: Progress, step: int, value: float) -> Progress:
        """Where the run stands with the monitored metric of the evaluation at `step`.

        Raises:
            Diverged: when it is not finite.
        """
        if not math.isfinite(value):
            raise Diverged(
                f"validation {self.monitor} is {value} at step {step}: lower the learning "
                "rate, clip gradients harder, or look for extreme values in the inputs"
            )
        best = now.best_value
        if best is None or (value > best if self.maximise else value < best):
            now = dataclasses.replace(now, best_step=step, best_value=value)
        return dataclasses.replace(now, finished=self._ending(now, step))

    def may_end(self, now: Progress, step: int) -> bool:
        """Whether the evaluation at `step` could be the last.

        Earlier ones may still be missing in `now`: what they find can only put off the end.
        """
        return self._ending(now, step) is not None

    def _ending(self, now: Progress, step: int) -> str | None:
        if step >= self.boundaries.steps:
            return "all steps made"
        patience = self.patience
        if patience and step - now.best_step >= patience * self.boundaries.evaluate_every:
            return f"no improvement over {patience} evaluations"
        return None
