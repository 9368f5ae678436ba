import json
from pathlib import Path

from tests.rules.cli.command import Captured, run

CASE = json.dumps(
    {
        "p_default": 0.62,
        "p_fraud": 0,
        "income": 30_000,
        "amount": 120_000,
        "age": 40,
        "late_payments": 0,
        "guarantor": False,
        "purpose": "car",
    }
)


def test_what_would_change_it(policy: Path, capsys: Captured) -> None:
    command = ("explain", policy, "--case", CASE, "--actionable", "p_default,age")
    code, out, _ = run(capsys, *command, "--change")
    assert code == 0
    assert out.startswith("refer instead of reject, if\n  p_default: 0.62 -> 0.39999998\n")
    code, out, _ = run(capsys, *command, "--change", "refer", "--json")
    assert code == 0 and json.loads(out)["change"]["status"] == "smallest"
    code, out, _ = run(capsys, *command, "--change", "approve", "--distance", "fewest")
    assert (code, out) == (0, "no change of p_default, age can make it approve\n")


def test_what_cannot_be_asked(policy: Path, capsys: Captured) -> None:
    code, _, err = run(capsys, "explain", policy, "--case", CASE, "--change")
    assert code == 2 and "no input of rule set credit is marked actionable" in err
    command = ("explain", policy, "--case", CASE, "--actionable", "age", "--change")
    code, _, err = run(capsys, *command, "aprove")
    assert code == 2 and "did you mean approve?" in err
    code, _, err = run(capsys, *command, "--distance", "least")
    assert code == 2 and "distance is 'least', expected one of weighted" in err
