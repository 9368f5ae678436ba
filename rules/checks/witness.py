"""Witness cases as test blocks that can be pasted into the rule text."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from rules.engines.decisions import UNKNOWN
from rules.engines.reference import Evaluation
from rules.language import ir
from rules.language.ruleset_printer import ruleset_text

__all__ = ["given_text", "test_text", "witness"]


def witness(
    ruleset: ir.Ruleset, title: str, case: Mapping[str, Any], evaluation: Evaluation
) -> ir.Test:
    """A test that gives a case and expects what the engine said about it.

    Args:
        ruleset: what decided; it must have a decision.
        title: of the test.
        case: by name; relations as mappings by tuples, entities as mappings by object.
        evaluation: of this case.
    """
    return ir.Test(
        title=title,
        given=tuple(_given(ruleset, case)),
        expectations=tuple(_expectations(ruleset, evaluation)),
    )


def test_text(ruleset: ir.Ruleset, test: ir.Test) -> str:
    """A test as it stands in a rule text."""
    bare = dataclasses.replace(
        ruleset, derived=(), rules=(), constraints=(), tests=(test,), sources=()
    )
    text = ruleset_text(bare)
    return text[text.index("\ntest ") + 1 :].rstrip("\n")


def given_text(ruleset: ir.Ruleset, case: Mapping[str, Any]) -> str:
    """A case, or a part of one, as it stands behind `given`: `income = 30_000, age = 40`."""
    nothing = ir.ExpectOutcome(op="is unknown", outcome=None)
    test = ir.Test(title="", given=tuple(_given(ruleset, case)), expectations=(nothing,))
    lines = test_text(ruleset, test).split("\n")[1:-1]
    return " ".join(line.strip() for line in lines).removeprefix("given ")


def _given(ruleset: ir.Ruleset, case: Mapping[str, Any]) -> Iterator[ir.Given]:
    for entity in ruleset.entities:
        listed = case.get(entity.name)
        if entity.domain is None and listed is not None:
            if not listed:
                yield ir.Given(name=entity.name, empty=True)
            for label, there in listed.items():
                yield ir.Given(name=entity.name, arguments=(label,), value=there)
    for item in ruleset.inputs:
        value = case.get(item.name)
        if value is None:
            continue
        if not item.parameters:
            yield ir.Given(name=item.name, value=value)
            continue
        closed = isinstance(item.type, ir.BoolType)
        told = {
            about: one for about, one in value.items() if one is not (False if closed else None)
        }
        if closed and not told:
            yield ir.Given(name=item.name, empty=True)
        for about, one in told.items():
            yield ir.Given(name=item.name, arguments=about, value=one)


def _expectations(ruleset: ir.Ruleset, evaluation: Evaluation) -> Iterator[ir.Expectation]:
    outcome = evaluation.outcome
    if evaluation.rule == UNKNOWN:
        yield ir.ExpectOutcome(op="is unknown", outcome=None)
    elif isinstance(outcome, frozenset):
        assert ruleset.decision is not None
        for name in ruleset.decision.outcomes:
            yield ir.ExpectOutcome(op="=" if name in outcome else "!=", outcome=name)
    else:
        yield ir.ExpectOutcome(op="=", outcome=outcome)
    for rule, truth in zip(ruleset.ranked, evaluation.truths, strict=True):
        if truth is True:
            yield ir.ExpectRule(rule=rule.name, fires=True)
