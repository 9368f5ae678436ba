import subprocess
import sys
from pathlib import Path

import pytest

from rules.cli import main
from tests.rules.cli.command import ROOT, Captured, run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "{dir}/polcy.rules"], "did you mean {dir}/policy.rules?"),
        (["check", "{dir}/nowhere/x.rules"], "there is no file {dir}/nowhere/x.rules\n"),
        (["check", "{dir}"], "{dir} is a directory: name a file in it"),
        (["check", "{dir}/notes.txt"], "is not a rule file: expected a name ending in .rules"),
        (["decide", "{dir}/policy.rules", "--cases", "{dir}/case.csv"], "did you mean {dir}/cases"),
        (["decide", "{dir}/policy.rules", "--cases", "{dir}/cases.csv", "--engine", "gpu"],
         "expected one of auto, reference, python, numpy, xla, backward, rete"),
        (["decide", "{dir}/policy.rules", "--cases", "{dir}/cases.csv", "--out", "x.txt"],
         "cannot write x.txt: expected .csv, .jsonl, .parquet"),
        (["decide", "{dir}/policy.rules", "--cases", "{dir}/cases.csv", "--out", "{dir}/no/x.csv"],
         "there is no directory {dir}/no"),
        (["decide", "{dir}/derive.rules", "--cases", "{dir}/cases.csv"], "decides nothing"),
        (["explain", "{dir}/policy.rules", "--cases", "{dir}/cases.csv", "--row", "4"],
         "--row 4 is not in {dir}/cases.csv, which has 3 rows"),
        (["explain", "{dir}/policy.rules", "--case", "{bad"], "--case is not JSON"),
        (["explain", "{dir}/policy.rules", "--case", '{"age": ' + "9" * 5000 + "}"], "not JSON"),
        (["explain", "{dir}/policy.rules", "--case", "{}", "--row", "2"], "leave --row out"),
        (["explain", "{dir}/policy.rules", "--case", "[1]"], "a JSON object of inputs"),
        (["explain", "{dir}/policy.rules", "--case", '{"incme": 1}'], "did you mean income?"),
        (["explain", "{dir}/policy.rules", "--case", '{"zzz": 1}'], "inputs are p_default, p_f"),
        (["explain", "{dir}/policy.rules", "--case", '{"income": "much"}'], "income"),
    ],
)  # fmt: skip
def test_wrong_input(
    arguments: list[str], message: str, policy: Path, cases: Path, capsys: Captured
) -> None:
    folder = str(policy.parent)
    (policy.parent / "derive.rules").write_text("ruleset a version 1\ninput x: float\n")
    (policy.parent / "notes.txt").write_text("")
    code, _, err = run(capsys, *(argument.replace("{dir}", folder) for argument in arguments))
    assert code == 2
    assert err.startswith(f"rules {arguments[0]}: ")
    assert message.replace("{dir}", folder) in err


def test_errors_in_the_rules_exit_with_1(policy: Path, cases: Path, capsys: Captured) -> None:
    policy.write_text("ruleset a version 1\nderive x = a + b")
    for arguments in (["test"], ["decide", "--cases", cases], ["explain", "--case", "{}"]):
        code, _, err = run(capsys, arguments[0], policy, *arguments[1:])
        assert code == 1 and err.endswith("2 errors\n")


def test_usage(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["explain", "x.rules"])
    assert caught.value.code == 2
    assert "one of the arguments --case --cases is required" in capsys.readouterr().err


def python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_reading_commands_do_not_import_jax(policy: Path) -> None:
    case = '{"p_fraud": 0.95}'
    result = python(f"""
import sys
from rules.cli import main
file = {str(policy)!r}
for arguments in (["check", file], ["fmt", "--check", file], ["test", file],
                  ["explain", file, "--case", {case!r}]):
    assert main(arguments) == 0
    assert "jax" not in sys.modules, arguments
""")
    assert result.returncode == 0, result.stderr


def test_a_closed_pipe_is_no_error(policy: Path) -> None:
    command = f"{sys.executable} -m rules fmt --stdout {' '.join([str(policy)] * 200)} | head -1"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("# A small credit policy")


def test_the_module_runs(policy: Path) -> None:
    command = [sys.executable, "-m", "rules", "test", str(policy)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0 and "4 tests, 0 failed" in result.stdout
