"""What the few-labels experiment shows: a summary on the console, and the report's contents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from rich.table import Table

from experiments.decisions import Program, rendered
from experiments.few_labels.report import NAMES, FewLabelsReport, mean_interval, render
from experiments.origin import origin
from research.data.datasets import digits
from research.workdir import Workdir, read_metrics

if TYPE_CHECKING:
    from experiments.few_labels.config import Data


def evaluation_summary(evaluation: Mapping[str, Any]) -> str:
    """The run's own accuracy, and that of every method over the draws."""
    view = Table(box=None, pad_edge=False)
    for heading in ("accuracy over draws of the labels", "mean", "95% interval"):
        view.add_column(heading, justify="left" if heading.startswith("acc") else "right")
    for method, accuracies in evaluation["draws"].items():
        mean, low, high = mean_interval(accuracies)
        view.add_row(NAMES[method], f"{mean:.4f}", f"{low:.4f} to {high:.4f}")
    own, labels = evaluation["accuracy"], evaluation["examples"]["labelled"]
    return f"{rendered(view)}\nthis run, with {labels} labels: accuracy {own:.4f}"


def report(
    config: dict[str, Any], data: Data, program: Program, table: pa.Table, workdir: Workdir
) -> str:
    """The HTML report of a run."""
    test = data.parts["test"]
    return render(
        FewLabelsReport(
            config=config,
            evaluation=workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate"),
            history=read_metrics(workdir.metrics),
            decisions=table,
            images=data.scans.images[test, ..., 0],
            labels=data.scans.labels[test],
            labelled=data.scans.images[data.labelled, ..., 0],
            labelled_as=data.scans.labels[data.labelled],
            ruleset=program.decider.ruleset,
            **origin(
                name="digits",
                source=digits.CITATION,
                licence=digits.LICENCE,
                rows=len(data.scans),
            ),
        )
    )
