"""`test`: the tests that rule files carry, and what they would notice."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rules.cli.files import replace_text, writable
from rules.cli.running import InputError, Subparsers, bad_cases, counted, guarded
from rules.cli.settings import add_settings, load_ruleset

if TYPE_CHECKING:
    from rules.language.ir import Ruleset
    from rules.testing import TestResult

__all__ = ["add"]


def add(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser("test", help="run the tests that the files carry")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--junit", metavar="XML", help="write the results for a CI system")
    parser.add_argument(
        "--coverage", action="store_true", help="which rules and conditions the tests have seen"
    )
    parser.add_argument("--coverage-html", metavar="HTML", help="the rule text, coloured")
    parser.add_argument("--coverage-json", metavar="JSON", help="the counts as plain data")
    parser.add_argument(
        "--mutate", action="store_true", help="which mistakes in the rules the tests would notice"
    )
    parser.add_argument(
        "--fail-under",
        type=_share,
        metavar="SHARE",
        help="exit with 1 when rule coverage, or the mutation score, is below this (0 to 1)",
    )
    add_settings(parser)
    parser.set_defaults(run=_run)


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected a share from 0 to 1")
    return share


def _run(arguments: argparse.Namespace) -> int:
    from rules.testing import junit_xml

    junit = writable(arguments.junit, (".xml",)) if arguments.junit else None
    if len(arguments.files) > 1 and (arguments.coverage_html or arguments.coverage_json):
        raise InputError("--coverage-html and --coverage-json tell of one file; name only one")
    results: dict[str, Sequence[TestResult]] = {}
    code = max(
        guarded("test", lambda file=file: _test(file, arguments, results))  # type: ignore[misc]
        for file in arguments.files
    )
    if junit:
        replace_text(junit, junit_xml(results))
        print(f"wrote {junit}")
    return code


def _test(
    file: str, arguments: argparse.Namespace, results: dict[str, Sequence[TestResult]]
) -> int:
    from rules.testing import run_tests

    ruleset = load_ruleset(file, arguments)
    with bad_cases():
        results[file] = run_tests(ruleset)
    for result in results[file]:
        print(f"{'pass' if result.passed else 'FAIL'}  {result.title}")
        for check in result.checks:
            if not check.passed:
                place = f"{file}:{check.span.line}" if check.span else file
                print(f"      {place}: expected {check.expected}")
                print(f"      found {check.found}")
    failed = sum(not result.passed for result in results[file])
    print(f"{file}: {counted(len(results[file]), 'test')}, {failed} failed")
    code = int(failed > 0)
    if arguments.coverage or arguments.coverage_html or arguments.coverage_json:
        code = max(code, _coverage(ruleset, file, arguments))
    if arguments.mutate and not failed:
        code = max(code, _mutate(ruleset, file, arguments))
    return code


def _coverage(ruleset: Ruleset, file: str, arguments: argparse.Namespace) -> int:
    from rules.testing.coverage import coverage
    from rules.testing.coverage_page import coverage_page
    from rules.testing.coverage_text import lines, to_json

    found = coverage(ruleset)
    if arguments.coverage:
        print(*lines(found, file), sep="\n")
    if arguments.coverage_html:
        _write(writable(arguments.coverage_html, (".html",)), coverage_page(ruleset, found))
    if arguments.coverage_json:
        plain = json.dumps(to_json(found), indent=2)
        _write(writable(arguments.coverage_json, (".json",)), f"{plain}\n")
    return _below(found.rule_share, "rule coverage", arguments)


def _write(path: Path, text: str) -> None:
    replace_text(path, text)
    print(f"wrote {path}")


def _mutate(ruleset: Ruleset, file: str, arguments: argparse.Namespace) -> int:
    from rules.testing import mutate

    with bad_cases():
        found = mutate(ruleset)
    for survivor in found.survivors:
        span = survivor.mutant.span
        place = file if span is None else f"{file}:{span.line}:{span.column}"
        print(f"{place}: no test notices {survivor.mutant}")
        if survivor.witness:
            print("    this one would:\n")
            print("\n".join(f"    {line}" for line in survivor.witness.splitlines()) + "\n")
    total = len(found.killed) + len(found.survivors)
    same = f"; {len(found.equivalent)} more decide alike" if found.equivalent else ""
    print(f"{file}: {len(found.killed)} of {total} mutants noticed, score {found.score:.3f}{same}")
    return _below(found.score, "mutation score", arguments)


def _below(share: float, what: str, arguments: argparse.Namespace) -> int:
    if arguments.fail_under is None or share >= arguments.fail_under:
        return 0
    print(f"{what} {share:.3f} is below {arguments.fail_under:g}")
    return 1
