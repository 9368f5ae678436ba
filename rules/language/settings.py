"""What can be set on a rule set without changing its text: params, and the day."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date

from rules.errors import did_you_mean
from rules.language import ir

__all__ = ["EPOCH", "day_number", "in_force", "refuse_undated", "undated", "with_params"]

EPOCH = date(1970, 1, 1).toordinal()


def day_number(day: date) -> int:
    """The days since 1970-01-01, as the engines see a date."""
    return day.toordinal() - EPOCH


def with_params(ruleset: ir.Ruleset, values: Mapping[str, float | int | bool | str]) -> ir.Ruleset:
    """The same rules with other values of some params.

    Args:
        ruleset: a checked rule set.
        values: by name of the param.

    Raises:
        ValueError: there is no such param, or the value is not of its type or bounds.
        TypeError: a value of another kind.
    """
    from rules.engines.values import admit, expected

    names = [item.name for item in ruleset.params]
    for name in values:
        if name not in names:
            hint = did_you_mean(name, names)
            raise ValueError(
                f"rule set {ruleset.name} has no param {name}; its params: "
                f"{', '.join(names) or 'none'}" + (f"; {hint}" if hint else "")
            )
    params = []
    for item in ruleset.params:
        value = admit(item.name, item.type, values.get(item.name, item.value))
        if value is None:
            raise ValueError(
                f"param {item.name}: found {values[item.name]!r}, expected {expected(item.type)}"
            )
        params.append(dataclasses.replace(item, value=value))
    return dataclasses.replace(ruleset, params=tuple(params))


def undated(ruleset: ir.Ruleset) -> tuple[ir.Rule, ...]:
    """The rules with a `since` or `until` that nothing gives a meaning to.

    They have one when the decision names a date input (`dated`), or after `in_force`.
    """
    if ruleset.decision is not None and ruleset.decision.dated is not None:
        return ()
    return tuple(rule for rule in ruleset.rules if rule.since is not None or rule.until is not None)


def refuse_undated(ruleset: ir.Ruleset) -> None:
    """Raises ValueError where nothing says for which day to decide: see `undated`."""
    for rule in undated(ruleset):
        word, day = ("since", rule.since) if rule.since is not None else ("until", rule.until)
        assert day is not None
        raise ValueError(
            f"rule {rule.name} holds {word} {date.fromordinal(day + EPOCH)}; say for which day to "
            "decide: on=date(...) (--on 2026-11-22), or name a date input with `dated` in the "
            "decision"
        )


def in_force(ruleset: ir.Ruleset, day: date) -> ir.Ruleset:
    """The rule set of one day: without the rules that are not in force on it.

    Args:
        ruleset: a checked rule set whose decision is not `dated`.
        day: the day to decide for.

    Raises:
        ValueError: each case brings its own day.
    """
    if ruleset.decision is not None and ruleset.decision.dated is not None:
        raise ValueError(
            f"rule set {ruleset.name} takes the day of each case from {ruleset.decision.dated}; "
            "give the day there"
        )
    number = day_number(day)
    rules = tuple(
        dataclasses.replace(rule, since=None, until=None)
        for rule in ruleset.rules
        if (rule.since is None or rule.since <= number)
        and (rule.until is None or number <= rule.until)
    )
    return dataclasses.replace(ruleset, rules=rules)
