import dataclasses

import numpy as np
import pyarrow as pa
import pytest

import rules
from experiments.adult.report import AdultReport, render
from tests.experiments.adult.test_groups import people

RULES = rules.load("experiments/adult/income.rules")
COUNT = 40
BINS = {"predicted": [0.2, 0.8], "observed": [0.1, 0.9], "count": [20, 20], "error": 0.1}


def model(name):
    return {"name": name, "auc": 0.9, "brier": 0.1, "accuracy": 0.85, "log_loss": 0.3} | {
        "roc": {"false": [0, 0.5, 1], "true": [0, 0.9, 1]}
    }


@pytest.fixture(scope="module")
def report():
    outcomes = (["above"] * 2 + ["below"] * 2 + ["refer"]) * 8
    names = {"above": "likely_above", "below": "likely_below", "refer": "near_boundary"}
    table = pa.table(
        {
            "case": [str(i) for i in range(COUNT)],
            "p_above": np.tile(np.array([0.9, 0.95, 0.1, 0.05, 0.6], np.float32), 8),
            "outcome": outcomes,
            "rule": [names[outcome] for outcome in outcomes],
            "reason": ["a <reason>"] * COUNT,
            "fired": [[names[outcome]] for outcome in outcomes],
            "ruleset": [RULES.sha256] * COUNT,
            "step": [300] * COUNT,
        }
    )
    sex = ["female", "male"] * 20
    target = [1, 0, 0, 0, 1] * 8
    return AdultReport(
        config={"error_budget": 0.05},
        evaluation={
            "examples": {"train": 100, "validation": 40, "test": COUNT},
            "models": [model("Rulax MLP"), model("Boosting <b>")],
            "calibration": {"before": BINS, "after": {**BINS, "error": 0.05}},
        },
        history=[
            {"step": s, "train": {"loss": 1 / s}, "validation": {"loss": 2 / s}} for s in (1, 2)
        ],
        best_step=2,
        decisions=table,
        people=people(sex, ["white"] * 20 + ["black"] * 20, target),
        ruleset=RULES,
        data={"name": "Adult", "source": "somebody", "licence": "CC", "rows": 180},
        versions={"jax": "1"},
        created="2026-01-01",
    )


def test_figures_by_hand(report):
    # Above: half of them are. Below: none is. Nobody asked about the referred.
    assert (report.left.events, report.left.cases) == (8, 32)
    assert (report.alone.events, report.alone.cases) == (8, 40)
    assert {name: rate.cases for name, rate in report.rates.items()} == {
        "above": 16,
        "refer": 8,
        "below": 16,
    }


def test_the_page_tells_it(report):
    page = render(report)
    assert "Of 40 people, the rules decide on 32 and leave 8 to a person" in page
    assert "nobody should be decided on by it" in page
    assert "How groups are treated" in page
    assert "Boosting &lt;b&gt;" in page
    assert "<b>" not in page
    for word in ("female", "black", "Demographic parity", "near_boundary"):
        assert word in page
    assert render(report) == page


def test_nobody_decided_on(report):
    left = pa.array(["refer"] * COUNT)
    rule = pa.array(["near_boundary"] * COUNT)
    table = report.decisions
    for name, column in (("outcome", left), ("rule", rule)):
        table = table.set_column(table.schema.get_field_index(name), name, column)
    assert "leave 40 to a person" in render(dataclasses.replace(report, decisions=table))


def test_decisions_that_do_not_fit(report):
    with pytest.raises(ValueError, match="lack the column 'reason'"):
        dataclasses.replace(report, decisions=report.decisions.drop_columns("reason"))
    with pytest.raises(ValueError, match="found 3 decisions and 40 people"):
        dataclasses.replace(report, decisions=report.decisions.slice(0, 3))
