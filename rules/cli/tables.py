"""Tables of decisions for the command line: a summary to read, a file to keep."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa

from rules.cli.running import counted
from rules.encoding.arrow_values import text_array
from rules.language.ir import Ruleset

__all__ = ["SUFFIXES", "summarise", "write_table"]

FEW_ROWS = 20
SUFFIXES = (".csv", ".jsonl", ".parquet")


def summarise(table: pa.Table, ruleset: Ruleset) -> str:
    """Counts by outcome and by deciding rule, and the rows themselves if they are few.

    Args:
        table: decisions, with the columns `outcome`, `rule` and `reason`.
        ruleset: what decided.
    """
    total = table.num_rows
    outcomes = Counter(_shown(value) for value in table["outcome"].to_pylist())
    rules = Counter(_shown(value) for value in table["rule"].to_pylist())
    blocks = [
        f"{ruleset.name} version {ruleset.version}, {counted(total, 'case')}",
        _columns([[name, *_share(n, total)] for name, n in outcomes.most_common()], "outcome"),
        _columns([[name, *_share(n, total)] for name, n in rules.most_common()], "decided by"),
    ]
    if total <= FEW_ROWS:
        rows = [
            [_shown(row["outcome"]), _shown(row["rule"]), _shown(row["reason"])]
            for row in table.select(["outcome", "rule", "reason"]).to_pylist()
        ]
        blocks.append(_columns(rows, "outcome", "rule", "reason"))
    return "\n\n".join(blocks)


def write_table(table: pa.Table, path: Path) -> None:
    """Writes decisions, in the format that the suffix (one of `SUFFIXES`) names.

    Raises:
        OSError: the file cannot be written.
    """
    match path.suffix:
        case ".parquet":
            import pyarrow.parquet

            pyarrow.parquet.write_table(table, path)
        case ".csv":
            import pyarrow.csv

            pyarrow.csv.write_csv(_flat(table), path)
        case _:
            lines = (json.dumps(row, ensure_ascii=False) for row in table.to_pylist())
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _flat(table: pa.Table) -> pa.Table:
    # A CSV cell holds no list: `risky;late_payer`.
    for index, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            cells = [_shown(value) for value in table.column(index).to_pylist()]
            table = table.set_column(index, field.name, text_array(cells))
    return table


def _shown(value: object) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ";".join(map(str, value))
    return "" if value is None else str(value)


def _share(count: int, total: int) -> tuple[str, str]:
    return f"{count}", f"{count / max(total, 1):.1%}"


def _columns(rows: list[list[str]], *head: str) -> str:
    lines = [[*head, *[""] * (len(rows[0]) - len(head))], *rows] if rows else [list(head)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
