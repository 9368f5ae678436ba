"""The words that no name may be, and those that bind variables."""

from __future__ import annotations

__all__ = ["QUANTIFIERS", "RESERVED"]

# What binds variables; names elsewhere.
QUANTIFIERS = frozenset({"all", "count", "max", "mean", "min", "some", "sum"})

RESERVED = frozenset(
    {
        "and",
        "because",
        "constraint",
        "decide",
        "derive",
        "else",
        "entity",
        "expect",
        "false",
        "given",
        "if",
        "import",
        "in",
        "input",
        "is",
        "known",
        "mod",
        "not",
        "or",
        "param",
        "rule",
        "ruleset",
        "test",
        "then",
        "true",
        "unknown",
    }
)
