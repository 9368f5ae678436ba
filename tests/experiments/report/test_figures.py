from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

from experiments.report.figures import learning_curves, reliability, roc


def record(step: int, train: float, validation: float | None) -> dict[str, Any]:
    found: dict[str, Any] = {"step": step, "train": {"loss": train}}
    return found if validation is None else {**found, "validation": {"loss": validation}}


def label(svg: str) -> str:
    return ET.fromstring(svg).get("aria-label") or ""


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("text")]


def test_learning_curves_tell_the_end_and_the_best() -> None:
    svg = learning_curves([record(100, 0.9, 0.8), record(1200, 0.5, 0.6)], 1200)
    assert label(svg) == (
        "Learning curves: training loss ends at 0.500, validation loss ends at 0.600; "
        "the best step is 1,200."
    )
    assert {"best: step 1,200", "training", "validation"} <= set(texts(svg))


@pytest.mark.parametrize("best", [100, 600, 1200])
def test_the_note_on_the_best_step_keeps_inside(best: int) -> None:
    svg = learning_curves([record(s, 1 / s, 2 / s) for s in (100, 600, 1200)], best)
    anchor = {100: "start", 600: "middle", 1200: "end"}[best]
    note = next(n for n in ET.fromstring(svg).iter("text") if "best" in "".join(n.itertext()))
    style = note.get("style") or ""
    assert f"text-anchor: {anchor}" in style


def test_gaps_in_the_history_are_left_out() -> None:
    svg = learning_curves(
        [record(1, math.nan, 0.7), record(2, math.inf, None), record(3, 0.4, None)], 1
    )
    assert "training loss ends at 0.400, validation loss ends at 0.700" in label(svg)
    assert "nan" not in svg
    assert "inf" not in svg.replace("infinity", "")


def test_one_record_and_one_part_suffice() -> None:
    assert "validation" not in label(learning_curves([record(5, 0.3, None)], 5))


@pytest.mark.parametrize("history", [[], [record(1, math.nan, None)], [{"step": 1, "train": None}]])
def test_a_history_without_numbers(history: list[Any]) -> None:
    with pytest.raises(ValueError, match=rf"none of the {len(history)} records .* finite"):
        learning_curves(history, 1)


def test_roc_names_areas_and_escapes() -> None:
    svg = roc({"ours <b>": ([0, 0, 1], [0, 1, 1]), "chance": ([0, 1], [0, 1])})
    assert label(svg) == "ROC curves; area under them: ours <b> 1.000, chance 0.500."
    assert {"ours <b> 1.000", "chance 0.500"} <= set(texts(svg))


@pytest.mark.parametrize("number", [0, 5])
def test_roc_of_too_many(number: int) -> None:
    with pytest.raises(ValueError, match=f"1 to 4 ROC curves, found {number}"):
        roc({str(i): ([0, 1], [0, 1]) for i in range(number)})


BINS = {"predicted": [0.1, 0.5], "observed": [0.2, 0.4], "count": [10, 30], "error": 0.1}


def test_reliability_tells_both_errors() -> None:
    svg = reliability(BINS, {**BINS, "error": 0.02}, predictions=np.linspace(0, 1, 50))
    assert "0.100 before calibration and 0.020 after" in label(svg)
    assert {"before 0.100", "after 0.020"} <= set(texts(svg))


def test_reliability_without_predictions_or_error() -> None:
    bins = {key: value for key, value in BINS.items() if key != "error"}
    svg = reliability(bins, bins)
    assert "as trained –" in texts(svg)  # noqa: RUF001
    assert "no calibration was needed" in label(svg)
    # the taller of the two bars stands for 30 cases
    assert any(re.fullmatch(r"\d0", text) for text in texts(svg))
