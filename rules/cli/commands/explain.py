"""`explain`: why one case is decided as it is, why not otherwise, and what would change it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rules.cli.cases import add_case, read_case
from rules.cli.files import replace_text
from rules.cli.running import Subparsers, bad_cases, per_file
from rules.cli.settings import add_settings, load_ruleset

if TYPE_CHECKING:
    from rules.explain.change import Change
    from rules.language.ir import Ruleset

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
    parser.add_argument(
        "--change",
        nargs="?",
        const="",
        metavar="OUTCOME",
        help="say instead what smallest change would bring this outcome, or any other",
    )
    parser.add_argument(
        "--actionable",
        type=lambda names: names.split(","),
        metavar="A,B",
        help="the inputs that may change; by default those marked actionable",
    )
    parser.add_argument(
        "--distance",
        default="weighted",
        metavar="HOW",
        help="what makes a change small: weighted, fewest or lexicographic",
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
        change = None if arguments.change is None else _change(ruleset, case, arguments)
    if arguments.html is not None:
        replace_text(Path(arguments.html), page(explanation, others))
        print(f"{arguments.html}: {explanation.headline}")
    elif arguments.json:
        told = explanation.to_json()
        if others:
            told["why not"] = [other.to_json() for other in others]
        if change is not None:
            told["change"] = change.to_json()
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        asked = [*others, *([] if change is None else [change])]
        print("\n\n".join(map(str, asked)) or explanation)
    return 0


def _change(ruleset: Ruleset, case: dict[str, Any], arguments: argparse.Namespace) -> Change:
    from rules.explain.change import what_would_change

    return what_would_change(
        ruleset,
        case,
        arguments.change or None,
        actionable=arguments.actionable,
        distance=arguments.distance,
    )
