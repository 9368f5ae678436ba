"""What the digits experiment shows: summaries on the console, and the report's contents."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa
from rich.table import Table

from experiments.decisions import outcome_summary, rendered


@dataclasses.dataclass(frozen=True, kw_only=True)
class Results:
    """Decisions on test scans and numbers, and whether they are right.

    Attributes:
        digit_table: one row per scan.
        digit_wrong: bool per scan.
        number_table: one row per number.
        read_wrong: the reading has a wrong digit, bool per number.
        corrected_wrong: the same after the repairs.
    """

    digit_table: pa.Table
    digit_wrong: np.ndarray
    number_table: pa.Table
    read_wrong: np.ndarray
    corrected_wrong: np.ndarray

    @property
    def automated(self) -> np.ndarray:
        """Whether a number is decided without a person, bool per number."""
        return np.array([o != "human" for o in self.number_table["outcome"].to_pylist()])

    @property
    def error_before(self) -> float:
        """Share of numbers read wrongly."""
        return float(self.read_wrong.mean())

    @property
    def error_after(self) -> float:
        """Share of wrong ones among the numbers that are decided without a person."""
        return float(self.corrected_wrong[self.automated].mean())


def evaluation_summary(evaluation: dict[str, Any]) -> str:
    """The models side by side."""
    view = Table(box=None, pad_edge=False)
    view.add_column(f"test ({evaluation['examples']['test']} scans)")
    for heading in ("accuracy", "log-loss"):
        view.add_column(heading, justify="right")
    for model in evaluation["models"]:
        view.add_row(model["name"], f"{model['accuracy']:.4f}", f"{model['log_loss']:.4f}")
    return rendered(view)


def decision_summary(results: Results) -> str:
    """Outcomes of scans and numbers, and the error rate before and after."""
    return "\n".join(
        [
            "single digits",
            outcome_summary(results.digit_table, rate=("misread", results.digit_wrong)),
            "numbers of 13 digits",
            outcome_summary(results.number_table, rate=("wrong", results.corrected_wrong)),
            f"wrong numbers: {results.error_before:.1%} as read; after the rules "
            f"{results.error_after:.2%} of the {results.automated.mean():.1%} that need no person",
        ]
    )
