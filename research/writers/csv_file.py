"""Metrics as CSV: a row a step, a column a metric."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from research.data.atomic import replacing
from research.workdir import explained
from research.writers.writer import flat


class CsvFile:
    """Appends rows; at any moment the file is a function of the records written so far.

    Columns stand in the order in which they first appeared. A metric that appears later (an
    evaluation only every n steps) makes the file anew with one more column, empty above.

    Args:
        path: of the file, which is made anew.
        records: what the run has written before, in the form of `metrics.jsonl`.
    """

    def __init__(self, path: Path, records: Iterable[Mapping[str, Any]] = ()) -> None:
        self._path = path
        self._rows = [{"step": record["step"], **flat(record)} for record in records]
        self._columns = list(dict.fromkeys(["step", *(name for row in self._rows for name in row)]))
        self._make()

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """Adds a row."""
        row = {"step": step, **metrics}
        self._rows.append(row)
        new = [name for name in row if name not in self._columns]
        if new:
            self._file.close()
            self._columns += new
            self._make()
            return
        with explained(self._path):
            self._file.write(self._text([row]))
            self._file.flush()

    def flush(self) -> None:
        """Nothing: each row is handed over at once, and `records` can make the file again."""

    def close(self) -> None:
        """Closes the file."""
        with explained(self._path):  # what a full disk refused before, it refuses again
            self._file.close()

    def _make(self) -> None:
        with explained(self._path):
            with replacing(self._path) as temporary:
                header = dict(zip(self._columns, self._columns, strict=True))
                # Bytes, so that Windows makes no other line ends.
                temporary.write_bytes(self._text([header, *self._rows]).encode())
            self._file = self._path.open("a", encoding="utf-8", newline="")

    def _text(self, rows: Iterable[Mapping[str, Any]]) -> str:
        buffer = io.StringIO()
        csv.DictWriter(buffer, self._columns, lineterminator="\n").writerows(rows)
        return buffer.getvalue()
