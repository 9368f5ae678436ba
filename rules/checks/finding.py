"""One finding of a check, and the codes of the findings."""

from __future__ import annotations

import dataclasses

from rules.language import ir

__all__ = ["CODES", "Finding"]

# A code keeps its meaning for ever, so that people can refer to it.
CODES = (
    ("W001", "unused input"),
    ("W002", "unused derived name"),
    ("W003", "outcome that nothing gives"),
    ("W004", "condition that does not depend on the case"),
    ("W005", "repeated rule"),
    ("W006", "rule that another one contradicts"),
    ("W007", "comparison that the declared bounds settle"),
    ("W008", "unused entity"),
    ("W009", "unused param"),
    ("W010", "unused variable"),
    ("W011", "constraint that nothing can break"),
    ("W012", "rules that a program proposed and nobody has accepted"),
)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding of a check.

    Attributes:
        code: `W001` and so on, see `CODES`.
        message: what was found.
        span: where; None for rule sets that were not read from a text.
        hint: what to do, or None.
        severity: `warning`, `error` for what must not ship, or `info`.
        witness: a case that shows it, as a test of what is decided now.
    """

    code: str
    message: str
    span: ir.Span | None
    hint: str | None = None
    severity: str = "warning"
    witness: ir.Test | None = None
