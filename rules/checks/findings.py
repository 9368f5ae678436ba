"""What is allowed in a rule set but probably not meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.checks.constants import constant_conditions, settled_comparisons
from rules.checks.finding import CODES, Finding
from rules.checks.proposals import unaccepted
from rules.checks.unused import unused
from rules.errors import annotate
from rules.language import ir
from rules.language.source import source_of

__all__ = ["CODES", "Finding", "check", "in_order", "render"]


def check(ruleset: ir.Ruleset) -> tuple[Finding, ...]:
    """Looks for what is probably a mistake, in the order of the text.

    Args:
        ruleset: a rule set, which as such is free of errors.
    """
    findings = [
        *unused(ruleset),
        *_ungiven_outcomes(ruleset),
        *constant_conditions(ruleset),
        *_same_conditions(ruleset),
        *settled_comparisons(ruleset),
        *_unbreakable_constraints(ruleset),
        *unaccepted(ruleset),
    ]
    return in_order(findings)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in the order of the text."""
    return tuple(sorted(findings, key=_place))


def render(finding: Finding, ruleset: ir.Ruleset) -> str:
    """A finding with its place and source line, as errors are shown."""
    source = source_of(ruleset, finding.span)
    return annotate(
        f"{finding.severity} {finding.code}",
        finding.message,
        span=finding.span,
        hint=finding.hint,
        filename=source.filename,
        text=source.text,
    )


def _place(finding: Finding) -> tuple[int, int, int, str]:
    span = finding.span
    if span is None:
        return (0, 0, 0, finding.code)
    return (span.source, span.line, span.column, finding.code)


def _ungiven_outcomes(ruleset: ir.Ruleset) -> Iterator[Finding]:
    decision = ruleset.decision
    if decision is None:
        return
    given = {rule.outcome for rule in ruleset.rules} | {decision.default, decision.unknown}
    for outcome in decision.outcomes:
        if outcome not in given:
            yield Finding(
                code="W003",
                message=f"no rule gives the outcome {outcome}, nor does a fall-back",
                span=decision.span,
            )


def _same_conditions(ruleset: ir.Ruleset) -> Iterator[Finding]:
    if ruleset.decision is None:
        return
    first: dict[tuple[ir.Expr, int | None, int | None], ir.Rule] = {}
    for rule in ruleset.ranked:
        earlier = first.setdefault((rule.condition, rule.since, rule.until), rule)
        if earlier is rule:
            continue
        if earlier.outcome == rule.outcome:
            yield Finding(
                code="W005",
                message=f"{rule.name} repeats {earlier.name}: same condition, same outcome",
                span=rule.span,
                hint="remove one of them",
            )
        elif consequence := _contradiction(ruleset.decision.policy, earlier, rule):
            yield Finding(
                code="W006",
                message=f"{rule.name} has the condition of {earlier.name} and another outcome: "
                f"{consequence}",
                span=rule.span,
            )


def _unbreakable_constraints(ruleset: ir.Ruleset) -> Iterator[Finding]:
    for item in ruleset.constraints:
        if ruleset.decision is not None and set(item.allowed) == set(ruleset.decision.outcomes):
            yield Finding(
                code="W011",
                message=f"the constraint {item.title!r} allows every outcome",
                span=item.span,
            )


def _contradiction(policy: str, earlier: ir.Rule, later: ir.Rule) -> str | None:
    match policy:
        case "collect":
            return None
        case "unique" | "any":
            return f"whenever they fire they conflict under policy {policy}"
        case "priority" if earlier.priority == later.priority:
            return f"both have priority {later.priority}, so the text order lets the first win"
    return f"{later.name} can never decide"
