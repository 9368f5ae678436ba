import json
from pathlib import Path

from tests.rules.cli.command import TEXT, Captured, run


def test_diff(policy: Path, cases: Path, capsys: Captured) -> None:
    other = policy.with_name("other.rules")
    other.write_text(TEXT.replace("p_default >= 0.4", "p_default >= 0.7"))
    code, out, _ = run(capsys, "diff", policy, policy)
    assert code == 0 and out.endswith("no case is decided differently (proved)\n")
    code, out, _ = run(capsys, "diff", policy, other, "--cases", cases)
    assert code == 1
    assert "reject -> approve, for example" in out
    assert "1 of 3 cases are decided differently (33.3%)" in out
    code, out, _ = run(capsys, "diff", policy, other, "--json")
    assert code == 1 and json.loads(out)["same"] is False


def test_diff_of_files_that_are_not_there(policy: Path, capsys: Captured) -> None:
    code, _, err = run(capsys, "diff", policy, "gone.rules")
    assert code == 2 and "there is no file gone.rules" in err
    code, _, err = run(capsys, "diff", policy, policy, "--cases", "gone.csv")
    assert code == 2 and "there is no file gone.csv" in err
