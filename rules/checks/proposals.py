"""Rules that a program has proposed, and that nobody has accepted yet."""

from __future__ import annotations

from collections.abc import Iterator

from rules.checks.finding import Finding
from rules.language import ir

__all__ = ["PROPOSED", "proposed", "unaccepted"]

PROPOSED = "proposed"
"""The tag of such a rule."""


def proposed(ruleset: ir.Ruleset) -> tuple[str, ...]:
    """The names of the rules that wait for a person."""
    return tuple(rule.name for rule in ruleset.rules if PROPOSED in rule.tags)


def unaccepted(ruleset: ir.Ruleset) -> Iterator[Finding]:
    """W012, once for all of them."""
    waiting = [rule for rule in ruleset.rules if PROPOSED in rule.tags]
    if waiting:
        others = f", like {len(waiting) - 1} more," if len(waiting) > 1 else ""
        yield Finding(
            code="W012",
            message=f"rule {waiting[0].name}{others} was proposed by a program; "
            "nobody has accepted it",
            span=waiting[0].span,
            hint="read it, then: python -m rules accept FILE --owner NAME",
        )
