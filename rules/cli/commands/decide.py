"""`decide`: the cases of a table."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rules.cli.files import existing, writable
from rules.cli.running import InputError, Subparsers, bad_cases, counted, per_file
from rules.cli.settings import add_settings, load_ruleset

if TYPE_CHECKING:
    from rules.decided import Decided

__all__ = ["add"]


def add(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser("decide", help="decide the cases of a table")
    parser.add_argument("files", nargs=1, metavar="FILE")
    parser.add_argument("--cases", required=True, help="csv, jsonl or parquet")
    parser.add_argument("--out", help="write the decisions: csv, jsonl or parquet")
    parser.add_argument(
        "--audit", metavar="RECORD", help="append to a decision record: an SQLite file or a URL"
    )
    parser.add_argument(
        "--engine",
        default="auto",
        help="auto (the default), reference, python, numpy, xla, backward or rete",
    )
    parser.add_argument(
        "--missing-columns",
        choices=("error", "unknown"),
        default="error",
        help="an input without a column is an error, or unknown in every case",
    )
    add_settings(parser)
    parser.set_defaults(run=per_file(_decide))


def _decide(file: str, arguments: argparse.Namespace) -> int:
    from rules.cases import read_cases
    from rules.cli.tables import SUFFIXES, summarise, write_table
    from rules.decide import decide

    ruleset = load_ruleset(file, arguments)
    if ruleset.decision is None:
        raise InputError(f"{file} decides nothing: it has no decide declaration")
    out = writable(arguments.out, SUFFIXES) if arguments.out else None
    with bad_cases():
        cases = read_cases(existing(arguments.cases))
        decided = decide(
            ruleset,
            cases,
            engine=arguments.engine,
            missing_columns=arguments.missing_columns,
            violated=bool(ruleset.constraints),
        )
        table = decided.to_table()
        recorded = _record(decided, arguments) if arguments.audit else ""
    print(summarise(table, ruleset))
    if out:
        write_table(table, out)
        print(f"wrote {counted(table.num_rows, 'row')} to {out}")
    print(recorded, end="")
    return 0


def _record(decided: Decided, arguments: argparse.Namespace) -> str:
    from rules.audit import AuditLog

    engine = None if arguments.engine == "auto" else arguments.engine
    with AuditLog(arguments.audit) as log:
        head = log.record(decided, engine=engine)
    return f"recorded in {arguments.audit}, head {head}\n"
