import dataclasses

import numpy as np
import pyarrow as pa
import pytest

import rules
from experiments.few_labels.report import FewLabelsReport, render

RULES = rules.load("experiments/few_labels/digit.rules")
OUTCOMES = ["accept"] * 6 + ["human"] * 2
LABELS = np.arange(8)


@pytest.fixture(scope="module")
def report():
    read = LABELS.copy()
    read[[0, 7]] = 9  # one of the accepted, one of the others
    names = [{"accept": "sure", "human": "unsure"}[outcome] for outcome in OUTCOMES]
    random = np.random.default_rng(0)
    return FewLabelsReport(
        config={"error_budget": 0.05, "method": "fixmatch"},
        evaluation={
            "examples": {"train": 50, "validation": 20, "test": 8, "labelled": 10},
            "draws": {
                "supervised": [0.8, 0.82],
                "pseudo_labels": [0.85, 0.84],
                "fixmatch": [0.9, 0.91],
                "all_labels": [0.97, 0.98],
            },
        },
        history=[{"step": 300, "train": {"loss": 1.0}, "validation": {"loss": 1.0}}],
        decisions=pa.table(
            {
                "digit": read.astype(np.int32),
                "confidence": np.linspace(0.99, 0.4, 8).astype(np.float32),
                "outcome": OUTCOMES,
                "rule": names,
                "reason": ["so"] * 8,
                "fired": [[name] for name in names],
                "step": [300] * 8,
            }
        ),
        images=random.random((8, 8, 8)),
        labels=LABELS,
        labelled=random.random((10, 8, 8)),
        labelled_as=np.arange(10),
        ruleset=RULES,
        data={"name": "digits", "source": "somebody", "licence": "CC", "rows": 88},
        versions={"jax": "1"},
        created="2026-01-01",
    )


def test_the_page_tells_it(report):
    assert (report.left.events, report.left.cases) == (1, 6)
    page = render(report)
    assert "Told the digits on 10 scans, a network reads 81.0% of others right" in page
    assert "it reads 90.5%" in page and "97.5%" in page
    assert "is a 7" in page and "is right" in page
    assert page.count("<img") == 2 + 10
    assert "Few labels" in page
    assert render(report) == page


def test_nothing_left_to_a_person(report):
    table = report.decisions
    for name, value in (("outcome", "accept"), ("rule", "sure")):
        index = table.schema.get_field_index(name)
        table = table.set_column(index, name, pa.array([value] * 8))
    assert "Every scan was read with certainty." in render(
        dataclasses.replace(report, decisions=table)
    )


def test_decisions_that_do_not_fit(report):
    with pytest.raises(ValueError, match="lack the column 'digit'"):
        dataclasses.replace(report, decisions=report.decisions.drop_columns("digit"))
    with pytest.raises(ValueError, match="found 8 decisions, 2 scans and 8 labels"):
        dataclasses.replace(report, images=report.images[:2])
