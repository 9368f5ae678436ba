"""`export`: a rule set as JSON for other programs, or as one plain text."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rules.cli.files import existing, rule_file
from rules.cli.running import InputError, Subparsers

if TYPE_CHECKING:
    from rules.language.ir import Ruleset

__all__ = ["add"]


def add(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "export", help="print a rule set as JSON or text, with what it imports"
    )
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="a rule text, or JSON as this command prints"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the form of docs/ir.md (the default)")
    form.add_argument("--text", action="store_true", help="a rule text that imports nothing")
    form.add_argument("--schema", action="store_true", help="the JSON Schema; takes no FILE")
    parser.add_argument(
        "--spans", action="store_true", help="in JSON, keep the source text and the places in it"
    )
    parser.set_defaults(run=_export)


def _export(arguments: argparse.Namespace) -> int:
    from rules.language.interchange import to_json
    from rules.language.json_schema import schema
    from rules.language.ruleset_printer import ruleset_text

    if (arguments.file is None) != arguments.schema:
        raise InputError("name one FILE to export, or none with --schema")
    if arguments.schema:
        print(_json(schema()))
        return 0
    ruleset = _load(arguments.file)
    if arguments.text:
        print(ruleset_text(ruleset), end="")
    else:
        print(_json(to_json(ruleset, spans=arguments.spans)))
    return 0


def _json(form: Mapping[str, Any]) -> str:
    return json.dumps(form, indent=2, ensure_ascii=False)


def _load(name: str) -> Ruleset:
    from rules.language.interchange import from_json
    from rules.language.load import load

    if not name.endswith(".json"):
        return load(rule_file(name))
    try:
        form = json.loads(existing(name).read_bytes())
    except ValueError as error:
        raise InputError(f"{name} is not JSON: {error}") from error
    return from_json(form, filename=name)
