"""What is allowed in a rule set but probably not meant."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from rules.errors import annotate
from rules.language import ir
from rules.language.walk import children, names

__all__ = ["CODES", "Finding", "check", "render"]

# A code keeps its meaning for ever, so that people can refer to it.
CODES = (
    ("W001", "unused input"),
    ("W002", "unused derived name"),
    ("W003", "outcome that nothing gives"),
    ("W004", "condition that does not depend on the case"),
    ("W005", "repeated rule"),
    ("W006", "rule that another one contradicts"),
    ("W007", "comparison that the declared bounds settle"),
)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding of a check.

    Attributes:
        code: `W001` and so on, see `CODES`.
        message: what was found.
        span: where; None for rule sets that were not read from a text.
        hint: what to do, or None.
        severity: `warning`, or `error` for what must not ship.
    """

    code: str
    message: str
    span: ir.Span | None
    hint: str | None = None
    severity: str = "warning"


def check(ruleset: ir.Ruleset) -> tuple[Finding, ...]:
    """Looks for what is probably a mistake, in the order of the text.

    Args:
        ruleset: a rule set, which as such is free of errors.
    """
    findings = [
        *_unused(ruleset),
        *_ungiven_outcomes(ruleset),
        *_constant_conditions(ruleset),
        *_same_conditions(ruleset),
        *_settled_comparisons(ruleset),
    ]
    return tuple(sorted(findings, key=_place))


def render(finding: Finding, ruleset: ir.Ruleset) -> str:
    """A finding with its place and source line, as errors are shown."""
    return annotate(
        f"{finding.severity} {finding.code}",
        finding.message,
        span=finding.span,
        hint=finding.hint,
        filename=ruleset.filename,
        text=ruleset.text,
    )


def _place(finding: Finding) -> tuple[int, int, str]:
    if finding.span is None:
        return (0, 0, finding.code)
    return (finding.span.line, finding.span.column, finding.code)


def _unused(ruleset: ir.Ruleset) -> Iterator[Finding]:
    used: set[str] = set()
    for derived in ruleset.derived:
        for clause in derived.clauses:
            used |= names(clause) - {derived.name}
    for rule in ruleset.rules:
        used |= names(rule.condition)
        used |= {part.name for part in rule.because if isinstance(part, ir.Field)}
    for item in ruleset.inputs:
        if item.name not in used:
            yield Finding(
                code="W001", message=f"the input {item.name} is never used", span=item.span
            )
    if ruleset.decision is None:  # then what is derived is the result
        return
    for derived in ruleset.derived:
        if derived.name not in used:
            yield Finding(
                code="W002",
                message=f"{derived.name} is derived but no rule uses it",
                span=derived.span,
            )


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


def _constant_conditions(ruleset: ir.Ruleset) -> Iterator[Finding]:
    conditions = [(f"rule {rule.name}", rule.condition) for rule in ruleset.rules]
    conditions += [
        (f"derived {derived.name}", clause)
        for derived in ruleset.derived
        if isinstance(derived.type, ir.BoolType)
        for clause in derived.clauses
    ]
    for what, condition in conditions:
        if not names(condition):
            yield Finding(
                code="W004",
                message=f"the condition of {what} does not depend on the case",
                span=condition.span,
            )


def _same_conditions(ruleset: ir.Ruleset) -> Iterator[Finding]:
    if ruleset.decision is None:
        return
    first: dict[ir.Expr, ir.Rule] = {}
    for rule in ruleset.ranked:
        earlier = first.setdefault(rule.condition, rule)
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


def _contradiction(policy: str, earlier: ir.Rule, later: ir.Rule) -> str | None:
    match policy:
        case "collect":
            return None
        case "unique" | "any":
            return f"whenever they fire they conflict under policy {policy}"
        case "priority" if earlier.priority == later.priority:
            return f"both have priority {later.priority}, so the text order lets the first win"
    return f"{later.name} can never decide"


def _settled_comparisons(ruleset: ir.Ruleset) -> Iterator[Finding]:
    bounded = {item.name: item.type for item in ruleset.inputs}
    conditions = [clause for derived in ruleset.derived for clause in derived.clauses]
    conditions += [rule.condition for rule in ruleset.rules]
    pending = conditions[::-1]
    while pending:
        node = pending.pop()
        pending.extend(reversed(children(node)))
        if isinstance(node, ir.Compare):
            answer = _settled(node, bounded)
            if answer is not None:
                yield Finding(
                    code="W007",
                    message=f"within its declared bounds this is always {str(answer).lower()}",
                    span=node.span,
                )


def _settled(node: ir.Compare, bounded: dict[str, ir.Type]) -> bool | None:
    """The answer of `input op constant` if the bounds of the input decide it."""
    left, right, op = node.left, node.right, node.op
    if isinstance(left, ir.Const):
        left, right = right, left
        op = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(op, op)
    if not (isinstance(left, ir.Ref) and left.name in bounded and isinstance(right, ir.Const)):
        return None
    type_, value = bounded[left.name], right.value
    if not isinstance(type_, ir.IntType | ir.FloatType) or isinstance(value, str):
        return None
    low_open = isinstance(type_, ir.FloatType) and type_.low_open
    high_open = isinstance(type_, ir.FloatType) and type_.high_open
    above = type_.low is not None and (type_.low > value or (low_open and type_.low == value))
    below = type_.high is not None and (type_.high < value or (high_open and type_.high == value))
    at_least = above or type_.low == value
    at_most = below or type_.high == value
    certain = {
        ">": (above, at_most),
        ">=": (at_least, below),
        "<": (below, at_least),
        "<=": (at_most, above),
        "=": (False, above or below),
        "!=": (above or below, False),
    }
    is_true, is_false = certain[op]
    return True if is_true else False if is_false else None
