"""Deciding applications by any model of default and the lending policy, and telling of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from experiments.credit import output
from experiments.credit.report import CreditReport
from experiments.credit.told import told_columns
from experiments.decisions import (
    Program,
    decisions_table,
    outcome_summary,
    read_cases,
    write_decisions,
)
from experiments.headline import Automation, record
from research.data.datasets import credit
from research.data.tables import TableError
from research.inference import Decided
from research.workdir import Workdir


def decide_test(
    config: dict[str, Any],
    data: dict[str, credit.Credit],
    program: Program,
    workdir: Workdir,
    render: Callable[[CreditReport], str],
) -> str:
    """Decides the held-out applications; writes decisions.parquet and report.html.

    Args:
        config: of the run, plain data.
        data: by part.
        program: model and policy.
        workdir: of the run, evaluated.
        render: makes the page.

    Returns:
        A summary for the console.
    """
    test = data["test"]
    told = told_columns(program.decider.ruleset, len(test))
    decided = program({**test.columns, **told})
    table = decisions_table(test.ids, _shown(decided), decided, program)
    write_decisions(table, workdir.path / "decisions.parquet")
    page = render(output.contents(config, data, decided, program, table, workdir))
    workdir.write_text("report.html", page)
    outcome = np.array(table["outcome"].to_pylist())
    automated = outcome != "refer"
    wrong = (outcome == "approve") == (test.target == 1)
    record(workdir, Automation.of(automated, wrong))
    summary = outcome_summary(table, rate=("defaulted", test.target))
    return f"{summary}\nwrote {workdir.path}/decisions.parquet and {workdir.path}/report.html"


def decide_cases(cases: Path, program: Program, out: Path) -> str:
    """Decides applications from a file with the columns of the data set.

    The file may also tell of guarantors and earlier payments, as `python -m rules` reads them.

    Args:
        cases: csv, jsonl or parquet.
        program: model and policy.
        out: where the decisions go.

    Returns:
        A summary for the console.

    Raises:
        TableError: when the file can't be read or doesn't fit the schema.
    """
    ruleset = program.decider.ruleset
    objects = told_columns(ruleset, count=0)
    identifiers, columns, file = read_cases(cases, credit.SCHEMA, besides=objects)
    try:
        told = told_columns(ruleset, len(identifiers), file)
    except (TypeError, ValueError) as error:
        raise TableError(f"{cases}: {error}") from None
    decided = program({**columns, **told})
    table = decisions_table(identifiers, _shown(decided), decided, program)
    write_decisions(table, out)
    return f"{outcome_summary(table)}\nwrote {out}"


def _shown(decided: Decided) -> dict[str, np.ndarray]:
    return {"p_default": decided.seen["p_default"]}
