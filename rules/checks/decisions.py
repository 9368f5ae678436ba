"""The decision and its rules: from syntax to IR."""

from __future__ import annotations

from collections.abc import Sequence

from rules.checks.collect import Collector
from rules.checks.declarations import refuse_duplicates
from rules.checks.expressions import truth
from rules.checks.scope import Scope
from rules.checks.templates import parse_template
from rules.engines.decisions import STATUS
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax
from rules.language.ir import INT_MAX, INT_MIN, MAX_COLLECTED, POLICIES
from rules.language.numbers import parse_number

__all__ = ["check_outcome", "type_decision", "type_rule"]

ANNOTATIONS = ("priority", "owner", "tags")


def type_decision(node: syntax.DecideDeclaration) -> ir.Decision:
    """Checks a decision.

    Raises:
        RuleError: a clause is missing, given twice, or names no outcome or policy.
    """
    errors = Collector()
    with errors.catch():
        refuse_duplicates(node.outcomes, "outcome")
    clauses: dict[str, syntax.Word] = {}
    for clause in node.clauses:
        with errors.catch():
            if clause.keyword in clauses:
                raise RuleError(f"{clause.keyword} is given twice", span=clause.span)
            clauses[clause.keyword] = clause.word
            _check_clause(clause, node.outcomes)
    errors.raise_caught()
    policy = clauses.get("policy")
    for keyword in ("policy", "default", "unknown"):
        optional = keyword == "default" and policy is not None and policy.text == "collect"
        if keyword not in clauses and not optional:
            raise _missing(node, keyword)
    assert policy is not None
    if policy.text == "collect" and len(node.outcomes) > MAX_COLLECTED:
        raise RuleError(
            f"collect takes at most {MAX_COLLECTED} outcomes, these are {len(node.outcomes)}",
            span=node.name.span,
        )
    return ir.Decision(
        name=node.name.text,
        outcomes=tuple(word.text for word in node.outcomes),
        policy=policy.text,
        default=clauses["default"].text if "default" in clauses else None,
        unknown=clauses["unknown"].text,
        span=node.span,
    )


def _check_clause(clause: syntax.Clause, outcomes: Sequence[syntax.Word]) -> None:
    word = clause.word
    if clause.keyword != "policy":
        check_outcome(word, [outcome.text for outcome in outcomes])
    elif word.text not in POLICIES:
        raise RuleError(
            f"there is no hit policy {word.text}",
            span=word.span,
            hint=did_you_mean(word.text, POLICIES) or f"one of {', '.join(POLICIES)}",
        )


def _missing(node: syntax.DecideDeclaration, keyword: str) -> RuleError:
    choices = POLICIES if keyword == "policy" else [word.text for word in node.outcomes]
    why = {
        "policy": "which rule wins when several fire",
        "default": "what is decided when no rule fires",
        "unknown": "what is decided when a missing input could change the outcome",
    }
    return RuleError(
        f"the decision {node.name.text} does not say {why[keyword]}",
        span=node.name.span,
        hint=f"add a line: {keyword} followed by one of {', '.join(choices)}",
    )


def check_outcome(word: syntax.Word | syntax.Name | syntax.Text, outcomes: Sequence[str]) -> str:
    """The outcome that a word names.

    Raises:
        RuleError: there is no such outcome.
    """
    if word.text not in outcomes:
        raise RuleError(
            f"{word.text} is not an outcome",
            span=word.span,
            hint=did_you_mean(word.text, outcomes) or f"one of {', '.join(outcomes)}",
        )
    return word.text


def type_rule(node: syntax.RuleDeclaration, decision: ir.Decision | None, scope: Scope) -> ir.Rule:
    """Checks a rule.

    Args:
        node: the rule.
        decision: what it decides; None when the text has no decision, or one with an error.
        scope: the names its condition may read.

    Raises:
        RuleError: everything wrong with it.
    """
    errors = Collector()
    outcome = node.outcome.text
    with errors.catch():
        if node.name.text in STATUS.values():
            raise RuleError(
                f"a rule may not be called {node.name.text}",
                span=node.name.span,
                hint="decisions without a deciding rule are listed under that word",
            )
    with errors.catch():
        if not node.title.text.strip():
            raise RuleError(
                "a rule needs a title", span=node.title.span, hint="say in words when it applies"
            )
    with errors.catch():
        priority, owner, tags = _annotations(node, decision)
    with errors.catch():
        if node.decision.text != scope.decision:
            hint = f"write {scope.decision} = {outcome}" if scope.decision else None
            raise RuleError(
                f"{node.decision.text} is not decided here",
                span=node.decision.span,
                hint=hint or "add a declaration: decide outcome in {...}",
            )
        if decision is not None:
            check_outcome(node.outcome, decision.outcomes)
    with errors.catch():
        condition = truth(node.condition, scope)
    because: tuple[str | ir.Field, ...] = (node.title.text,)
    with errors.catch():
        if node.because is not None:
            because = parse_template(node.because, scope.types, scope.text)
    errors.raise_caught()
    return ir.Rule(
        name=node.name.text,
        title=node.title.text,
        outcome=outcome,
        condition=condition,
        because=because,
        priority=priority,
        owner=owner,
        tags=tags,
        span=node.span,
    )


def _annotations(
    node: syntax.RuleDeclaration, decision: ir.Decision | None
) -> tuple[int, str | None, tuple[str, ...]]:
    values: dict[str, syntax.Expression] = {}
    for item in node.annotations:
        name = item.name.text
        if name not in ANNOTATIONS:
            raise RuleError(
                f"there is no annotation {name}",
                span=item.name.span,
                hint=did_you_mean(name, ANNOTATIONS) or f"one of {', '.join(ANNOTATIONS)}",
            )
        if name in values:
            raise RuleError(f"{name} is given twice", span=item.span)
        values[name] = item.value
    if decision is not None and "priority" in values and decision.policy != "priority":
        raise RuleError(
            f"priority means nothing under policy {decision.policy}",
            span=values["priority"].span,
            hint="leave it out, or declare policy priority",
        )
    return (
        _priority(values.get("priority")),
        _text("owner", values.get("owner")),
        tuple((_text("tags", values.get("tags")) or "").split()),
    )


def _priority(node: syntax.Expression | None) -> int:
    if node is None:
        return 0
    if isinstance(node, syntax.Negative):
        return -_priority(node.operand)
    value = parse_number(node.text, span=node.span) if isinstance(node, syntax.Number) else None
    if not isinstance(value, int):
        raise RuleError(
            "a priority is a whole number", span=node.span, hint="for example priority 100"
        )
    if not INT_MIN <= value <= INT_MAX:
        raise RuleError(
            "this priority does not fit an int32",
            span=node.span,
            hint=f"priorities go from {INT_MIN} to {INT_MAX}",
        )
    return value


def _text(name: str, node: syntax.Expression | None) -> str | None:
    if node is None:
        return None
    if not isinstance(node, syntax.Text):
        raise RuleError(
            f"{name} takes a text in quotes", span=node.span, hint=f'for example {name} "credit"'
        )
    return node.text
