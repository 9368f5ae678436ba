"""`diff`: what an edit of a rule set means."""

from __future__ import annotations

import argparse
import json

from rules.cli.files import existing
from rules.cli.running import Subparsers, bad_cases
from rules.cli.settings import add_settings, load_ruleset

__all__ = ["add"]


def add(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "diff",
        help="say which cases two versions of the rules decide differently",
        description="Exit code 0: no case is decided differently (proved); 1: some are, or it is "
        "not known; 2: the command could not do its work.",
    )
    parser.add_argument("before", metavar="BEFORE")
    parser.add_argument("after", metavar="AFTER")
    add_settings(parser)
    parser.add_argument("--cases", metavar="FILE", help="csv, jsonl or parquet: count these, too")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_diff)


def _diff(arguments: argparse.Namespace) -> int:
    from rules.cases import read_cases
    from rules.diff import diff

    before, after = (load_ruleset(file, arguments) for file in (arguments.before, arguments.after))
    with bad_cases():
        cases = None if arguments.cases is None else read_cases(existing(arguments.cases))
        difference = diff(before, after, cases=cases, timeout=arguments.timeout)
    if arguments.json:
        print(json.dumps(difference.to_json(), indent=2, ensure_ascii=False))
    else:
        print(difference)
    return int(not difference.is_same)
