"""Comparing two rule sets: by the solver over all cases, by the engines over given ones."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from rules.checks.solver import require_solver
from rules.diff.difference import CaseDifference, Difference, OutcomeChange, Outcomes
from rules.engines.decisions import STATUS
from rules.engines.reference import Evaluation
from rules.language import ir
from rules.language.settings import refuse_undated

__all__ = ["diff"]

MAX_PAIRS = 50
EXAMPLES = 3


def diff(
    before: ir.Ruleset, after: ir.Ruleset, *, cases: Any = None, timeout: float = 60.0
) -> Difference:
    """Says which cases two rule sets decide differently: those with another outcome.

    For each pair of outcomes that are exchanged there is a case, decided by the reference
    engine; where no pair is missing, that is proved. Cases that one of them can't decide, since
    a name is no member of its enum or there are more objects than it allows, are left out.

    Args:
        before: a checked rule set with a decision.
        after: another.
        cases: to count as well: as `rules.decide` takes them.
        timeout: seconds for the solver.

    Raises:
        ModuleNotFoundError: z3 is not installed.
        ValueError: a rule set decides nothing, or holds on some days only and nothing says
            which day it is; unusable cases.
    """
    require_solver("diff")
    from rules.diff.declared import declared_differences

    for ruleset in (before, after):
        if ruleset.decision is None:
            raise ValueError(f"rule set {ruleset.name} decides nothing, so there is no difference")
        refuse_undated(ruleset)
    changes: list[OutcomeChange] = []
    reason = _changes(before, after, changes, timeout)
    return Difference(
        before=f"{before.name} version {before.version}",
        after=f"{after.name} version {after.version}",
        declared=tuple(declared_differences(before, after)),
        changes=tuple(changes),
        complete=reason is None,
        reason=reason,
        cases=None if cases is None else _counted(before, after, cases),
    )


def _changes(
    before: ir.Ruleset, after: ir.Ruleset, changes: list[OutcomeChange], timeout: float
) -> str | None:
    """Adds one change for each pair of outcomes; says why there may be others."""
    from rules.checks.solver.formulas import Formula, conj, disj, equal, neg
    from rules.checks.solver.leaves import any_case
    from rules.checks.solver.model import Model
    from rules.checks.solver.search import OutOfTime, Search
    from rules.checks.solver.symbolic_case import BeyondFragment
    from rules.checks.solver.verdict import Verdict
    from rules.diff.declared import shared_entities, shared_inputs
    from rules.encoding.texts import texts

    try:
        inputs = shared_inputs(before, after)
        own = {*texts(before), *texts(after)}
        case = any_case(inputs, shared_entities(before, after), sorted(own))
        models = [Model(ruleset, case) for ruleset in (before, after)]
    except BeyondFragment as left:
        return str(left)
    search = Search(models, deadline=time.monotonic() + timeout)
    old, new = (Verdict(model) for model in models)
    names = dict.fromkeys((*old.decision.outcomes, *new.decision.outcomes))

    def comes(verdict: Verdict, name: str) -> Formula:
        return verdict.comes(name) if name in verdict.decision.outcomes else False

    differ = disj(*(neg(equal(comes(old, name), comes(new, name))) for name in names))
    seen: set[tuple[Outcomes, Outcomes]] = set()

    def is_new(*evaluations: Evaluation) -> bool:
        was, is_ = map(_outcomes, evaluations)
        return was != is_ and (was, is_) not in seen

    while len(seen) < MAX_PAIRS:
        try:
            found = search.find(differ, is_new)
        except OutOfTime:
            return f"no answer in {timeout:g} s"
        if found is None:
            return None
        plain = found.plainer()
        pair = tuple(map(_outcomes, plain.evaluations))
        seen.add((pair[0], pair[1]))
        changes.append(_change(before, after, plain.case, plain.evaluations))
        this = [
            equal(comes(verdict, name), name in outcomes)
            for verdict, outcomes in zip((old, new), pair, strict=True)
            for name in names
        ]
        differ = conj(differ, neg(conj(*this)))
    return f"there are more than {MAX_PAIRS} pairs of outcomes"


def _change(
    before: ir.Ruleset, after: ir.Ruleset, case: dict[str, Any], told: tuple[Evaluation, ...]
) -> OutcomeChange:
    from rules.checks.witness import test_text, witness

    was, is_ = told
    title = f"{'/'.join(sorted(_outcomes(was)))} becomes {'/'.join(sorted(_outcomes(is_)))}"
    return OutcomeChange(
        before=_outcomes(was),
        after=_outcomes(is_),
        rule_before=_rule(before, was),
        rule_after=_rule(after, is_),
        case=case,
        test=test_text(after, witness(after, title, case, is_)),
    )


def _outcomes(evaluation: Evaluation) -> Outcomes:
    came = evaluation.outcome
    return came if isinstance(came, frozenset) else frozenset({str(came)})


def _rule(ruleset: ir.Ruleset, evaluation: Evaluation) -> str:
    return STATUS.get(evaluation.rule) or f"rule {ruleset.ranked[evaluation.rule].name}"


def _counted(before: ir.Ruleset, after: ir.Ruleset, cases: Any) -> CaseDifference:
    from rules.decide import decide

    columns = [
        [frozenset({one}) if isinstance(one, str) else one for one in decided.outcomes]
        for decided in (
            decide(ruleset, cases, missing_columns="unknown") for ruleset in (before, after)
        )
    ]
    pairs = list(zip(*columns, strict=True))
    examples: dict[tuple[Outcomes, Outcomes], tuple[int, ...]] = {}
    for row, pair in enumerate(pairs, start=1):
        rows = examples.get(pair, ())
        if pair[0] != pair[1] and len(rows) < EXAMPLES:
            examples[pair] = (*rows, row)
    return CaseDifference(count=len(pairs), matrix=Counter(pairs), examples=examples)
