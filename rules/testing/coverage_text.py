"""Coverage in words and as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rules.testing.coverage import Coverage, Seen

__all__ = ["lines", "summary", "to_json"]


def summary(found: Coverage) -> Iterator[tuple[str, str]]:
    """What is counted, and the figures."""
    yield "rules", f"{_ratio(found.rules)} fire in one test and stay silent in another"
    yield "conditions", f"{_ratio(found.conditions)} are true once and false once"
    if found.constraints:
        yield "constraints", f"{_ratio(found.constraints)} are broken once and kept once"
    never = [name for name, count in found.outcomes.items() if not count]
    if found.outcomes:
        yield "outcomes", f"never decided: {', '.join(never)}" if never else "each was decided"


def lines(found: Coverage, filename: str) -> Iterator[str]:
    """The figures, then what is missing, each with its place.

    Args:
        found: the coverage.
        filename: where the rule text came from.
    """
    for name, value in summary(found):
        yield f"  {name:<12}{value}"
    for item in found.missing:
        place = filename if item.span is None else f"{filename}:{item.span.line}:{item.span.column}"
        where = "" if item.kind != "condition" else f" (in {item.owner})"
        yield f"{place}: {item.problem}: {item.name}{where}"


def to_json(found: Coverage) -> dict[str, Any]:
    """Plain data: shares, and every rule, condition and constraint with its counts."""
    return {
        "tests": found.tests,
        "rule_share": found.rule_share,
        "condition_share": found.condition_share,
        "outcomes": found.outcomes,
        "rules": [_plain(item) for item in found.rules],
        "conditions": [_plain(item) for item in found.conditions],
        "constraints": [_plain(item) for item in found.constraints],
    }


def _plain(item: Seen) -> dict[str, Any]:
    return {
        "name": item.name,
        "in": item.owner,
        "line": None if item.span is None else item.span.line,
        "true": item.true,
        "false": item.false,
        "unknown": item.unknown,
    }


def _ratio(items: Iterable[Seen]) -> str:
    covered = [item.covered for item in items]
    share = sum(covered) / len(covered) if covered else 1.0
    return f"{sum(covered)} of {len(covered)} ({share:.0%})"
