"""Which mistakes in a rule set its tests would notice."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rules.engines.reference import evaluate
from rules.language import ir
from rules.testing.mutants import Mutant, mutants
from rules.testing.run import check_expectation

if TYPE_CHECKING:
    from rules.diff import Difference

__all__ = ["MutationReport", "Survivor", "mutate"]

_PATIENCE = 5.0  # seconds of z3 for one mutant


@dataclasses.dataclass(frozen=True, kw_only=True)
class Survivor:
    """A mutant that no test noticed.

    Attributes:
        mutant: the change.
        witness: a test block whose case the two rule sets decide differently; None where
            none was looked for or found.
    """

    mutant: Mutant
    witness: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class MutationReport:
    """What came of the mutants of a rule set.

    Attributes:
        killed: mutants, each with the title of the first test that notices it.
        survivors: mutants that no test notices.
        equivalent: mutants proved to decide every case as the rule set does; they do not
            count.
    """

    killed: tuple[tuple[Mutant, str], ...]
    survivors: tuple[Survivor, ...]
    equivalent: tuple[Mutant, ...]

    @property
    def score(self) -> float:
        """The share of mutants that are noticed, without the equivalent ones."""
        total = len(self.killed) + len(self.survivors)
        return len(self.killed) / total if total else 1.0


def mutate(
    ruleset: ir.Ruleset,
    *,
    prove: bool = True,
    progress: Callable[[int], None] | None = None,
) -> MutationReport:
    """Runs the tests of a rule set against its mutants.

    Args:
        ruleset: a checked rule set whose tests pass.
        prove: ask z3, where it is installed, whether a survivor can be told from the rule
            set at all, and for a case that tells.
        progress: called with the number of mutants tried so far.

    Raises:
        ValueError: a test fails already, or there is none.
    """
    if not ruleset.tests:
        raise ValueError(f"rule set {ruleset.name} has no tests, so no mutant can be noticed")
    failing = _noticed_by(ruleset, ruleset.tests)
    if failing is not None:
        raise ValueError(f"test {failing!r} fails without any change; mend it first")
    tests = list(ruleset.tests)
    killed: list[tuple[Mutant, str]] = []
    survivors: list[Survivor] = []
    equivalent: list[Mutant] = []
    for number, mutant in enumerate(mutants(ruleset), start=1):
        title = _noticed_by(mutant.ruleset, tests)
        if title is not None:
            killed.append((mutant, title))
            # What noticed the last one likely notices the next, which changes the same rule.
            tests.sort(key=lambda test, title=title: test.title != title)  # type: ignore[misc]
        else:
            compared = _compared(ruleset, mutant.ruleset) if prove else None
            if compared is not None and compared.is_same:
                equivalent.append(mutant)
            else:
                changes = () if compared is None else compared.changes
                witness = changes[0].test if changes else None
                survivors.append(Survivor(mutant=mutant, witness=witness))
        if progress is not None:
            progress(number)
    return MutationReport(
        killed=tuple(killed), survivors=tuple(survivors), equivalent=tuple(equivalent)
    )


def _noticed_by(ruleset: ir.Ruleset, tests: Sequence[ir.Test]) -> str | None:
    """The title of the first test that fails."""
    rules = {rule.name for rule in ruleset.rules}
    for test in tests:
        evaluation = evaluate(ruleset, test.case, margin=False)
        for item in test.expectations:
            if isinstance(item, ir.ExpectRule) and item.rule not in rules:
                return test.title  # the rule that it names is left out
            if not check_expectation(ruleset, evaluation, item).passed:
                return test.title
    return None


def _compared(old: ir.Ruleset, new: ir.Ruleset) -> Difference | None:
    """What z3 says about the two, the old one as the one that is right; None without it."""
    from rules.checks.solver import has_solver

    if not has_solver():
        return None
    from rules.diff import diff

    return diff(new, old, timeout=_PATIENCE)
