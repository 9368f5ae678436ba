import json
from pathlib import Path

from tests.rules.cli.command import Captured, run


def test_explain_a_case(policy: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, "explain", policy, "--case", '{"p_fraud": 0.95}')
    assert code == 0
    assert "reject" in out and "fraud score 95%" in out


def test_explain_a_row(policy: Path, cases: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, "explain", policy, "--cases", cases, "--row", 2, "--json")
    assert code == 0
    assert json.loads(out)["outcome"] == "reject"
