"""The steps at which something happens besides training."""

from __future__ import annotations

import dataclasses
import functools


@dataclasses.dataclass(frozen=True, kw_only=True)
class Boundaries:
    """When a run reports, evaluates and saves: pure functions of the step.

    A dispatch never crosses a boundary, so a resumed run is cut into the same dispatches as
    an undisturbed one.

    Attributes:
        steps: of the run; its end is an evaluation.
        evaluate_every: steps between evaluations.
        log_every: steps between reports; None reports at evaluations only. An evaluation
            is always a report.
        save_every: steps between permanent checkpoints.
    """

    steps: int
    evaluate_every: int
    log_every: int | None
    save_every: int

    def next(self, step: int) -> int:
        """The first boundary after `step`."""
        return min(self.steps, *[(step // every + 1) * every for every in self.intervals])

    @functools.cached_property
    def intervals(self) -> frozenset[int]:
        """The steps from one boundary to the next of its kind."""
        return frozenset(
            {self.evaluate_every, self.save_every, self.log_every or self.evaluate_every}
        )

    def evaluates(self, step: int) -> bool:
        """Whether `step` ends with an evaluation."""
        return step > 0 and (step % self.evaluate_every == 0 or step >= self.steps)

    def reports(self, step: int) -> bool:
        """Whether `step` ends with a line of metrics."""
        every = self.log_every or self.evaluate_every
        return step > 0 and (step % every == 0 or self.evaluates(step))

    def saves(self, step: int) -> bool:
        """Whether a permanent checkpoint is due."""
        return step > 0 and (step % self.save_every == 0 or step >= self.steps)
