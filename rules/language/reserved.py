"""The words that no name may be."""

from __future__ import annotations

__all__ = ["RESERVED"]

# `entity` and `constraint` are kept for declarations to come.
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
        "in",
        "input",
        "is",
        "known",
        "mod",
        "not",
        "or",
        "rule",
        "ruleset",
        "test",
        "then",
        "true",
        "unknown",
    }
)
