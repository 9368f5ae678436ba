"""The sections with scans: numbers repaired, errors that slipped through, digits in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.report import Html, Section, captioned, element, join, picture, strip
from experiments.report.formats import count, percent

__all__ = ["left_to_people", "missed", "repaired"]

_REPAIRS, _MISSES, _SCANS = 5, 5, 30

Scans = NDArray[np.floating[Any]]


def repaired(
    decisions: pa.Table,
    truth: Sequence[str],
    scans: Scans,
    *,
    positions: NDArray[np.integer[Any]],
) -> Section:
    """Numbers that the rules repaired, right or wrong: the first with each corrected scan.

    Args:
        decisions: one row per number, with `read`, `number`, `outcome` and `reason`.
        truth: the numbers as written.
        scans: what they are written with, `[S, 13, 8, 8]`.
        positions: which scans these are, `[S, 13]`; the same scan has the same position.
    """
    rows = _rows(np.asarray(decisions["outcome"].to_pylist()) == "repair")
    shown = _distinct(rows, decisions, positions)[:_REPAIRS]
    if len(shown) == len(rows):
        which = _first(len(rows), _REPAIRS)
    else:
        which = f"{count(len(shown))} of {count(len(rows))}, each with another scan corrected"
    return Section(
        title="Numbers that were repaired",
        lede=f"{which}. The digit below a scan is the one decided on; a "
        "struck-out one was read there first.",
        body=join(_number(row, decisions, truth, scans) for row in shown)
        or element("p", "No number was repaired."),
    )


def missed(
    decisions: pa.Table, truth: Sequence[str], scans: Scans, wrong: NDArray[np.bool_]
) -> Section:
    """Numbers that are wrong and that nobody was asked about.

    Args:
        decisions: as for `repaired`.
        truth: the numbers as written.
        scans: what they are written with, `[S, 13, 8, 8]`.
        wrong: whether each number is wrong after the repairs, `[S]`.
    """
    automated = np.asarray(decisions["outcome"].to_pylist()) != "human"
    rows = _rows(automated & wrong)
    if not rows:
        lede = "None: every number that was accepted or repaired is right."
    else:
        lede = f"{_first(len(rows), _MISSES)}. What is written stands behind the slash."
    return Section(
        title="Errors that slipped through",
        lede=lede,
        body=join(_number(row, decisions, truth, scans) for row in rows[:_MISSES]),
    )


def left_to_people(decisions: pa.Table, scans: Scans, labels: NDArray[np.integer[Any]]) -> Section:
    """The scans that the rules for single digits leave to a person, least confident first.

    Args:
        decisions: one row per scan, with `digit`, `confidence` and `outcome`.
        scans: the scans, `[N, 8, 8]`.
        labels: the digit on each, `[N]`.
    """
    confidence = decisions["confidence"].to_numpy()
    digits = decisions["digit"].to_pylist()
    rows = _rows(np.asarray(decisions["outcome"].to_pylist()) == "human")
    rows.sort(key=lambda row: confidence[row])

    def caption(row: int) -> Html:
        truth = int(labels[row])
        right = "is right" if digits[row] == truth else f"is a {truth}"
        return join(
            (
                element("strong", f"read {digits[row]}"),
                element("div", percent(float(confidence[row]), 0)),
                element("div", right),
            )
        )

    shown = [
        (picture(scans[row], label=f"A scan, read as {digits[row]}"), caption(row))
        for row in rows[:_SCANS]
    ]
    return Section(
        title="Digits left to a person",
        lede=f"{_first(len(rows), _SCANS)}, least certain first: the reading, its probability, "
        "and the truth.",
        body=captioned(shown) if shown else element("p", "Every digit was read with certainty."),
    )


def _distinct(
    rows: Sequence[int], decisions: pa.Table, positions: NDArray[np.integer[Any]]
) -> list[int]:
    """The rows that correct only scans that no earlier of them corrects."""
    chosen: list[int] = []
    seen: set[int] = set()
    for row in rows:
        pairs = zip(decisions["read"][row].as_py(), decisions["number"][row].as_py(), strict=True)
        corrected = {
            int(positions[row, place]) for place, (read, made) in enumerate(pairs) if read != made
        }
        if seen.isdisjoint(corrected):
            chosen.append(row)
            seen |= corrected
    return chosen


def _number(row: int, decisions: pa.Table, truth: Sequence[str], scans: Scans) -> Html:
    read, decided = decisions["read"][row].as_py(), decisions["number"][row].as_py()
    pictures = [
        picture(scan, label=f"A scan of {digit}")
        for scan, digit in zip(scans[row], truth[row], strict=True)
    ]
    marks = [_mark(*place) for place in zip(read, decided, truth[row], strict=True)]
    verdict = "right" if decided == truth[row] else "wrong"
    return element(
        "div",
        strip(pictures, marks),
        element("p", f"{decisions['reason'][row].as_py()} · {verdict}", class_="caption"),
        class_="number-story",
    )


def _mark(read: str, decided: str, written: str) -> tuple[Html, str | None]:
    parts = [element("s", read) if read != decided else Html(), Html(decided)]
    if decided != written:
        return join([*parts, "/", written]), "wrong"
    return join(parts), "changed" if read != decided else None


def _first(total: int, limit: int) -> str:
    if total <= limit:
        return f"All {count(total)}" if total != 1 else "The only one"
    return f"The first {count(limit)} of {count(total)}"


def _rows(chosen: NDArray[np.bool_]) -> list[int]:
    return [int(row) for row in np.flatnonzero(chosen)]
