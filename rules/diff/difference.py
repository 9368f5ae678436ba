"""The difference between two rule sets, to read and as plain data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["CaseDifference", "Difference", "OutcomeChange", "Outcomes"]

Outcomes = frozenset[str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class OutcomeChange:
    """Cases that one rule set decides so and the other otherwise.

    Attributes:
        before: the outcome; under `collect` there may be several, or none.
        after: likewise.
        rule_before: what decides the case below, or `default`, `unknown` and so on.
        rule_after: likewise.
        case: one of the cases, as both engines decided it.
        test: this case as a test block that the new rule set passes.
    """

    before: Outcomes
    after: Outcomes
    rule_before: str
    rule_after: str
    case: Mapping[str, Any]
    test: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class CaseDifference:
    """How given cases are decided by the two rule sets.

    Attributes:
        count: how many cases there are.
        matrix: how many have which outcomes before and after.
        examples: by outcomes before and after, where they differ, the first rows, from 1.
    """

    count: int
    matrix: Mapping[tuple[Outcomes, Outcomes], int]
    examples: Mapping[tuple[Outcomes, Outcomes], tuple[int, ...]]

    @property
    def changed(self) -> int:
        """How many cases are decided differently."""
        return sum(n for (before, after), n in self.matrix.items() if before != after)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """What two rule sets do differently; `str()` is meant to be read.

    Attributes:
        before: name and version of the first.
        after: of the second.
        declared: differences of inputs, outcomes and the decision, one sentence each.
        changes: one for each pair of outcomes that was found.
        complete: whether it is proved that there are no other pairs.
        reason: why it is not.
        cases: of given cases, or None.
    """

    before: str
    after: str
    declared: tuple[str, ...]
    changes: tuple[OutcomeChange, ...]
    complete: bool
    reason: str | None = None
    cases: CaseDifference | None = None

    @property
    def is_same(self) -> bool:
        """Whether it is proved that no case is decided differently."""
        return self.complete and not self.changes

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """What a person reads."""
        yield f"{self.before} -> {self.after}"
        yield from (f"  {sentence}" for sentence in self.declared)
        for change in self.changes:
            yield f"\n{outcomes_text(change.before)} -> {outcomes_text(change.after)}, for example"
            yield f"by {change.rule_before} before, by {change.rule_after} after"
            yield from (f"    {line}" for line in change.test.split("\n"))
        yield f"\n{self._verdict()}"
        if self.cases is not None:
            yield ""
            yield from _case_lines(self.cases)

    def _verdict(self) -> str:
        if self.is_same:
            return "no case is decided differently (proved)"
        if not self.complete:
            found = "other cases" if self.changes else "cases"
            return f"whether {found} are decided differently is not known: {self.reason}"
        return "no other outcomes are exchanged (proved)"

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for `json.dumps`."""
        return {
            "before": self.before,
            "after": self.after,
            "declared": list(self.declared),
            "same": self.is_same,
            "complete": self.complete,
            "reason": self.reason,
            "changes": [
                {
                    "before": sorted(change.before),
                    "after": sorted(change.after),
                    "rule before": change.rule_before,
                    "rule after": change.rule_after,
                    "test": change.test,
                }
                for change in self.changes
            ],
            "cases": None if self.cases is None else _case_json(self.cases),
        }


def outcomes_text(outcomes: Outcomes) -> str:
    """`approve`, `a, b` or `nothing`."""
    return ", ".join(sorted(outcomes)) or "nothing"


def _case_lines(cases: CaseDifference) -> Iterator[str]:
    share = cases.changed / cases.count if cases.count else 0.0
    yield f"{cases.changed} of {cases.count} cases are decided differently ({share:.1%})"
    for (before, after), count in sorted(cases.matrix.items(), key=lambda item: -item[1]):
        text = f"  {count:>8}  {outcomes_text(before)} -> {outcomes_text(after)}"
        rows = cases.examples.get((before, after))
        yield text + (f"  (rows {', '.join(map(str, rows))})" if rows else "")


def _case_json(cases: CaseDifference) -> dict[str, Any]:
    return {
        "count": cases.count,
        "changed": cases.changed,
        "matrix": [
            {
                "before": sorted(before),
                "after": sorted(after),
                "count": count,
                "rows": list(cases.examples.get((before, after), ())),
            }
            for (before, after), count in cases.matrix.items()
        ],
    }
