from pathlib import Path

import pytest

from tests.rules.cli.command import Captured, run


def test_random_programs(tmp_path: Path, capsys: Captured) -> None:
    options = ["--programs", "3", "--engines", "backward,numpy", "--cases", "4"]
    code, out, err = run(capsys, "agree", *options, "--log", tmp_path / "log")
    assert code == 0
    assert out.startswith("3 programs, 12 cases, 0 disagreements\n")
    assert "Programs with each construct:" in out
    assert err.startswith("3 of 3 programs, ")


def test_a_rule_file(policy: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, "agree", policy, "--engines", "backward,python", "--cases", "30")
    assert code == 0
    assert out.endswith("30 cases, 0 disagreements; compared: backward 30, python 30\n")


def test_an_oracle_that_cannot_take_a_file(policy: Path, capsys: Captured) -> None:
    pytest.importorskip("clips")
    options = ["--engines", "none", "--oracles", "clips", "--cases", "5"]
    code, out, _ = run(capsys, "agree", policy, *options)
    assert code == 0 and "left out: clips 5, " in out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--engines", "numppy"], "--engines numppy: expected some of python, backward, numpy"),
        (["--engines", "none"], "nothing to compare"),
        (["--programs", "0"], "at least 1"),
    ],
)
def test_usage(options: list[str], told: str, capsys: Captured) -> None:
    code, _, err = run(capsys, "agree", *options)
    assert code == 2 and told in err


def test_a_file_that_decides_nothing(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "a.rules"
    path.write_text("ruleset a version 1\n\ninput x: float\n\nderive b if x > 1\n")
    code, _, err = run(capsys, "agree", path)
    assert code == 2 and "decides nothing" in err
