"""The command `python -m rules`: check, fmt, test, decide, explain.

Exit codes: 0 all is well; 1 the rules have errors, fail a test or are not formatted; 2 the
command could not do its work (usage, missing files, unreadable cases).
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rules.errors import RuleError, did_you_mean

__all__ = ["main"]


class InputError(Exception):
    """What the user gave cannot be used; the message says why and what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: the arguments without the program name; by default those of the process.

    Returns:
        The exit code: of several files the worst.
    """
    arguments = _parser().parse_args(argv)
    try:
        with _warnings_in_plain_words():
            return max([_run(file, arguments) for file in arguments.files])
    except BrokenPipeError:  # `... | head`: whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(file: str, arguments: argparse.Namespace) -> int:
    """Does to one file what the command says, and tells what keeps it from doing so."""
    try:
        code: int = arguments.run(file, arguments)
    except RuleError as error:
        print(f"{error}\n\n{_count(len(error.errors), 'error')}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        raise
    except (InputError, OSError) as error:
        print(f"rules {arguments.command}: {error}", file=sys.stderr)
        return 2
    return code


@contextlib.contextmanager
def _warnings_in_plain_words() -> Iterator[None]:
    """Whoever runs the command wants to know what is odd, not which line of Python says so."""

    def show(message: Warning | str, *_place: object, **_options: object) -> None:
        print(f"warning: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rules", description="Work with rule files.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="report errors and what is probably a mistake")
    check.add_argument("files", nargs="+", metavar="FILE")
    check.add_argument("--strict", action="store_true", help="fail on warnings, too")
    check.set_defaults(run=_check)

    fmt = commands.add_parser("fmt", help="rewrite files in the canonical layout")
    fmt.add_argument("files", nargs="+", metavar="FILE", help="- reads stdin, writes stdout")
    fmt.add_argument("--check", action="store_true", help="change nothing, fail if it would")
    fmt.add_argument("--stdout", action="store_true", help="print instead of rewriting")
    fmt.set_defaults(run=_fmt)

    test = commands.add_parser("test", help="run the tests that the files carry")
    test.add_argument("files", nargs="+", metavar="FILE")
    test.set_defaults(run=_test)

    decide = commands.add_parser("decide", help="decide the cases of a table")
    decide.add_argument("files", nargs=1, metavar="FILE")
    decide.add_argument("--cases", required=True, help="csv, jsonl or parquet")
    decide.add_argument("--out", help="write the decisions: csv, jsonl or parquet")
    decide.add_argument("--engine", default="auto", help="auto, reference or xla")
    decide.add_argument(
        "--missing-columns",
        choices=("error", "unknown"),
        default="error",
        help="an input without a column is an error, or unknown in every case",
    )
    decide.set_defaults(run=_decide)

    explain = commands.add_parser("explain", help="say why one case is decided as it is")
    explain.add_argument("files", nargs=1, metavar="FILE")
    which = explain.add_mutually_exclusive_group(required=True)
    which.add_argument("--case", help="""JSON, for example '{"income": 30000}'""")
    which.add_argument("--cases", help="csv, jsonl or parquet, with --row")
    explain.add_argument("--row", type=int, help="the row of --cases, from 1")
    explain.add_argument("--json", action="store_true", help="print JSON")
    explain.set_defaults(run=_explain)
    return parser


# ------------------------------------------------------------------------- commands


def _check(file: str, arguments: argparse.Namespace) -> int:
    from rules.checks import check, render
    from rules.language.load import load

    ruleset = load(_rule_file(file))
    findings = check(ruleset)
    for finding in findings:
        print(render(finding, ruleset), end="\n\n")
    print(
        f"{file}: {_count(len(ruleset.rules), 'rule')}, "
        f"{_count(len(findings), 'finding')}, sha256 {ruleset.sha256[:12]}"
    )
    return int(arguments.strict and bool(findings))


def _fmt(file: str, arguments: argparse.Namespace) -> int:
    from rules.language.formatter import format_text
    from rules.language.load import read_text

    is_stdin = file == "-"
    text = sys.stdin.read() if is_stdin else read_text(_rule_file(file))
    formatted = format_text(text, filename="<stdin>" if is_stdin else file)
    # Bytes, because a byte order mark and Windows line ends are not the canonical layout.
    written = text.encode() if is_stdin else Path(file).read_bytes()
    changed = formatted.encode() != written
    if arguments.check:
        if changed:
            print(f"{file} is not formatted: run python -m rules fmt {file}")
        return int(changed)
    if is_stdin or arguments.stdout:
        print(formatted, end="")
    elif changed:
        _replace(Path(file), formatted)
        print(f"formatted {file}")
    return 0


def _test(file: str, _arguments: argparse.Namespace) -> int:
    from rules.language.load import load
    from rules.testing import run_tests

    results = run_tests(load(_rule_file(file)))
    for result in results:
        print(f"{'pass' if result.passed else 'FAIL'}  {result.title}")
        for check in result.checks:
            if not check.passed:
                place = f"{file}:{check.span.line}" if check.span else file
                print(f"      {place}: expected {check.expected}")
                print(f"      found {check.found}")
    failed = sum(not result.passed for result in results)
    print(f"{file}: {_count(len(results), 'test')}, {failed} failed")
    return int(failed > 0)


def _decide(file: str, arguments: argparse.Namespace) -> int:
    from rules.cases import read_cases
    from rules.cli_tables import summarise, write_table
    from rules.decide import decide
    from rules.language.load import load

    ruleset = load(_rule_file(file))
    if ruleset.decision is None:
        raise InputError(f"{file} decides nothing: it has no decide declaration")
    out = _table_to_write(arguments.out) if arguments.out else None
    with _bad_cases():
        cases = read_cases(_existing(arguments.cases))
        decided = decide(
            ruleset, cases, engine=arguments.engine, missing_columns=arguments.missing_columns
        )
        table = decided.to_table()
    print(summarise(table, ruleset))
    if out:
        write_table(table, out)
        print(f"wrote {_count(table.num_rows, 'row')} to {out}")
    return 0


def _explain(file: str, arguments: argparse.Namespace) -> int:
    from rules.explain import explain
    from rules.language.load import load

    ruleset = load(_rule_file(file))
    if arguments.case is None:
        case = _row(arguments.cases, 1 if arguments.row is None else arguments.row)
    elif arguments.row is None:
        case = _json_case(arguments.case, [item.name for item in ruleset.inputs])
    else:
        raise InputError("--row names a row of --cases; --case is a single case, leave --row out")
    with _bad_cases():
        explanation = explain(ruleset, case)
    if arguments.json:
        print(json.dumps(explanation.to_json(), indent=2, ensure_ascii=False))
    else:
        print(explanation)
    return 0


# ---------------------------------------------------------------------------- input


def _rule_file(name: str) -> Path:
    path = _existing(name)
    if path.suffix not in (".rules", ""):
        raise InputError(f"{name} is not a rule file: expected a name ending in .rules")
    return path


def _existing(name: str) -> Path:
    path = Path(name)
    if path.is_dir():
        raise InputError(f"{name} is a directory: name a file in it")
    if not path.exists():
        siblings = [str(item) for item in path.parent.glob("*")] if path.parent.is_dir() else []
        hint = did_you_mean(name, siblings)
        raise InputError(f"there is no file {name}" + (f"; {hint}" if hint else ""))
    return path


@contextlib.contextmanager
def _bad_cases() -> Iterator[None]:
    """Cases are the user's input: what is wrong with them is not a fault of the program."""
    try:
        yield
    except (TypeError, ValueError) as error:
        message = str(error).replace('missing_columns="unknown"', "--missing-columns unknown")
        raise InputError(message) from error


def _json_case(text: str, inputs: list[str]) -> dict[str, Any]:
    try:
        case = json.loads(text)
    except (ValueError, RecursionError) as error:  # a number too long, brackets too deep
        raise InputError(f"--case is not JSON: {error}") from None
    if not isinstance(case, dict):
        raise InputError(
            '--case is a JSON object of inputs and values, for example {"income": 30000}'
        )
    for name in case:
        if name not in inputs:
            hint = did_you_mean(name, inputs) or f"inputs are {', '.join(inputs)}"
            raise InputError(f"--case gives {name}, which is no input; {hint}")
    return case


def _row(file: str, row: int) -> dict[str, Any]:
    from rules.cases import read_cases

    with _bad_cases():
        table = read_cases(_existing(file))
    if not 1 <= row <= table.num_rows:
        raise InputError(f"--row {row} is not in {file}, which has {_count(table.num_rows, 'row')}")
    case: dict[str, Any] = table.slice(row - 1, 1).to_pylist()[0]
    return case


def _table_to_write(name: str) -> Path:
    """Refuses what cannot be written before hours of deciding, not after."""
    from rules.cli_tables import SUFFIXES

    path = Path(name)
    if path.suffix not in SUFFIXES:
        raise InputError(f"cannot write {name}: expected {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise InputError(f"cannot write {name}: there is no directory {path.parent}")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(f"cannot write {name}: it is a directory or read-only")
    return path


def _replace(path: Path, text: str) -> None:
    """Writes a file in one step: a crash leaves the old text or the new one."""
    target = path.resolve()  # a link stays a link
    if not os.access(target, os.W_OK):  # replacing a file needs no right to write it
        raise PermissionError(errno.EACCES, "the file is read-only", str(path))
    draft = target.with_name(f".{target.name}.draft")
    try:
        draft.write_bytes(text.encode())
        draft.chmod(target.stat().st_mode)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
