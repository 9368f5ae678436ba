"""Rules that cannot fire, that decide nothing, or that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from rules.checks.findings import Finding
from rules.checks.solver.formulas import conj, neg
from rules.checks.solver.questions import Questions, listed
from rules.checks.solver.search import Found
from rules.engines.reference import Evaluation
from rules.language import ir
from rules.language.printer import expression_text

__all__ = ["conflicts", "reach"]

MOST_RIVALS = 5  # rules that take precedence over one: more are not told apart


def reach(questions: Questions, rank: int) -> Iterator[Finding]:
    """W104 a rule that can never fire, W105 one that fires and changes nothing."""
    rule, truths = questions.rules[rank], questions.model.truths
    fires = truths[rank].holds
    rivals = [other for other in range(len(questions.rules)) if _takes(questions, other, rank)]

    def matters(one: Evaluation) -> bool:
        return one.truths[rank] is True and not any(one.truths[other] for other in rivals)

    if questions.find(conj(fires, *(neg(truths[other].holds) for other in rivals)), matters):
        return
    found = questions.find(fires, lambda one: one.truths[rank] is True)
    if found is not None:
        yield _shadowed(questions, rank, rivals, found)
    else:
        yield questions.finding(
            "W104",
            f"rule {rule.name} can never fire",
            span=rule.span,
            hint=_contradiction(questions, rule),
        )


def _contradiction(questions: Questions, rule: ir.Rule) -> str:
    """The parts of a condition that exclude each other: none of them can be left out."""
    if not isinstance(rule.condition, ir.And):
        return "no case meets its condition; correct it or remove the rule"
    needed = list(rule.condition.operands)
    for part in rule.condition.operands:
        others = [other for other in needed if other is not part]
        truths = [questions.model.truth(other) for other in others]
        if others and not questions.search.possible(conj(*(truth.holds for truth in truths))):
            needed = others
    if len(needed) == 1:
        return f"no case meets `{expression_text(needed[0])}`"
    return f"no case meets {listed([f'`{expression_text(part)}`' for part in needed], 9)} together"


def _shadowed(questions: Questions, rank: int, rivals: list[int], first: Found) -> Finding:
    """A rule that only fires where others do that leave nothing to it."""
    rule, truths = questions.rules[rank], questions.model.truths
    winners: list[int] = []
    found: Found | None = first
    while found is not None and len(winners) <= MOST_RIVALS:
        winners.append(next(other for other in rivals if found.evaluations[0].truths[other]))
        found = questions.find(
            conj(truths[rank].holds, *(neg(truths[other].holds) for other in winners)),
            lambda one: one.truths[rank] is True and not any(one.truths[w] for w in winners),
        )
    names = [questions.rules[other].name for other in sorted(winners)]
    others = names[0] if len(names) == 1 else f"one of {listed(names, MOST_RIVALS - 1)}"
    return questions.finding(
        "W105",
        f"rule {rule.name} fires but never matters: whenever it does, so does {others}",
        span=rule.span,
        found=first,
        title=f"{rule.name} is shadowed",
    )


def _takes(questions: Questions, other: int, rank: int) -> bool:
    """Whether the other rule, where it fires, leaves nothing to this one."""
    assert questions.ruleset.decision is not None
    match questions.ruleset.decision.policy:
        case "first" | "priority":
            return other < rank
        case "unique":
            return other != rank
        case _:
            return other < rank and questions.outcomes[other] == questions.outcomes[rank]


# --------------------------------------------------------------------------- conflicts


def conflicts(questions: Questions, rank: int) -> Iterator[Finding]:
    """W106 rules of one priority that contradict each other, E107 conflicts of a hit policy."""
    decision = questions.ruleset.decision
    assert decision is not None
    if decision.policy == "priority":
        yield from _tie(questions, rank)
    elif decision.policy in ("unique", "any"):
        yield from _violation(questions, rank, decision.policy)


def _tie(questions: Questions, rank: int) -> Iterator[Finding]:
    """Where a rule wins over others of its priority only by standing before them."""
    rule, rules = questions.rules[rank], questions.rules
    rivals = [
        other
        for other in range(rank + 1, len(rules))
        if rules[other].priority == rule.priority and rules[other].outcome != rule.outcome
    ]
    above = [other for other in range(rank) if rules[other].priority > rule.priority]
    truths = questions.model.truths
    clear = conj(truths[rank].holds, *(neg(truths[other].holds) for other in above))

    def wins(one: Evaluation) -> bool:
        return one.truths[rank] is True and not any(one.truths[other] for other in above)

    names, found = questions.partners(clear, wins, rivals)
    if found is not None:
        yield questions.finding(
            "W106",
            f"rules {listed([rule.name, *names])} have priority {rule.priority} and different "
            f"outcomes, and can fire together: only the text order lets {rule.name} win",
            span=rule.span,
            hint="give them different priorities, or make their conditions exclude each other",
            found=found,
            title=f"{listed([rule.name, *names])} tie",
        )


def _violation(questions: Questions, rank: int, policy: str) -> Iterator[Finding]:
    rule, rules = questions.rules[rank], questions.rules
    rivals = [
        other
        for other in range(rank + 1, len(rules))
        if policy == "unique" or rules[other].outcome != rule.outcome
    ]
    fires = questions.model.truths[rank].holds
    names, found = questions.partners(fires, lambda one: one.truths[rank] is True, rivals)
    if found is not None:
        why = "two rules" if policy == "unique" else "rules with different outcomes"
        yield questions.finding(
            "E107",
            f"rules {listed([rule.name, *names])} can fire together, and policy {policy} forbids "
            f"{why}",
            span=rule.span,
            severity="error",
            found=found,
            title=f"{listed([rule.name, *names])} conflict",
        )
