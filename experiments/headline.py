"""The figures by which experiments are compared: how good the model is, what was automated."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from research.workdir import Workdir

AUTOMATION = "automation.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Headline:
    """The held-out figure of a model beside a baseline's; `evaluate` returns it as a dict.

    Attributes:
        data: what it was measured on, such as "Fashion-MNIST, 10,000 test images".
        parameters: numbers that were trained.
        metric: such as "accuracy".
        value: on held-out data.
        better: which way is better.
        baseline: the model or person to compare with.
        baseline_value: by the same metric.
        baseline_source: "measured" on the same split, or "published, " and where.
    """

    data: str
    parameters: int
    metric: str
    value: float
    better: Literal["higher", "lower"] = "higher"
    baseline: str
    baseline_value: float
    baseline_source: str = "measured"

    @classmethod
    def of_first(
        cls,
        models: Sequence[Mapping[str, Any]],
        key: str,
        *,
        data: str,
        parameters: int,
        metric: str,
    ) -> Headline:
        """The first model beside the best of the others, by a figure of which more is better.

        Args:
            models: each with a `name` and the figure.
            key: of the figure.
            data: see above.
            parameters: see above.
            metric: see above.
        """
        ours, *others = models
        best = max(others, key=lambda model: float(model[key]))
        return cls(
            data=data,
            parameters=parameters,
            metric=metric,
            value=ours[key],
            baseline=best["name"],
            baseline_value=best[key],
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Automation:
    """What the rules decided.

    Attributes:
        decisions: cases.
        automated: share decided without a person.
        budget: the share of errors among those that was allowed for; None where none was set.
        error: the share that there was; None where nobody can tell.
    """

    decisions: int
    automated: float
    budget: float | None = None
    error: float | None = None

    @classmethod
    def of(
        cls,
        automated: NDArray[np.bool_],
        wrong: NDArray[np.bool_],
        *,
        budget: float | None = None,
    ) -> Automation:
        """Counted over cases.

        Args:
            automated: whether a case was decided without a person, `[N]`.
            wrong: whether its decision is wrong, `[N]`; of others it doesn't matter.
            budget: see above.
        """
        return cls(
            decisions=len(automated),
            automated=float(automated.mean()),
            budget=budget,
            error=float(wrong[automated].mean()) if automated.any() else None,
        )


def record(workdir: Workdir, automation: Automation) -> None:
    """Leaves it in the workdir."""
    workdir.write_json(AUTOMATION, dataclasses.asdict(automation))
