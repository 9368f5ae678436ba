"""The page without a run: what it says where little is to be said."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

import rules
from experiments.images import output, report_pictures
from experiments.images.output import Results
from experiments.images.report import TONES, ImagesReport, Strangers, render
from research.inference import Threshold
from tests.experiments.images import synthetic

LABELS = np.array([0, 1, 2, 0, 1, 2], np.int32)
READ = ["across", "down", "full", "down", "down", "full"]  # the fourth is wrong
DECIDERS = {"accept": "sure", "human": "unsure", "reject": "strange"}


def table(outcomes, kinds=READ):
    count = len(outcomes)
    deciders = [DECIDERS[outcome] for outcome in outcomes]
    return pa.table(
        {
            "case": [f"test-{n}" for n in range(count)],
            "kind": kinds[:count],
            "rival": ["across"] * count,
            "confidence": np.linspace(0.5, 0.99, count),
            "runner_up": [0.01] * count,
            "distance": np.linspace(9, 1, count),
            "ink": [0.1] * count,
            "outcome": outcomes,
            "rule": deciders,
            "reason": ["because"] * count,
            "fired": [[decider] for decider in deciders],
            "ruleset": ["0" * 64] * count,
            "step": [40] * count,
        }
    )


def results(outcomes):
    return Results(table=table(outcomes), labels=LABELS, classes=synthetic.CLASSES, budget=0.05)


@pytest.fixture
def report():
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    curve = {"thresholds": [0.9, 0.5], "coverage": [0.5, 1.0], "risk": [0.0, 0.2]}
    images = synthetic.part(6, 0).images
    return ImagesReport(
        config={"seed": 0},
        noun="corner",
        evaluation={
            "examples": {"train": 300, "validation": 200, "test": 6},
            "models": [
                {"name": "Ours", "accuracy": 0.83, "log_loss": 0.1, "risk_coverage": curve},
                {"name": "Theirs", "accuracy": 0.8, "log_loss": None, "risk_coverage": curve},
            ],
            "published": [{"name": "People", "accuracy": 0.7, "source": "a table"}],
            "usability": {"far": 8.5, "refused": 0.005, "foreign_refused": 0.9, "auc": 0.97},
        },
        history=[{"step": 40, "train": {"loss": 0.1}, "validation": {"loss": 0.2}}],
        threshold=Threshold(value=0.91, coverage=0.5, risk=0.01, bound=0.04),
        images=images,
        results=results(["accept"] * 4 + ["human", "reject"]),
        ruleset=rules.parse(synthetic.RULES),
        strangers={"a dot": Strangers(images=images[:2], decisions=table(["reject", "human"]))},
        data={"name": "Corners", "source": "drawn", "licence": "CC0", "rows": 506},
        versions={"jax": "1"},
        created="2026-11-22",
    )


def test_the_budget_that_is_not_kept(report):
    page = render(report)
    assert "accept 4 that it is sure of; 1 of these are wrong, 25.00%, above the budget" in page
    assert "where the network gives at least 91.00%" in page
    assert "∞" in page and "below, published figures" in page
    assert "90%" in page and "97.0%" in page


def test_nothing_accepted(report):
    nothing = dataclasses.replace(report, results=results(["human"] * 5 + ["reject"]))
    page = render(nothing)
    assert "The rules accept none: nothing would surely keep the budget of 5.00%." in page
    assert "None: every picture that was accepted was read right." in page
    summary = output.decision_summary(nothing.results, nothing.strangers)
    assert "nothing is accepted: no limit would surely keep the budget of 5.00%" in summary
    assert "nan" not in summary


def test_no_errors(report):
    fine = results(["accept", "accept", "accept", "human", "accept", "accept"])
    assert fine.wrong.events == 0 and fine.accepted.events == 5
    section = report_pictures.missed(report.images, fine)
    assert "None: every picture" in str(section.lede)
    shown = report_pictures.outcomes(report.images, fine, TONES)
    assert "is across" in shown.body and ">None.<" in shown.body


def test_figures_of_results():
    found = results(["accept"] * 4 + ["human", "reject"])
    assert found.mistaken.tolist() == [False, False, False, True, False, False]
    assert (found.accepted.share, found.wrong.share) == (4 / 6, 1 / 4)
    assert output.outcome_shares(found.table) == {"accept": 4 / 6, "human": 1 / 6, "reject": 1 / 6}


def test_a_decision_and_a_label_for_each_picture(report):
    with pytest.raises(ValueError, match="found 5 pictures, 6 decisions and 6 labels"):
        dataclasses.replace(report, images=report.images[:5])
