"""Whether a table is the published one, by counts."""

from __future__ import annotations

from collections.abc import Mapping

from research.data import tabular
from research.data.datasets.errors import DatasetError
from research.data.tabular import TabularDataset


def check_counts(
    data: TabularDataset,
    *,
    called: str,
    rows: int,
    positives: tuple[str, int],
    missing: Mapping[str, int],
) -> None:
    """Compares the counts of rows, of a binary target and of missing values.

    Args:
        data: to check.
        called: its name, for the message.
        rows: expected.
        positives: what a target of 1 is called, and how many there are.
        missing: expected by column; none in others.

    Raises:
        DatasetError: if one differs; the message names all that do.
    """
    name, count = positives
    found = {"rows": len(data), name: int(data.target.sum())}
    expected = {"rows": rows, name: count}
    for column, values in data.columns.items():
        found[f"missing {column}"] = int(tabular.missing(values).sum())
        expected[f"missing {column}"] = missing.get(column, 0)
    wrong = [
        f"{what} (found {found[what]}, expected {expected[what]})"
        for what in expected
        if found[what] != expected[what]
    ]
    if wrong:
        raise DatasetError(f"this is not the {called} data as published: {', '.join(wrong)}")
