"""The decision and its rules: from syntax to IR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rules.checks.annotations import Values, annotated, day, priority, tags, text, weight
from rules.checks.collect import Collector
from rules.checks.declarations import refuse_duplicates
from rules.checks.expressions import truth
from rules.checks.scope import Scope
from rules.checks.templates import parse_template
from rules.engines.decisions import STATUS
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax
from rules.language.ir import MAX_COLLECTED, POLICIES

__all__ = ["check_outcome", "type_decision", "type_rule"]

ANNOTATIONS = ("priority", "owner", "tags", "since", "until", "weight")


def type_decision(node: syntax.DecideDeclaration, inputs: Sequence[ir.Input]) -> ir.Decision:
    """Checks a decision.

    Args:
        node: the decision.
        inputs: those that are free of errors; one of them may be its day.

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
            if clause.keyword == "dated":
                _check_dated(clause.word, inputs)
            else:
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
        dated=clauses["dated"].text if "dated" in clauses else None,
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


def _check_dated(word: syntax.Word, inputs: Sequence[ir.Input]) -> None:
    dates = [i.name for i in inputs if isinstance(i.type, ir.DateType) and not i.parameters]
    if word.text not in dates:
        raise RuleError(
            f"dated takes a date input of the case, {word.text} is none",
            span=word.span,
            hint=did_you_mean(word.text, dates) or f"declare it: input {word.text}: date",
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
        values = annotated(node.annotations, ANNOTATIONS)
        noted = _noted(values, decision)
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
            because = parse_template(node.because, scope)
    errors.raise_caught()
    return ir.Rule(
        name=node.name.text,
        title=node.title.text,
        outcome=outcome,
        condition=condition,
        because=because,
        span=node.span,
        **noted,
    )


def _noted(values: Values, decision: ir.Decision | None) -> dict[str, Any]:
    """The fields of a rule that its annotations give."""
    errors, fields = Collector(), dict[str, Any]()
    if decision is not None and "priority" in values and decision.policy != "priority":
        errors.add(
            RuleError(
                f"priority means nothing under policy {decision.policy}",
                span=values["priority"].span,
                hint="leave it out, or declare policy priority",
            )
        )
    with errors.catch():
        fields["priority"] = priority(values)
    with errors.catch():
        fields["owner"] = text(values, "owner")
    with errors.catch():
        fields["tags"] = tags(values)
    with errors.catch():
        fields["weight"] = weight(values)
    with errors.catch():
        since, until = fields["since"], fields["until"] = day(values, "since"), day(values, "until")
        if since is not None and until is not None and until < since:
            raise RuleError(
                "this rule is never in force: until is before since",
                span=values["until"].span,
                hint="until is the last day on which it is in force",
            )
    errors.raise_caught()
    return fields
