from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import rules
from experiments.digits.report import DigitsReport, render

DIGIT = rules.parse(
    """
ruleset digit version 1
input confidence: prob
decide outcome in {accept, human}
    policy first
    default human
    unknown human
rule sure "The reading is <sure>"
    outcome = accept
    if confidence >= 90%
"""
)
NUMBER = rules.parse(
    """
ruleset number version 2
input weakest: prob
decide outcome in {accept, repair, human}
    policy priority
    default human
    unknown human
rule fine "Passes" [priority 2]
    outcome = accept
    if weakest >= 90%
rule mend "Is mended" [priority 1]
    outcome = repair
    if weakest >= 50%
"""
)
SCANS, NUMBERS = 40, 12


def decided(ruleset: rules.Ruleset, outcomes: list[str], **columns: Any) -> pa.Table:
    by_outcome = {rule.outcome: rule.name for rule in ruleset.rules}
    names = [by_outcome.get(outcome) for outcome in outcomes]
    return pa.table(
        {
            "case": [str(i) for i in range(len(outcomes))],
            **columns,
            "outcome": outcomes,
            "rule": [name or "default" for name in names],
            "reason": ["a <reason>"] * len(outcomes),
            "fired": pa.array([[name] if name else [] for name in names], pa.list_(pa.string())),
            "ruleset": [ruleset.sha256] * len(outcomes),
            "step": [300] * len(outcomes),
        }
    )


def report(*, slips: bool = True, repairs: bool = True, **changes: Any) -> DigitsReport:
    random = np.random.default_rng(0)
    labels = np.arange(60) % 10
    test = np.arange(20, 60)
    digits = labels[test].copy()
    digits[3] = (digits[3] + 1) % 10
    written_scans = random.choice(test, (NUMBERS, 13))
    written = labels[written_scans]
    truth = ["".join(map(str, row)) for row in written]
    read, number = list(truth), list(truth)
    outcomes = ["accept"] * NUMBERS
    if repairs:
        read[1] = f"{9 - int(truth[1][0])}{truth[1][1:]}"
        outcomes[1] = "repair"
    read[2] = number[2] = f"{truth[2][:-1]}{(int(truth[2][-1]) + 1) % 10}"
    outcomes[2] = "accept" if slips else "human"
    sure = random.random(SCANS) < 0.8
    sure[3] = False
    facts: dict[str, Any] = {
        "config": {"seed": 0},
        "evaluation": {
            "examples": {"train": 10, "validation": 10, "test": SCANS},
            "models": [
                {"name": "Rulax CNN", "accuracy": 0.989, "log_loss": 0.03},
                {"name": "Logistic regression", "accuracy": 0.97, "log_loss": 0.2},
            ],
        },
        "history": [{"step": 300, "train": {"loss": 0.1}, "validation": {"loss": 0.2}}],
        "best_step": 300,
        "images": random.random((60, 8, 8)),
        "labels": labels,
        "test": test,
        "digit_decisions": decided(
            DIGIT,
            ["accept" if each else "human" for each in sure],
            digit=digits.astype(np.int32),
            confidence=np.where(sure, 0.99, 0.6).astype(np.float32),
        ),
        "digit_ruleset": DIGIT,
        "written": written,
        "written_scans": written_scans,
        "number_decisions": decided(
            NUMBER, outcomes, read=read, number=number, weakest=np.full(NUMBERS, 0.9)
        ),
        "number_ruleset": NUMBER,
        "data": {"name": "digits", "source": "UCI", "licence": "CC BY", "rows": 60},
        "versions": {"jax": "0.10.2"},
        "created": "2026-01-31",
    }
    return DigitsReport(**{**facts, **changes})


@pytest.fixture(scope="module")
def page() -> str:
    return render(report())


def headings(found: str) -> list[str]:
    return re.findall(r"<h2[^>]*>([^<]+)</h2>", found)


def test_the_story_is_told_in_order(page: str) -> None:
    assert headings(page) == [
        "What was decided",
        "Numbers that were repaired",
        "Errors that slipped through",
        "What each rule did",
        "How well digits are read",
        "Digits left to a person",
        "How it was made",
    ]


def test_counts_before_and_after() -> None:
    made = report()
    assert (made.before.events, made.before.cases) == (2, NUMBERS)
    assert (made.after.events, made.after.cases) == (1, NUMBERS)
    assert made.rates["repair"].cases == 1
    assert made.rates["repair"].events == 0
    stopped = report(slips=False)
    assert (stopped.after.events, stopped.after.cases) == (0, NUMBERS - 1)


def test_the_headline(page: str) -> None:
    assert (
        "Of 12 numbers the network alone misreads 2. With the check digit, rules accept 11, "
        "repair 1 and send 0 to a person. Among the 12 that need no person 1 is wrong."
    ) in page
    assert "16.7% → 8.3%" in page
    assert "1 of 40" in page


def test_repairs_and_slips_are_drawn_with_all_their_scans(page: str) -> None:
    assert page.count('class="strip"') == 2
    assert page.count("A scan of ") == 2 * 13
    assert re.search(r'<li class="changed"><img[^>]*><s>\d</s>\d</li>', page)
    assert re.search(r'<li class="wrong"><img[^>]*>\d/\d</li>', page)
    assert "a &lt;reason&gt; · right" in page
    assert "a &lt;reason&gt; · wrong" in page


def test_digits_left_to_people_say_reading_and_truth(page: str) -> None:
    count = report().digit_decisions["outcome"].to_pylist().count("human")
    assert page.count("A scan, read as ") == count
    assert f"All {count}, least certain first" in page
    assert page.count(">is a ") == 1


def test_without_repairs_slips_or_doubts() -> None:
    sure = report().digit_decisions
    sure = sure.set_column(
        sure.schema.get_field_index("outcome"), "outcome", pa.array(["accept"] * SCANS)
    )
    found = render(report(slips=False, repairs=False, digit_decisions=sure))
    assert "No number was repaired." in found
    assert "None: every number that was accepted or repaired is right." in found
    assert "Every digit was read with certainty." in found


def test_long_lists_are_cut() -> None:
    made = report()
    outcomes = pa.array(["repair"] * NUMBERS)
    table = made.number_decisions
    table = table.set_column(table.schema.get_field_index("outcome"), "outcome", outcomes)
    found = render(report(number_decisions=table))
    assert "5 of 12, each with another scan corrected. The digit below" in found
    assert "The only one. What is written" in found


def test_the_page_is_small_self_contained_and_reproducible(page: str) -> None:
    assert len(page.encode()) < 400_000
    for request in ("http", "<script", "<link", "@import", 'src="/', 'src="h'):
        assert request not in page.replace("http-equiv", "")
    assert render(report()) == page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_bad_input() -> None:
    made = report()
    with pytest.raises(ValueError, match="on scans lack the column 'confidence'"):
        report(digit_decisions=made.digit_decisions.drop_columns(["confidence"]))
    with pytest.raises(ValueError, match="on numbers lack the column 'read'"):
        report(number_decisions=made.number_decisions.drop_columns(["read"]))
    with pytest.raises(ValueError, match="found 39 decisions and 40 scans"):
        report(digit_decisions=made.digit_decisions.slice(1))
