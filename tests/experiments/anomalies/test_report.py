import dataclasses

import numpy as np
import pyarrow as pa
import pytest

import rules
from experiments.anomalies.report import AnomalyReport, render

RULES = rules.load("experiments/anomalies/strange.rules")
KINDS = ["digit"] * 6 + ["shoe & sock"] * 4
OUTCOMES = ["read"] * 5 + ["human"] + ["refuse"] * 3 + ["read"]
NAMES = {"read": "usual", "human": "odd", "refuse": "no_digit"}


@pytest.fixture(scope="module")
def report():
    random = np.random.default_rng(0)
    return AnomalyReport(
        config={"model": {"family": "autoencoder"}},
        evaluation={
            "models": [
                {"name": name, "auroc": 0.9, "by_kind": {"shoe & sock": 0.9}}
                for name in ("Rulax <ae>", "PCA")
            ]
        },
        history=[{"step": s, "train": {"loss": 1 / s}, "validation": {"loss": 1}} for s in (1, 2)],
        best_step=2,
        decisions=pa.table(
            {
                "kind": KINDS,
                "score": random.random(10).astype(np.float32),
                "rarity": random.random(10).astype(np.float32),
                "outcome": OUTCOMES,
                "rule": [NAMES[outcome] for outcome in OUTCOMES],
                "reason": ["so"] * 10,
                "fired": [[NAMES[outcome]] for outcome in OUTCOMES],
                "step": [7] * 10,
            }
        ),
        pictures=random.random((10, 5, 5)),
        drawn=random.random((10, 5, 5)),
        ruleset=RULES,
        data={"name": "MNIST", "source": "somebody", "licence": "none", "rows": 10},
        versions={"jax": "1"},
        created="2026-01-01",
    )


def test_the_page_tells_it(report):
    page = render(report)
    assert "Of 6 digits 83.3% are read, of 4 pictures of other kinds 25.0%" in page
    assert "Shoe &amp; sock" in page and "Rulax &lt;ae&gt;" in page
    assert page.count("<img") == 20  # each picture, and as drawn
    assert render(report) == page


def test_an_estimator_has_no_curve(report):
    page = render(dataclasses.replace(report, history=report.history[:1]))
    assert "Fitted in one go." in page


def test_decisions_that_do_not_fit(report):
    with pytest.raises(ValueError, match="lack the column 'kind'"):
        dataclasses.replace(report, decisions=report.decisions.drop_columns("kind"))
    with pytest.raises(ValueError, match="found 10 decisions, 3 pictures and 10 drawn"):
        dataclasses.replace(report, pictures=report.pictures[:3])
