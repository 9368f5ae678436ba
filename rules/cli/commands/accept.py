"""`accept`: a person answers for rules that a program proposed."""

from __future__ import annotations

import argparse
from pathlib import Path

from rules.cli.files import replace_text, rule_file
from rules.cli.running import InputError, Subparsers, counted, per_file

__all__ = ["add"]


def add(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser("accept", help="answer for rules that a program proposed")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--owner", required=True, metavar="NAME", help="who has read them")
    parser.add_argument("--rule", action="append", metavar="NAME", help="only this one, repeatable")
    parser.set_defaults(run=per_file(_accept))


def _accept(file: str, arguments: argparse.Namespace) -> int:
    from rules.checks.proposals import proposed
    from rules.discovery.acceptance import accept
    from rules.errors import RuleError
    from rules.language.load import parse
    from rules.language.source import read_text

    path = rule_file(file, tables=False)
    text = read_text(path)
    try:
        accepted = accept(text, owner=arguments.owner, names=arguments.rule, filename=file)
    except RuleError:
        raise
    except ValueError as error:
        raise InputError(f"{file}: {error}") from None
    replace_text(Path(file), accepted)
    left = len(proposed(parse(accepted, filename=file)))
    done = len(proposed(parse(text, filename=file))) - left
    print(f"{file}: {arguments.owner} answers for {counted(done, 'rule')}; {left} still proposed")
    return 0
