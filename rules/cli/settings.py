"""Arguments that several commands share: rule files, params, the day to decide for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date

from rules.cli.files import rule_file
from rules.cli.running import InputError, bad_cases
from rules.errors import did_you_mean
from rules.language import ir
from rules.language.numbers import parse_number

__all__ = ["add_settings", "load_ruleset"]


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Adds `--on` and `--param`, which `load_ruleset` heeds."""
    parser.add_argument("--on", metavar="DATE", help="the day to decide for: 2026-11-22")
    parser.add_argument(
        "--param",
        dest="params",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another value of a param; may be repeated",
    )


def load_ruleset(file: str, arguments: argparse.Namespace) -> ir.Ruleset:
    """Loads a rule file, with the params and for the day that the arguments tell.

    Raises:
        InputError: there is no such file, param or day.
        RuleError: something is wrong in the rules.
    """
    from rules.language.load import load
    from rules.language.settings import in_force, with_params

    ruleset = load(rule_file(file))
    with bad_cases():
        if arguments.params:
            ruleset = with_params(ruleset, _params(ruleset, arguments.params))
        if arguments.on is not None:
            ruleset = in_force(ruleset, _day(arguments.on))
    return ruleset


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--on {text} is no date: expected one such as 2026-11-22") from None


def _params(ruleset: ir.Ruleset, items: Sequence[str]) -> dict[str, float | int | bool | str]:
    types = {item.name: item.type for item in ruleset.params}
    values: dict[str, float | int | bool | str] = {}
    for item in items:
        name, equals, text = (part.strip() for part in item.partition("="))
        if not equals or not name:
            raise InputError(f"--param {item}: expected NAME=VALUE, for example cutoff=0.4")
        if name not in types:
            hint = did_you_mean(name, types) or f"params are {', '.join(types) or 'none'}"
            raise InputError(f"--param {item}: there is no param {name}; {hint}")
        values[name] = _value(item, types[name], text)
    return values


def _value(item: str, type_: ir.Type, text: str) -> float | int | bool | str:
    """A value as it is written in rules, but texts and names without quotes."""
    from rules.engines.values import expected
    from rules.language.settings import day_number

    try:
        match type_:
            case ir.FloatType() | ir.IntType():
                sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
                return sign * parse_number(digits)
            case ir.BoolType():
                return {"true": True, "false": False}[text]
            case ir.DateType():
                return day_number(date.fromisoformat(text))
            case _:
                return text
    except (KeyError, ValueError):
        raise InputError(f"--param {item}: expected {expected(type_)}") from None
