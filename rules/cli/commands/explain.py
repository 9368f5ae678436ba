"""`explain`: why one case is decided as it is, and why not otherwise."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rules.cli.cases import add_case, read_case
from rules.cli.running import Subparsers, bad_cases, per_file
from rules.cli.settings import add_settings, load_ruleset

__all__ = ["add"]


def add(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser("explain", help="say why one case is decided as it is")
    parser.add_argument("files", nargs=1, metavar="FILE")
    add_case(parser)
    add_settings(parser)
    parser.add_argument(
        "--why-not",
        action="append",
        default=[],
        metavar="OUTCOME",
        help="say instead why this did not come out; can be given several times",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--html", metavar="FILE", help="write a page to read in a browser")
    parser.set_defaults(run=per_file(_explain))


def _explain(file: str, arguments: argparse.Namespace) -> int:
    from rules.explain import explain, page, why_not

    ruleset = load_ruleset(file, arguments)
    case = read_case(ruleset, arguments)
    with bad_cases():
        explanation = explain(ruleset, case)
        others = [why_not(ruleset, case, outcome) for outcome in arguments.why_not]
    if arguments.html is not None:
        Path(arguments.html).write_text(page(explanation, others), encoding="utf-8")
        print(f"{arguments.html}: {explanation.headline}")
    elif arguments.json:
        told = explanation.to_json()
        if others:
            told["why not"] = [other.to_json() for other in others]
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        print("\n\n".join(map(str, others)) or explanation)
    return 0
