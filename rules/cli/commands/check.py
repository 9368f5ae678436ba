"""`check`: errors, and what is probably a mistake."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from rules.cli.running import Subparsers, bad_cases, counted, per_file
from rules.cli.settings import add_settings, load_ruleset
from rules.language import ir

if TYPE_CHECKING:
    from rules.checks import Finding

__all__ = ["add"]


def add(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser("check", help="report errors and what is probably a mistake")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--strict", action="store_true", help="fail on warnings, too")
    parser.add_argument(
        "--solver",
        action=argparse.BooleanOptionalAction,
        help="look at all cases with z3, by default if it is installed",
    )
    parser.add_argument("--timeout", type=float, default=20.0, metavar="SECONDS", help="of z3 (20)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_settings(parser)
    parser.set_defaults(run=per_file(_check))


def _check(file: str, arguments: argparse.Namespace) -> int:
    from rules.checks.full import full_check, render_with_witness
    from rules.checks.solver import has_solver

    ruleset = load_ruleset(file, arguments)
    solver = has_solver() if arguments.solver is None else arguments.solver
    with bad_cases():
        findings = full_check(ruleset, solver=solver, timeout=arguments.timeout)
    if arguments.json:
        told = [_plain(finding, ruleset) for finding in findings]
        summary = {"file": file, "sha256": ruleset.sha256, "rules": len(ruleset.rules)}
        print(json.dumps({**summary, "solver": solver, "findings": told}, indent=2))
    else:
        for finding in findings:
            print(render_with_witness(finding, ruleset), end="\n\n")
        notes = sum(finding.severity == "info" for finding in findings)
        counts = [
            counted(len(ruleset.rules), "rule"),
            counted(len(findings) - notes, "finding"),
            *([counted(notes, "note")] if notes else []),
        ]
        print(f"{file}: {', '.join(counts)}, sha256 {ruleset.sha256[:12]}")
        if arguments.solver is None and not solver:
            print("cases were not looked at: pip install 'rulax[check]' for gaps and conflicts")
    severities = {finding.severity for finding in findings}
    return int("error" in severities or (arguments.strict and "warning" in severities))


def _plain(finding: Finding, ruleset: ir.Ruleset) -> dict[str, Any]:
    from rules.checks.witness import test_text
    from rules.explain.formats import plain_value
    from rules.language.source import source_of

    span, test = finding.span, finding.witness
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "file": source_of(ruleset, span).filename,
        "line": None if span is None else span.line,
        "column": None if span is None else span.column,
        "test": None if test is None else test_text(ruleset, test),
        "given": None
        if test is None
        else [
            {
                "name": item.name,
                "objects": list(item.arguments),
                "value": plain_value(item.value, ruleset.types.get(item.name, ir.BOOL)),
            }
            for item in test.given
        ],
    }
