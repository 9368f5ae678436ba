"""Running the command line.

Exit codes: 0 all is well; 1 the rules have errors, fail a test or are not formatted (what else
a command means by 1, its help says); 2 the command could not do its work (usage, missing
files, unreadable cases). Of several files the worst counts.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import pkgutil
import sys
import warnings
from collections.abc import Iterator, Sequence

from rules.cli import commands
from rules.cli.running import guarded

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: the arguments without the program name; by default those of the process.

    Returns:
        The exit code.
    """
    arguments = _parser().parse_args(argv)
    try:
        with _warnings_in_plain_words():
            return guarded(arguments.command, lambda: arguments.run(arguments))
    except BrokenPipeError:  # `... | head`: whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rules", description="Work with rule files.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{module.name}").add(subparsers)
    return parser


@contextlib.contextmanager
def _warnings_in_plain_words() -> Iterator[None]:
    """Whoever runs the command wants to know what is odd, not which line of Python says so."""

    def show(message: Warning | str, *_place: object, **_options: object) -> None:
        print(f"warning: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield
