from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import rules
from experiments.credit.report import CaseStory, CreditReport, render

TEXT = """
ruleset lending version 3
input p_default: prob
input income: float >= 0

decide outcome in {reject, refer, approve}
    policy priority
    default refer
    unknown refer

rule risky "Risk is <high> & rising" [priority 20]
    outcome = reject
    if p_default >= 50%
    because "risk {p_default:.0%}"

rule poor "Little income" [priority 15]
    outcome = refer
    if income < 10

rule sound "Sound" [priority 10]
    outcome = approve
    if p_default < 30%
"""
RULESET = rules.parse(TEXT)
NASTY = "<script>alert('x')</script>"


def decide(p: float) -> tuple[str, str, list[str]]:
    if p >= 0.5:
        return "reject", "risky", ["risky"]
    return ("approve", "sound", ["sound"]) if p < 0.3 else ("refer", "default", [])


def story(**changes: Any) -> CaseStory:
    facts: dict[str, Any] = {
        "case": "loan-0",
        "inputs": {"p_default": 0.2, "income": None, "free_income": 1200.0},
        "p_default": 0.2,
        "outcome": "approve",
        "rule": "sound",
        "reason": "a sound case",
        "explanation": "approve, decided by sound\n\nrule sound fires\n  yes  p_default < 0.3"
        "\n\nrule risky does not fire\n  no   p_default >= 0.5",
        "obtain": (),
        "defaulted": False,
    }
    return CaseStory(**{**facts, **changes})


def report(loans: int = 60, /, **changes: Any) -> CreditReport:
    random = np.random.default_rng(0)
    p = random.random(loans).astype(np.float32)
    decided = [decide(each) for each in p]
    roc = {"false": [0.0, 0.2, 1.0], "true": [0.0, 0.7, 1.0]}
    bins = {"predicted": [0.2, 0.6], "observed": [0.3, 0.7], "count": [30, 30]}
    names = ("Rulax MLP", "Logistic regression", "Gradient boosting")
    facts: dict[str, Any] = {
        "config": {
            "economics": {"loss_given_default": 0.6, "margin": 0.2, "review_cost": 5.0},
            "seed": 12345,
        },
        "evaluation": {
            "examples": {"test": loans, "train": 180, "validation": 61},
            "models": [
                {
                    "name": name,
                    "auc": 0.853 - i / 100,
                    "brier": 0.13 + i / 100,
                    "accuracy": 0.8,
                    "log_loss": 0.4,
                    "roc": roc,
                }
                for i, name in enumerate(names)
            ],
            "calibration": {"before": {**bins, "error": 0.081}, "after": {**bins, "error": 0.013}},
        },
        "history": [
            {"step": s, "train": {"loss": 1 / s}, "validation": {"loss": 2 / s}} for s in (50, 100)
        ],
        "best_step": 100,
        "decisions": pa.table(
            {
                "case": [f"loan-{i}" for i in range(loans)],
                "p_default": p,
                "outcome": [outcome for outcome, _, _ in decided],
                "rule": [rule for _, rule, _ in decided],
                "reason": ["because"] * loans,
                "fired": pa.array([fired for *_, fired in decided], pa.list_(pa.string())),
                "ruleset": [RULESET.sha256] * loans,
                "step": [100] * loans,
            }
        ),
        "defaulted": random.random(loans) < p,
        "amounts": random.integers(100, 5000, loans).astype(float),
        "ruleset": RULESET,
        "cases": [story()],
        "data": {"name": "loans", "source": "a lender", "licence": "MIT", "rows": 4454},
        "versions": {"jax": "0.10.2"},
        "created": "2026-01-31",
    }
    return CreditReport(**{**facts, **changes})


class Outline(HTMLParser):
    """Checks that tags nest, and collects ids, headings and text."""

    VOID = frozenset({"br", "col", "img", "meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "h2":
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data
        if self.open and self.open[-1] == "h2":
            self.headings[-1] += data


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    found.close()
    assert not found.open
    return found


@pytest.fixture(scope="module")
def page() -> str:
    return render(report())


def test_the_story_is_told_in_order(page: str) -> None:
    assert outline(page).headings == [
        "What was decided",
        "What it cost and saved",
        "What each rule did",
        "How good the model is",
        "Why: single cases",
        "How it was made",
    ]


def test_ids_are_unique_and_links_lead_somewhere(page: str) -> None:
    ids = outline(page).ids
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_the_page_is_small_and_self_contained(page: str) -> None:
    assert len(page.encode()) < 400_000
    for request in ("http", "<script", "<link", "@import", "src="):
        assert request not in page.replace("http-equiv", "")


def test_equal_runs_give_equal_bytes(page: str) -> None:
    assert render(report()) == page


def test_the_headline_agrees_with_the_decisions(page: str) -> None:
    made = report()
    approved = np.array(made.outcomes) == "approve"
    text = outline(page).text
    assert f"Of 60 applications, {approved.sum()} were approved" in text
    rate, overall = made.defaulted[approved].mean(), made.defaulted.mean()
    assert f"{rate:.1%} of the approved loans defaulted, against {overall:.1%} of all" in text
    everything, _, policy = made.accounts
    gain = (policy.result - everything.result) / 1000
    assert f"{gain:+.1f} k" in text.replace("\N{MINUS SIGN}", "-")
    assert "0.081 → 0.013" in text
    assert "logistic regression 0.843, gradient boosting 0.833" in text


def test_where_it_comes_from_is_said(page: str) -> None:
    text = outline(page).text
    for fact in (RULESET.sha256, "jax 0.10.2", "2026-01-31", "MIT", "a lender", "12345"):
        assert fact in text
    assert "4,454 applications (180 training, 61 validation, 60 test)" in text
    assert "lending version 3" in text


def test_rule_titles_and_text_are_escaped(page: str) -> None:
    assert "Risk is &lt;high&gt; &amp; rising" in page
    assert "<high>" not in page
    assert "One rule never fired." in page


def test_the_best_of_each_measure_stands_out(page: str) -> None:
    assert page.count('class="number best"') == 1 + 1 + 3 + 3  # ties all stand out


def test_anything_a_case_says_is_escaped() -> None:
    told = story(
        inputs={NASTY: NASTY}, reason=NASTY, explanation=NASTY, obtain=(NASTY,), outcome=NASTY
    )
    found = render(
        report(cases=[told], data=dict.fromkeys(("name", "source", "licence"), NASTY) | {"rows": 1})
    )
    assert "<script" not in found
    assert found.count("&lt;script") >= 8


def test_a_case_shows_inputs_proof_and_what_else_fired() -> None:
    made = report()
    decisions = made.decisions.set_column(
        made.decisions.schema.get_field_index("fired"),
        "fired",
        pa.array([["risky", "sound"]] * 60, pa.list_(pa.string())),
    )
    text = outline(render(report(decisions=decisions))).text
    for part in ("missing", "free income", "1,200", "Decided by: Sound", "later repaid"):
        assert part in text
    assert "Also fired: Risk is <high> & rising." in text
    assert text.index("rule sound fires") < text.index("The other rules")
    assert text.index("The other rules") < text.index("rule risky does not fire")


def test_an_undecided_case_shows_the_rules_in_question() -> None:
    told = story(
        rule="unknown",
        outcome="refer",
        reason="cannot be decided without income: rule poor could apply",
        explanation="refer, decided by unknown\n\nrule sound fires\n  yes\n\n"
        "rule poor could fire\n  ?",
        obtain=("income",),
        defaulted=True,
    )
    text = outline(render(report(cases=[told]))).text
    assert "To decide, obtain: income" in text
    assert "A missing input could change the outcome" in text
    assert "later defaulted" in text
    assert text.index("rule poor could fire") < text.index("The other rules")
    assert text.index("The other rules") < text.index("rule sound fires")


def test_a_proof_of_one_paragraph_folds_nothing() -> None:
    found = render(report(cases=[story(explanation="just so")]))
    assert "just so" in found
    assert "The other rules" not in found


def test_one_application_is_enough() -> None:
    found = outline(render(report(1, cases=[]))).text
    assert "Of 1 applications" in found


def test_bad_input() -> None:
    made = report()
    with pytest.raises(ValueError, match="lack the column 'p_default', found case, outcome"):
        report(decisions=made.decisions.drop_columns(["p_default"]))
    with pytest.raises(ValueError, match="found 60, 59 and 60"):
        report(defaulted=made.defaulted[:59])
    with pytest.raises(ValueError, match="at least one decision"):
        report(0)
    with pytest.raises(ValueError, match="case 'nobody' of a story is not among the decisions"):
        render(report(cases=[story(case="nobody")]))


def test_a_report_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        report().best_step = 3  # type: ignore[misc]


def test_a_model_that_needed_no_calibration_says_so(page: str) -> None:
    evaluation = report().evaluation
    as_trained = dict.fromkeys(("before", "after"), evaluation["calibration"]["after"])
    shown = render(report(evaluation={**evaluation, "calibration": as_trained}))
    assert "no correction was needed" in shown
    assert "before and after calibration" not in shown
    assert "before and after calibration" in page
