"""`table`: what a decision table means, as rule text."""

from __future__ import annotations

import argparse

from rules.cli.files import existing
from rules.cli.running import InputError, Subparsers, per_file

__all__ = ["add"]


def add(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser("table", help="print decision tables (CSV, YAML) as rule text")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.set_defaults(run=per_file(_table))


def _table(file: str, arguments: argparse.Namespace) -> int:
    del arguments
    from rules.tables import SUFFIXES, table_text

    path = existing(file)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{file} is not a table: expected a name ending in {', '.join(SUFFIXES)}")
    print(table_text(path), end="")
    return 0
