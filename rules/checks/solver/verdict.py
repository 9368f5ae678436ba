"""Hit policies and constraints for all cases at once: the symbolic form of `hit_policy`."""

from __future__ import annotations

from collections.abc import Iterable

from rules.checks.solver.formulas import Formula, conj, disj, neg
from rules.checks.solver.model import Model
from rules.language import ir

__all__ = ["Verdict"]


class Verdict:
    """What a rule set decides, as formulas; it must have a decision.

    Attributes:
        conflict, undecided: the rules contradict the hit policy; a missing value could change
            what they decide.
        given: by outcome, whether the rules give it (under `collect`, among others); only
            where there is neither a conflict nor an unknown.
        violated, unsure: of what the rules decide, whether it breaks a binding constraint, and
            whether it does not, but could.
    """

    def __init__(self, model: Model) -> None:
        ruleset = model.ruleset
        assert ruleset.decision is not None
        self.decision: ir.Decision = ruleset.decision
        self.rules = ruleset.ranked
        self.truths = model.truths
        self.conflict = self._conflict()
        self.undecided, self.given = self._policy()
        clear = conj(neg(self.conflict), neg(self.undecided))
        self.clear = clear
        self.broken: tuple[Formula, ...] = tuple(
            conj(clear, disj(*(g for o, g in self.given.items() if o not in item.allowed)))
            for item in ruleset.constraints
        )
        binding = [
            (limit, broken)
            for item, limit, broken in zip(
                ruleset.constraints, model.limits, self.broken, strict=True
            )
            if item.weight is None
        ]
        self.violated = disj(*(conj(limit.holds, broken) for limit, broken in binding))
        could = disj(*(conj(limit.possible, broken) for limit, broken in binding))
        self.unsure = conj(could, neg(self.violated))

    @property
    def unknown(self) -> Formula:
        """Status UNKNOWN."""
        return disj(conj(neg(self.conflict), self.undecided), self.unsure)

    @property
    def decided(self) -> Formula:
        """A rule or the default decides."""
        return conj(self.clear, neg(self.violated), neg(self.unsure))

    def wins(self, rank: int) -> Formula:
        """The rule of this rank decides, unless a constraint keeps it from doing so."""
        earlier = (neg(truth.holds) for truth in self.truths[:rank])
        return conj(self.clear, self.truths[rank].holds, *earlier)

    def decides(self, rank: int) -> Formula:
        """The rule of this rank decides."""
        return conj(self.decided, self.wins(rank))

    @property
    def none_fires(self) -> Formula:
        """No rule is true."""
        return conj(*(neg(truth.holds) for truth in self.truths))

    @property
    def all_false(self) -> Formula:
        """Every rule is false."""
        return conj(*(neg(truth.possible) for truth in self.truths))

    def comes(self, outcome: str) -> Formula:
        """The outcome is decided (under `collect`, among others), by a rule or a fall-back."""
        by_fallback = neg(self.decided) if outcome == self.decision.unknown else False
        return disj(conj(self.decided, self.given[outcome]), by_fallback)

    def _conflict(self) -> Formula:
        if self.decision.policy == "unique":
            return _two(truth.holds for truth in self.truths)
        if self.decision.policy == "any":
            return _two(self._some(outcome, "holds") for outcome in self.decision.outcomes)
        return False

    def _some(self, outcome: str, part: str) -> Formula:
        """Whether a rule with this outcome holds, or could."""
        pairs = zip(self.rules, self.truths, strict=True)
        return disj(*(getattr(truth, part) for rule, truth in pairs if rule.outcome == outcome))

    def _policy(self) -> tuple[Formula, dict[str, Formula]]:
        if self.decision.policy in ("first", "priority"):
            return self._by_rank()
        outcomes = self.decision.outcomes
        fires = {outcome: self._some(outcome, "holds") for outcome in outcomes}
        none = neg(disj(*fires.values()))
        given = {
            outcome: disj(fires[outcome], none if outcome == self.decision.default else False)
            for outcome in outcomes
        }
        if self.decision.policy == "unique":
            return self._undecided_unique(none), given
        # A rule of unknown truth with an outcome that is not given yet.
        new = [conj(self._some(outcome, "possible"), neg(given[outcome])) for outcome in outcomes]
        return disj(*new), given

    def _undecided_unique(self, none: Formula) -> Formula:
        unknown = [conj(truth.possible, neg(truth.holds)) for truth in self.truths]
        other = [
            maybe
            for rule, maybe in zip(self.rules, unknown, strict=True)
            if rule.outcome != self.decision.default
        ]
        beside = conj(neg(none), disj(*unknown))
        return disj(beside, _two(unknown), *other)

    def _by_rank(self) -> tuple[Formula, dict[str, Formula]]:
        """From the last rule to the first, what is decided where no earlier one is true."""
        assert self.decision.default is not None
        given: dict[str, Formula] = {o: o == self.decision.default for o in self.decision.outcomes}
        for rule, truth in zip(reversed(self.rules), reversed(self.truths), strict=True):
            given = {
                outcome: disj(truth.holds, later)
                if outcome == rule.outcome
                else conj(neg(truth.possible), later)
                for outcome, later in given.items()
            }
        return neg(disj(*given.values())), given


def _two(parts: Iterable[Formula]) -> Formula:
    """Whether two of the formulas hold."""
    once: Formula = False
    twice: Formula = False
    for part in parts:
        twice = disj(twice, conj(once, part))
        once = disj(once, part)
    return twice
