"""What was taken for what: the confusion matrix as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from experiments.report.formats import count
from experiments.report.markup import Html, element

__all__ = ["confusion_matrix"]


def confusion_matrix(
    actual: ArrayLike, predicted: ArrayLike, *, classes: Sequence[str], caption: str
) -> Html:
    """Counts per pair of classes, a row per actual and a column per predicted one.

    Args:
        actual: int `[N]`, positions in `classes`.
        predicted: the same, as predicted.
        classes: their names.
        caption: of the table.

    Raises:
        ValueError: unequal lengths, or a position that `classes` does not have.
    """
    rows, columns = np.asarray(actual), np.asarray(predicted)
    if rows.shape != columns.shape:
        raise ValueError(
            f"expected one prediction per example, found {columns.size} for {rows.size}"
        )
    positions = np.concatenate([rows, columns])
    outside = positions[(positions < 0) | (positions >= len(classes))]
    if outside.size:
        raise ValueError(f"found the class {outside[0]}, expected 0 to {len(classes) - 1}")
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (rows, columns), 1)
    largest = max(1, *counts.ravel().tolist())
    most = np.where(np.eye(len(classes), dtype=bool), largest, 3)
    shares = np.minimum(counts / most, 1.0)
    heading = element(
        "tr",
        element("td", "", class_="none"),
        *(element("th", name, scope="col") for name in classes),
    )
    body = (
        element(
            "tr",
            element("th", name, scope="row"),
            *(
                _cell(int(counts[row, column]), float(shares[row, column]), right=row == column)
                for column in range(len(classes))
            ),
        )
        for row, name in enumerate(classes)
    )
    whole = element(
        "table",
        element("caption", caption),
        element("thead", heading),
        element("tbody", *body),
        class_="matrix",
    )
    return element(
        "div", whole, class_="scroll", role="region", tabindex="0", aria_label=f"Table: {caption}"
    )


def _cell(cases: int, share: float, *, right: bool) -> Html:
    if cases == 0:
        return element("td", "", class_="none")
    kind = "right" if right else "wrong"
    return element("td", count(cases), class_=kind, style=f"--share:{share:.3f}")
