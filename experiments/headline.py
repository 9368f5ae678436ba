"""The figures by which experiments are compared: how good the model is, what was automated."""

from __future__ import annotations

import dataclasses
from typing import Literal

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


def record(workdir: Workdir, automation: Automation) -> None:
    """Leaves it in the workdir."""
    workdir.write_json(AUTOMATION, dataclasses.asdict(automation))
