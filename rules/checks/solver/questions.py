"""Questions about one rule set, and the findings that answer them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rules.checks.findings import Finding
from rules.checks.solver.formulas import Formula, conj, disj
from rules.checks.solver.model import Model
from rules.checks.solver.search import Found, Search
from rules.checks.solver.verdict import Verdict
from rules.checks.witness import witness
from rules.engines.reference import Evaluation
from rules.language import ir

__all__ = ["Questions", "listed"]

MOST_PARTNERS = 2  # rounds in which a rule's rivals are looked for

Holds = Callable[[Evaluation], bool]


class Questions:
    """A rule set that decides something, and what has been found about it.

    Attributes:
        model: its conditions for all cases at once.
        verdict: its decision likewise.
        outcomes: of the ranked rules.
    """

    def __init__(self, model: Model, search: Search) -> None:
        self.ruleset = model.ruleset
        self.rules = model.ruleset.ranked
        self.outcomes = [rule.outcome for rule in self.rules]
        self.model = model
        self.search = search
        self.verdict = Verdict(model)
        self._found: list[Found] = []
        self._all_complete: list[bool] = []

    def find(self, formula: Formula, holds: Holds, *, complete: bool | None = None) -> Found | None:
        """As `Search.find`; a case that an earlier question found is taken again."""
        for earlier, whole in zip(self._found, self._all_complete, strict=True):
            if (whole or complete is False) and holds(earlier.evaluations[0]):
                return earlier
        found = self.search.find(formula, holds, complete=complete)
        if found is not None:
            self._found.append(found)
            self._all_complete.append(_is_complete(found))
        return found

    def partners(
        self, formula: Formula, holds: Holds, rivals: Sequence[int]
    ) -> tuple[list[str], Found | None]:
        """Rules that can fire where something holds, and the first case that was found.

        Args:
            formula: what must hold.
            holds: the same of an evaluation.
            rivals: the ranks of the rules to try; no more than a few are looked for.
        """
        met: list[int] = []
        first: Found | None = None
        for _ in range(MOST_PARTNERS):
            left = [rank for rank in rivals if rank not in met]
            fires = disj(*(self.model.truths[rank].holds for rank in left))

            def met_one(one: Evaluation, left: Sequence[int] = left) -> bool:
                return holds(one) and any(one.truths[rank] for rank in left)

            found = self.find(conj(formula, fires), met_one)
            if found is None:
                break
            first = first or found
            met += [rank for rank in left if found.evaluations[0].truths[rank]]
        return [self.rules[rank].name for rank in sorted(met)], first

    def finding(
        self,
        code: str,
        message: str,
        *,
        span: ir.Span | None,
        severity: str = "warning",
        hint: str | None = None,
        found: Found | None = None,
        title: str = "",
    ) -> Finding:
        """A finding, with a case that was found as its witness."""
        test = None
        if found is not None:
            plain = found.plainer()
            test = witness(self.ruleset, title or message, plain.case, plain.evaluations[0])
        return Finding(
            code=code, message=message, span=span, hint=hint, severity=severity, witness=test
        )


def listed(names: Sequence[str], most: int = 3) -> str:
    """`a, b and 12 more`."""
    if len(names) > most + 1:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _is_complete(found: Found) -> bool:
    values = [
        value
        for entry in found.case.values()
        for value in (entry.values() if isinstance(entry, dict) else [entry])
    ]
    return None not in values
