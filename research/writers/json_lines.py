"""Metrics as JSON lines, the file from which everything else can be made again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from research.data.atomic import replacing
from research.workdir import explained, read_metrics


class JsonLines:
    """Appends a record a line.

    Attributes:
        records: all in the file.

    Args:
        path: of the file; what it holds after `resume_step`, or cut off in the middle by a
            kill, is dropped, since it will be written again.
        resume_step: 0 for a new run.
    """

    def __init__(self, path: Path, *, resume_step: int = 0) -> None:
        self._path = path
        self.records = kept_records(path, resume_step=resume_step)
        with explained(path):
            if path.exists():
                with replacing(path) as temporary:
                    temporary.write_text("".join(map(_line, self.records)), encoding="utf-8")
            self._file = path.open("a", encoding="utf-8")

    def append(self, record: Mapping[str, Any]) -> None:
        """Writes `{"step": int, "train": {...}, "validation": {...}}`."""
        with explained(self._path):
            self._file.write(_line(record))
            self._file.flush()
        self.records.append(dict(record))

    def flush(self) -> None:
        """Onto the disk."""
        with explained(self._path):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Closes the file."""
        with explained(self._path):  # what a full disk refused before, it refuses again
            self._file.close()


def kept_records(path: Path, *, resume_step: int) -> list[dict[str, Any]]:
    """What a run that resumes keeps of the file; nothing where there is none."""
    if resume_step == 0 or not path.exists():
        return []
    return [record for record in read_metrics(path) if record["step"] <= resume_step]


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record) + "\n"
