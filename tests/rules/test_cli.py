import io
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest

from rules.cli import main

ROOT = Path(__file__).parents[2]
EXAMPLE = Path(__file__).with_name("example.rules")
TEXT = EXAMPLE.read_text()
CASES = """\
p_default,p_fraud,income,amount,age,late_payments,guarantor,purpose
0.03,0.01,60000,20000,40,0,false,car
0.62,0.0,30000,120000,40,0,false,car
0.62,0.0,,120000,40,0,false,car
"""
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.rules"
    path.write_text(TEXT)
    return path


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_text(CASES)
    return path


def run(capsys: Captured, *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


# ---------------------------------------------------------------------------- check


def test_check(policy: Path, capsys: Captured) -> None:
    code, out, err = run(capsys, "check", policy)
    assert (code, err) == (0, "")
    assert out.startswith(f"{policy}: 5 rules, 0 findings, sha256 ")


def test_check_reports_findings_and_fails_on_them_only_if_strict(
    policy: Path, capsys: Captured
) -> None:
    policy.write_text(TEXT + "input idle: bool\n")
    code, out, _ = run(capsys, "check", policy)
    assert code == 0
    assert "warning W001: the input idle is never used" in out and "1 finding," in out
    assert run(capsys, "check", "--strict", policy)[0] == 1


def test_check_reports_the_errors_of_all_files(policy: Path, capsys: Captured) -> None:
    bad = policy.with_name("bad.rules")
    bad.write_text("ruleset a version 1\nderive x = nope\nderive y = nada")
    code, out, err = run(capsys, "check", bad, policy)
    assert code == 1
    assert f"{bad}:2:12: error: there is no input or derived name nope" in err
    assert f"{bad}:3:12: error" in err
    assert out.startswith(f"{policy}: 5 rules")


# ------------------------------------------------------------------------------ fmt


def test_fmt_rewrites_in_place(policy: Path, capsys: Captured) -> None:
    policy.write_text(TEXT.replace("policy  priority", "policy priority"))
    policy.chmod(0o640)
    code, out, _ = run(capsys, "fmt", "--check", policy)
    assert code == 1 and "is not formatted: run python -m rules fmt" in out
    assert run(capsys, "fmt", policy)[:2] == (0, f"formatted {policy}\n")
    assert policy.read_text() == TEXT
    assert policy.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in policy.parent.iterdir()] == ["policy.rules"]
    assert run(capsys, "fmt", policy) == (0, "", "")
    assert run(capsys, "fmt", "--check", policy) == (0, "", "")


def test_fmt_follows_links(policy: Path, capsys: Captured) -> None:
    policy.write_text(TEXT + "\n\n")
    link = policy.with_name("link.rules")
    link.symlink_to(policy)
    assert run(capsys, "fmt", link)[0] == 0
    assert link.is_symlink() and policy.read_text() == TEXT


def test_fmt_to_stdout_changes_nothing(policy: Path, capsys: Captured) -> None:
    policy.write_text(TEXT + "\n\n")
    assert run(capsys, "fmt", "--stdout", policy) == (0, TEXT, "")
    assert policy.read_text() == TEXT + "\n\n"


def test_fmt_of_stdin(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("ruleset a version 1 input x:bool"))
    assert run(capsys, "fmt", "-") == (0, "ruleset a version 1\ninput x: bool\n", "")
    monkeypatch.setattr(sys, "stdin", io.StringIO("ruleset a version"))
    code, _, err = run(capsys, "fmt", "-")
    assert code == 1 and err.startswith("<stdin>:1:18: error")


def test_fmt_leaves_a_file_with_errors_alone(policy: Path, capsys: Captured) -> None:
    policy.write_text("ruleset a version 1 input")
    code, _, err = run(capsys, "fmt", policy)
    assert code == 1 and err.endswith("1 error\n")
    assert policy.read_text() == "ruleset a version 1 input"


def test_fmt_wants_no_byte_order_mark_and_unix_line_ends(policy: Path, capsys: Captured) -> None:
    for data in (b"\xef\xbb\xbf" + TEXT.encode(), TEXT.replace("\n", "\r\n").encode()):
        policy.write_bytes(data)
        assert run(capsys, "fmt", "--check", policy)[0] == 1
        assert run(capsys, "fmt", policy)[0] == 0
        assert policy.read_bytes() == TEXT.encode()


def test_fmt_respects_a_read_only_file(
    policy: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    policy.write_text(TEXT + "\n\n")
    monkeypatch.setattr("os.access", lambda *_: False)  # as it is for everyone but root
    code, _, err = run(capsys, "fmt", policy)
    assert code == 2 and "the file is read-only" in err
    assert policy.read_text() == TEXT + "\n\n"


@pytest.mark.parametrize("command", [["check"], ["test"], ["fmt", "--check"]])
def test_a_bad_file_does_not_stop_the_others(
    command: list[str], policy: Path, capsys: Captured
) -> None:
    bad, absent = policy.with_name("bad.rules"), policy.with_name("absent.rules")
    bad.write_text("ruleset a version")
    last = policy.with_name("last.rules")
    last.write_text(TEXT + "\n\n")
    code, out, err = run(capsys, *command, bad, last)
    assert code == 1 and str(last) in out and f"{bad}:1:18: error" in err
    code, out, err = run(capsys, *command, bad, absent, last)
    assert code == 2 and str(last) in out and f"there is no file {absent}" in err


# ----------------------------------------------------------------------------- test


def test_test(policy: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, "test", policy)
    assert code == 0
    assert out.count("pass  ") == 4
    assert out.endswith(f"{policy}: 4 tests, 0 failed\n")


def test_test_tells_what_was_expected_and_found(policy: Path, capsys: Captured) -> None:
    policy.write_text(TEXT.replace("expect outcome = reject", "expect outcome = refer"))
    code, out, _ = run(capsys, "test", policy)
    assert code == 1
    assert "FAIL  a stretched risk is rejected\n" in out
    assert f"      {policy}:62: expected outcome = refer\n" in out
    assert "      found outcome = reject (rule risky)\n" in out
    assert out.endswith("4 tests, 1 failed\n")


# --------------------------------------------------------------------------- decide


def test_decide(policy: Path, cases: Path, capsys: Captured) -> None:
    code, out, err = run(capsys, "decide", policy, "--cases", cases)
    assert (code, err) == (0, "")
    assert out.startswith("credit version 3, 3 cases\n\noutcome\n")
    assert "reject   1  33.3%" in out
    assert "approve  default  no rule applies" in out
    assert "reject   risky    risk 62%, 4.0x income, no strong guarantor" in out


def test_decide_takes_absent_columns_as_unknown_only_if_told(
    policy: Path, cases: Path, capsys: Captured
) -> None:
    cases.write_text("p_fraud\n0.95\n")
    code, _, err = run(capsys, "decide", policy, "--cases", cases)
    assert code == 2 and "with --missing-columns unknown" in err
    options = ["--cases", cases, "--missing-columns", "unknown"]
    code, out, _ = run(capsys, "decide", policy, *options)
    assert code == 0 and "fraud score 95%" in out


def test_warnings_are_told_in_plain_words(policy: Path, cases: Path, capsys: Captured) -> None:
    cases.write_text(CASES.replace("0.62", "1.62"))
    code, _, err = run(capsys, "decide", policy, "--cases", cases)
    assert code == 0
    assert err.startswith("warning: ") and "UserWarning" not in err and err.count("\n") == 1


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_decide_writes_a_table(policy: Path, cases: Path, suffix: str, capsys: Captured) -> None:
    out = cases.with_name(f"out.{suffix}")
    code, text, _ = run(capsys, "decide", policy, "--cases", cases, "--out", out)
    assert code == 0 and text.endswith(f"wrote 3 rows to {out}\n")
    match suffix:
        case "csv":
            head, _, line, _ = out.read_text().splitlines()
            assert head == '"outcome","rule","reason","fired"'
            assert line.endswith('"risky;large"')
        case "jsonl":
            rows = [json.loads(line) for line in out.read_text().splitlines()]
            assert rows[1]["outcome"] == "reject" and rows[1]["fired"] == ["risky", "large"]
        case _:
            table = pyarrow.parquet.read_table(out)
            assert table["rule"].to_pylist() == ["default", "risky", "unknown"]


def test_decide_shows_no_rows_where_there_are_many(
    policy: Path, cases: Path, capsys: Captured
) -> None:
    head, *lines = CASES.splitlines(keepends=True)
    cases.write_text(head + "".join(lines) * 10)
    code, out, _ = run(capsys, "decide", policy, "--cases", cases, "--engine", "reference")
    assert code == 0 and "30 cases" in out and "reason" not in out


def test_decide_collects(policy: Path, cases: Path, capsys: Captured) -> None:
    text = TEXT.replace("policy  priority", "policy  collect").split("\ntest ")[0]
    policy.write_text(text.replace("priority 200, ", "").replace("priority 100, ", "")
                      .replace(" [priority 50]", "").replace(" [priority 40]", "")
                      .replace(" [priority 30]", ""))  # fmt: skip
    code, out, _ = run(capsys, "decide", policy, "--cases", cases, "--engine", "reference")
    assert code == 0 and "reject;refer" in out


def test_an_empty_summary() -> None:
    import pyarrow as pa

    import rules
    from rules.cli_tables import summarise

    empty = pa.table({name: pa.array([], pa.string()) for name in ("outcome", "rule", "reason")})
    text = summarise(empty, rules.parse(TEXT))
    assert text == "credit version 3, 0 cases\n\noutcome\n\ndecided by\n\noutcome  rule  reason"


# -------------------------------------------------------------------------- explain


def test_explain_a_case(policy: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, "explain", policy, "--case", '{"p_fraud": 0.95}')
    assert code == 0
    assert "reject" in out and "fraud score 95%" in out


def test_explain_a_row(policy: Path, cases: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, "explain", policy, "--cases", cases, "--row", 2, "--json")
    assert code == 0
    assert json.loads(out)["outcome"] == "reject"


# --------------------------------------------------------------------- wrong input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "{dir}/polcy.rules"], "did you mean {dir}/policy.rules?"),
        (["check", "{dir}/nowhere/x.rules"], "there is no file {dir}/nowhere/x.rules\n"),
        (["check", "{dir}"], "{dir} is a directory: name a file in it"),
        (["check", "{dir}/cases.csv"], "is not a rule file: expected a name ending in .rules"),
        (["decide", "{dir}/policy.rules", "--cases", "{dir}/case.csv"], "did you mean {dir}/cases"),
        (["decide", "{dir}/policy.rules", "--cases", "{dir}/cases.csv", "--engine", "gpu"],
         "reference, xla"),
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


# ------------------------------------------------------------------------ processes


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
