"""`fmt`: the canonical layout."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rules.cli.files import replace_text, rule_file
from rules.cli.running import Subparsers, per_file

__all__ = ["add"]


def add(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser("fmt", help="rewrite files in the canonical layout")
    parser.add_argument("files", nargs="+", metavar="FILE", help="- reads stdin, writes stdout")
    parser.add_argument("--check", action="store_true", help="change nothing, fail if it would")
    parser.add_argument("--stdout", action="store_true", help="print instead of rewriting")
    parser.set_defaults(run=per_file(_fmt))


def _fmt(file: str, arguments: argparse.Namespace) -> int:
    from rules.language.formatter import format_text
    from rules.language.source import read_text

    is_stdin = file == "-"
    text = sys.stdin.read() if is_stdin else read_text(rule_file(file, tables=False))
    formatted = format_text(text, filename="<stdin>" if is_stdin else file)
    # Bytes, because a byte order mark and Windows line ends are not the canonical layout.
    written = text.encode() if is_stdin else Path(file).read_bytes()
    changed = formatted.encode() != written
    if arguments.check:
        if changed:
            print(f"{file} is not formatted: run python -m rules fmt {file}")
        return int(changed)
    if is_stdin or arguments.stdout:
        print(formatted, end="")
    elif changed:
        replace_text(Path(file), formatted)
        print(f"formatted {file}")
    return 0
