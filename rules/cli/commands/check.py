"""`check`: errors, and what is probably a mistake."""

from __future__ import annotations

import argparse

from rules.cli.files import rule_file
from rules.cli.running import Subparsers, counted, per_file

__all__ = ["add"]


def add(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser("check", help="report errors and what is probably a mistake")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--strict", action="store_true", help="fail on warnings, too")
    parser.set_defaults(run=per_file(_check))


def _check(file: str, arguments: argparse.Namespace) -> int:
    from rules.checks import check, render
    from rules.language.load import load

    ruleset = load(rule_file(file))
    findings = check(ruleset)
    for finding in findings:
        print(render(finding, ruleset), end="\n\n")
    print(
        f"{file}: {counted(len(ruleset.rules), 'rule')}, "
        f"{counted(len(findings), 'finding')}, sha256 {ruleset.sha256[:12]}"
    )
    return int(arguments.strict and bool(findings))
