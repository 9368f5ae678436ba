"""The one case that a command is about: written as JSON, or a row of a table."""

from __future__ import annotations

import argparse
import json
from typing import Any

from rules.cli.files import existing
from rules.cli.running import InputError, bad_cases, counted
from rules.errors import did_you_mean
from rules.language import ir

__all__ = ["add_case", "read_case"]


def add_case(parser: argparse.ArgumentParser) -> None:
    """Adds `--case`, or `--cases` and `--row`, which `read_case` reads."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--case", help="""JSON, for example '{"income": 30000}'""")
    which.add_argument("--cases", help="csv, jsonl or parquet, with --row")
    parser.add_argument("--row", type=int, help="the row of --cases, from 1")


def read_case(ruleset: ir.Ruleset, arguments: argparse.Namespace) -> dict[str, Any]:
    """The case that the arguments name, as a dictionary of inputs.

    Raises:
        InputError: there is none, or it is malformed.
    """
    if arguments.case is None:
        return _row(ruleset, arguments.cases, 1 if arguments.row is None else arguments.row)
    if arguments.row is not None:
        raise InputError("--row names a row of --cases; --case is a single case, leave --row out")
    return _json_case(ruleset, arguments.case)


def _json_case(ruleset: ir.Ruleset, text: str) -> dict[str, Any]:
    try:
        case = json.loads(text)
    except (ValueError, RecursionError) as error:  # a number too long, brackets too deep
        raise InputError(f"--case is not JSON: {error}") from None
    if not isinstance(case, dict):
        raise InputError(
            '--case is a JSON object of inputs and values, for example {"income": 30000}'
        )
    inputs = [item.name for item in ruleset.inputs]
    known = [*inputs, *(item.name for item in ruleset.entities if item.domain is None)]
    for name in case:
        if name not in known:
            hint = did_you_mean(name, known) or f"inputs are {', '.join(inputs)}"
            raise InputError(f"--case gives {name}, which is no input; {hint}")
    return case


def _row(ruleset: ir.Ruleset, file: str, row: int) -> dict[str, Any]:
    from rules.cases import encode_cases, read_cases

    with bad_cases():
        table = read_cases(existing(file))
    if not 1 <= row <= table.num_rows:
        raise InputError(
            f"--row {row} is not in {file}, which has {counted(table.num_rows, 'row')}"
        )
    with bad_cases():
        one = encode_cases(ruleset, table.slice(row - 1, 1), missing_columns="unknown")
    return one.case(0)
