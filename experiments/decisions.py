"""Decisions as a table: what was decided, why, and by exactly what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from research.data.schema import Schema
from research.data.tables import TableError, conform, read_table, write_table
from research.inference import Decided, DecisionProgram
from research.workdir import explained
from rules.decide import Decided as DecidedByRules
from rules.engines.xla import CompiledRuleset

Program = DecisionProgram[CompiledRuleset]


def decisions_table(
    cases: Iterable[str],
    predictions: dict[str, Any],
    decided: Decided,
    program: Program,
) -> pa.Table:
    """One row per case.

    Args:
        cases: identifiers.
        predictions: the columns of predictions to show, by name, `[N]`.
        decided: what the program returned.
        program: gives the identity of model and rules.

    Returns:
        Columns `case`, the predictions, `outcome`, `rule`, `reason`, `fired`, `ruleset`
        (SHA-256) and `step` (of the checkpoint).
    """
    outcome = DecidedByRules(
        ruleset=program.decider.ruleset, columns=decided.seen, decisions=decided.decisions
    ).to_table()
    count = outcome.num_rows
    columns: dict[str, Any] = {"case": pa.array(list(map(str, cases)), pa.string())}
    columns |= {name: pa.array(array) for name, array in predictions.items()}
    columns |= {name: outcome[name] for name in ("outcome", "rule", "reason", "fired")}
    columns["ruleset"] = pa.array([program.decider.sha256] * count, pa.string())
    columns["step"] = pa.array(np.full(count, program.predictor.step, np.int64))
    return pa.table(columns)


def require_columns(decisions: pa.Table, names: Iterable[str], *, on: str = "") -> None:
    """Raises `ValueError` unless decisions, as `decisions_table` makes them, have the columns.

    Args:
        decisions: to check.
        names: of the columns.
        on: what was decided, for the message.
    """
    missing = [name for name in names if name not in decisions.column_names]
    if missing:
        raise ValueError(
            f"the decisions {f'on {on} ' if on else ''}lack the column {missing[0]!r}, "
            f"found {', '.join(decisions.column_names)}"
        )


def write_decisions(table: pa.Table, path: Path) -> None:
    """Writes decisions atomically, in the format of the suffix; CSV joins the fired rules."""
    if path.suffix == ".csv":
        fired = pa.array([" ".join(names) for names in table["fired"].to_pylist()], pa.string())
        table = table.set_column(table.schema.get_field_index("fired"), "fired", fired)
    with explained(path):
        write_table(table, path)


def read_cases(
    path: Path, schema: Schema, besides: Iterable[str] = ()
) -> tuple[list[str], dict[str, np.ndarray], pa.Table]:
    """Identifiers of the cases in a file, their columns by the schema, and the file as it is.

    Args:
        path: csv, jsonl or parquet.
        schema: of the data set.
        besides: columns that are read by somebody else.

    Raises:
        TableError: when the file can't be read or doesn't fit the schema.
    """
    file = read_table(path)
    try:
        elsewhere = [name for name in besides if name in file.column_names]
        columns = conform(file.drop_columns(elsewhere), schema)
    except TableError as error:
        raise TableError(f"{path}: {error}") from None
    return case_identifiers(file, schema.key), columns, file


def case_identifiers(table: pa.Table, key: str | None) -> list[str]:
    """The key column of a case file, if it has it, or else row numbers from 1."""
    if key in table.column_names:
        return [str(value) for value in table[key].to_pylist()]
    return [str(number) for number in range(1, table.num_rows + 1)]


def outcome_summary(table: pa.Table, *, rate: tuple[str, np.ndarray] | None = None) -> str:
    """Counts by outcome and by deciding rule, for the console.

    Args:
        table: see `decisions_table`.
        rate: a heading and one 0/1 number per case, averaged per row of the summary.
    """
    outcomes, deciders = table["outcome"].to_pylist(), table["rule"].to_pylist()
    view = Table(box=None, pad_edge=False)
    view.add_column("outcome")
    view.add_column("decided by")
    view.add_column("cases", justify="right")
    view.add_column("share", justify="right")
    if rate:
        view.add_column(rate[0], justify="right")

    def row(outcome: str, decider: str | None, count: int, style: str | None) -> None:
        chosen = np.array(
            [o == outcome and decider in (None, d) for o, d in zip(outcomes, deciders, strict=True)]
        )
        cells = [outcome if decider is None else "", decider or "", f"{count:,}"]
        cells.append(f"{count / len(outcomes):.1%}")
        if rate:
            cells.append(f"{rate[1][chosen].mean():.1%}")
        view.add_row(*cells, style=style)

    for outcome, total in Counter(outcomes).most_common():
        row(outcome, None, total, "bold")
        decided_by = Counter(d for o, d in zip(outcomes, deciders, strict=True) if o == outcome)
        for decider, count in decided_by.most_common():
            row(outcome, decider, count, None)
    return rendered(view)


def rendered(view: Any) -> str:
    """A rich table as text, coloured only on a terminal."""
    console = Console(width=120, highlight=False)
    with console.capture() as capture:
        console.print(view)
    return capture.get().rstrip()
