"""`python -m rules explain`, and sentences of batches beside those of single cases."""

from __future__ import annotations

import datetime
import json
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.cli.main import main
from rules.decide import decide
from rules.engines.agree import cases, generate
from rules.engines.reference import evaluate
from rules.explain import explain
from rules.explain.sentences import sentence
from rules.language import ir
from rules.language.settings import in_force, undated
from tests.effort import examples
from tests.rules.engines.strategies import case, columns, rulesets
from tests.rules.explain.policies import POLICY, TEXT, applicant


@pytest.fixture
def policy(tmp_path: Path) -> str:
    file = tmp_path / "policy.rules"
    file.write_text(TEXT)
    return str(file)


def test_why_not(policy: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.dumps(applicant())
    assert main(["explain", policy, "--case", told, "--why-not", "reject"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("not reject but approve, decided by default\n")
    assert "earns(anna) > 50_000 is true: 80000 against 50000, 30000 apart" in out
    both = ["--why-not", "reject", "--why-not", "refer"]
    assert main(["explain", policy, "--case", told, *both, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["asked"] for one in found["why not"]] == ["reject", "refer"]
    assert main(["explain", policy, "--case", told, "--why-not", "rejct"]) == 2
    assert "did you mean reject?" in capsys.readouterr().err


def test_a_page(policy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "case.html"
    assert main(["explain", policy, "--case", json.dumps(applicant()), "--html", str(target)]) == 0
    assert capsys.readouterr().out == f"{target}: approve, decided by default\n"
    assert target.read_text().startswith("<!doctype html>")


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
@given(rulesets(), st.integers(0, 2**32 - 1))
def test_sentences_of_batches_are_those_of_cases(made: ir.Ruleset, seed: int) -> None:
    arrays = columns(made, seed, 8)
    rows = [case(made, arrays, row) for row in range(8)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        told = decide(made, rows, engine="numpy").reasons
    assert told == [sentence(made, evaluate(made, row)) for row in rows]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_sentences_about_objects_are_the_same_in_batches() -> None:
    for seed in range(40):
        made = generate(seed)
        if undated(made):
            made = in_force(made, datetime.date(2025, 1, 1))
        if made.decision is None or any(item.size is None for item in made.entities):
            continue
        rows = cases(made, seed, 4)
        if not all(set(row) for row in rows):
            continue
        told = decide(made, rows, engine="numpy", missing_columns="unknown").reasons
        assert told == [sentence(made, evaluate(made, row)) for row in rows], seed


def test_names_of_objects_are_kept_in_batches() -> None:
    rows = [applicant(earns={"anna": None}), applicant(p_fraud=0.99), applicant(earns={})]
    decided = decide(POLICY, rows)
    assert decided.reasons == [explain(POLICY, row).reason for row in rows]
    assert "earns(anna)" in decided.reasons[0] and "Spain" in decided.reasons[2]
