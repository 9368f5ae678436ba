"""What the Adult experiment shows: the report's contents."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from experiments.adult.report import AdultReport, render
from experiments.decisions import Program
from experiments.origin import origin
from research.data.datasets import adult
from research.workdir import Workdir, read_metrics


def report(
    config: dict[str, Any],
    data: dict[str, adult.Adult],
    program: Program,
    table: pa.Table,
    workdir: Workdir,
) -> str:
    """The HTML report of a run."""
    return render(
        AdultReport(
            config=config,
            evaluation=workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate"),
            history=read_metrics(workdir.metrics),
            best_step=program.predictor.step,
            decisions=table,
            people=data["test"],
            ruleset=program.decider.ruleset,
            **origin(
                name="UCI Adult",
                source=adult.SOURCE.citation,
                licence=adult.SOURCE.licence,
                rows=sum(map(len, data.values())),
            ),
        )
    )
