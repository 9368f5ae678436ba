"""What the anomalies experiment shows: a summary on the console, and the report's contents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray
from rich.table import Table

from experiments.anomalies.report import AnomalyReport, render
from experiments.decisions import Program, rendered
from experiments.origin import origin
from research.data.datasets import fashion, mnist
from research.inference import Decided
from research.workdir import Workdir, read_metrics


def evaluation_summary(evaluation: Mapping[str, Any]) -> str:
    """The detectors side by side, by what is strange."""
    view = Table(box=None, pad_edge=False)
    kinds = list(evaluation["models"][0]["by_kind"])
    view.add_column("AUROC of digits against")
    for heading in ("all", *kinds):
        view.add_column(heading, justify="right")
    for model in evaluation["models"]:
        figures = (model["auroc"], *(model["by_kind"][kind] for kind in kinds))
        view.add_row(model["name"], *(f"{figure:.4f}" for figure in figures))
    return rendered(view)


def report(
    config: dict[str, Any],
    pictures: NDArray[Any],
    decided: Decided,
    program: Program,
    table: pa.Table,
    workdir: Workdir,
) -> str:
    """The HTML report of a run; `pictures` are the held-out ones `[N, 28, 28, 1]`."""
    evaluation = workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate")
    return render(
        AnomalyReport(
            config=config,
            evaluation=evaluation,
            history=read_metrics(workdir.metrics),
            best_step=program.predictor.step,
            decisions=table,
            pictures=pictures[..., 0],
            drawn=decided.predictions["reconstruction"][..., 0],
            ruleset=program.decider.ruleset,
            **origin(
                name="MNIST, and Fashion-MNIST as what is strange",
                source=f"{mnist.CITATION}; {fashion.CITATION}",
                licence=f"{mnist.LICENCE}; {fashion.LICENCE}",
                rows=sum(evaluation["examples"].values()),
            ),
        )
    )
