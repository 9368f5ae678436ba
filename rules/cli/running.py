"""What keeps a command from doing its work, told in plain words with an exit code."""

from __future__ import annotations

import argparse
import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from typing import TypeAlias

from rules.errors import RuleError

__all__ = ["InputError", "Subparsers", "bad_cases", "counted", "guarded", "per_file"]

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run: TypeAlias = Callable[[argparse.Namespace], int]


class InputError(Exception):
    """What the user gave cannot be used; the message says why and what to do."""


def guarded(command: str, run: Callable[[], int]) -> int:
    """The exit code of a run; errors in rules and input are printed to stderr.

    Args:
        command: its name, for messages.
        run: does the work and returns 0 or 1.
    """
    try:
        return run()
    except RuleError as error:
        print(f"{error}\n\n{counted(len(error.errors), 'error')}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        raise
    except (InputError, OSError) as error:
        print(f"rules {command}: {error}", file=sys.stderr)
        return 2


def per_file(action: Callable[[str, argparse.Namespace], int]) -> Run:
    """A command that does the same to each of `arguments.files`; a bad one stops no other.

    Args:
        action: takes the name of a file and all arguments, and returns an exit code.
    """

    def run(arguments: argparse.Namespace) -> int:
        command, files = arguments.command, arguments.files
        return max(guarded(command, functools.partial(action, file, arguments)) for file in files)

    return run


@contextlib.contextmanager
def bad_cases() -> Iterator[None]:
    """Cases and settings are the user's input: what is wrong with them is no fault of ours."""
    try:
        yield
    except RuleError:
        raise
    except (TypeError, ValueError, ImportError) as error:
        message = str(error)
        for argument, flag in _FLAGS:
            message = message.replace(argument, flag)
        raise InputError(message) from error


# How messages name an argument of the functions, and what the command calls it.
_FLAGS = (
    ('missing_columns="unknown"', "--missing-columns unknown"),
    ("on=date(...) (--on 2026-11-22)", "--on 2026-11-22"),
)


def counted(number: int, noun: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{number} {noun}{'s' * (number != 1)}"
