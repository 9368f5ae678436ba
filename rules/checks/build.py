"""A whole rule set: from the syntax tree to the checked, typed IR."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rules.checks.collect import Collector
from rules.checks.decisions import type_decision, type_rule
from rules.checks.declarations import declared_type, derived_type
from rules.checks.examples import type_test
from rules.checks.expressions import infer, truth
from rules.checks.intervals import overflow_errors
from rules.checks.order import dependency_order
from rules.checks.promotion import coerce, unbounded
from rules.checks.scope import Scope
from rules.errors import RuleError, grouped
from rules.language import ir, syntax
from rules.language.numbers import parse_number

__all__ = ["build_ruleset"]

_Node = TypeVar("_Node")


def build_ruleset(document: syntax.Document, *, text: str, filename: str) -> ir.Ruleset:
    """Resolves names, attaches types, orders the derived values and checks everything.

    Args:
        document: the syntax tree.
        text: the source it was parsed from.
        filename: where the source came from.

    Raises:
        RuleError: something is wrong; a `RuleErrors` tells all of it.
    """
    try:
        return _Builder(document, text, filename).ruleset()
    except RuleError as error:
        raise grouped([item.within(filename, text) for item in error.errors]) from None


class _Builder:
    def __init__(self, document: syntax.Document, text: str, filename: str) -> None:
        self.document = document
        self.text = text
        self.filename = filename
        self.errors = Collector()
        self.types: dict[str, ir.Type | None] = {}

    def ruleset(self) -> ir.Ruleset:
        version = 0
        with self.errors.catch():
            version = _version(self.document.version)
        decides = self.declared(syntax.DecideDeclaration)
        decision_name = decides[0].name.text if decides else None
        self.refuse_name_clashes(decides)
        inputs = self.inputs()
        derived = self.derived(decision_name)
        decision = None
        with self.errors.catch():
            if decides:
                decision = type_decision(decides[0])
        scope = self.scope(decision_name)
        rules = []
        for rule in self.declared(syntax.RuleDeclaration):
            with self.errors.catch():
                rules.append(type_rule(rule, decision, scope))
        tests = self.tests(decision, scope)
        self.errors.raise_caught()
        conditions = _conditions(rules, tests)
        self.errors.add(*overflow_errors(inputs, derived, conditions, self.text))
        self.errors.raise_caught()
        return ir.Ruleset(
            name=self.document.name.text,
            version=version,
            inputs=tuple(inputs),
            derived=tuple(derived),
            decision=decision,
            rules=tuple(rules),
            tests=tuple(tests),
            text=self.text,
            filename=self.filename,
        )

    def declared(self, kind: type[_Node]) -> list[_Node]:
        return [node for node in self.document.declarations if isinstance(node, kind)]

    def scope(self, decision: str | None) -> Scope:
        return Scope(types=self.types, decision=decision, text=self.text)

    def refuse_name_clashes(self, decides: Sequence[syntax.DecideDeclaration]) -> None:
        for extra in decides[1:]:
            self.errors.add(
                RuleError(
                    f"a rule set makes one decision, {decides[0].name.text} (line "
                    f"{decides[0].span.line}); this is the second",
                    span=extra.name.span,
                    hint="put it in a file of its own",
                )
            )
        derived_first: dict[str, syntax.DeriveDeclaration] = {}
        values = []
        for node in self.document.declarations:
            if isinstance(node, syntax.InputDeclaration):
                values.append(node.name)
            elif isinstance(node, syntax.DeriveDeclaration):
                first = derived_first.setdefault(node.name.text, node)
                if first is node or not (first.is_clause and node.is_clause):
                    values.append(node.name)
        self.refuse_repeated([*values, *(node.name for node in decides[:1])], "")
        self.refuse_repeated([r.name for r in self.declared(syntax.RuleDeclaration)], "rule ")
        self.refuse_repeated([t.title for t in self.declared(syntax.TestDeclaration)], "test ")

    def refuse_repeated(self, words: Iterable[syntax.Word], what: str) -> None:
        first: dict[str, syntax.Word] = {}
        for word in words:
            earlier = first.setdefault(word.text, word)
            if earlier is not word:
                message = f"{what}{word.text} is declared twice, first in line {earlier.span.line}"
                self.errors.add(RuleError(message, span=word.span))

    def inputs(self) -> list[ir.Input]:
        inputs = []
        for node in self.declared(syntax.InputDeclaration):
            name = node.name.text
            self.types.setdefault(name, None)
            with self.errors.catch():
                type_ = declared_type(node.type)
                self.types[name] = type_
                inputs.append(ir.Input(name=name, type=type_, span=node.span))
        return inputs

    def derived(self, decision: str | None) -> list[ir.Derived]:
        declarations: dict[str, list[syntax.DeriveDeclaration]] = {}
        for node in self.declared(syntax.DeriveDeclaration):
            if self.types.setdefault(node.name.text, None) is None:
                declarations.setdefault(node.name.text, []).append(node)
        order, cycles = dependency_order(declarations)
        self.errors.add(*cycles)
        derived = []
        for name in order:
            with self.errors.catch():
                item = self.derived_value(declarations[name], self.scope(decision))
                self.types[name] = item.type
                derived.append(item)
        return derived

    def derived_value(
        self, declarations: Sequence[syntax.DeriveDeclaration], scope: Scope
    ) -> ir.Derived:
        errors, clauses = Collector(), []
        for node in declarations:
            with errors.catch():
                clauses.append(_clause(node, scope))
        errors.raise_caught()
        return ir.Derived(
            name=declarations[0].name.text,
            type=unbounded(clauses[0].type),
            clauses=tuple(clauses),
            span=declarations[0].span,
        )

    def tests(self, decision: ir.Decision | None, scope: Scope) -> list[ir.Test]:
        inputs = frozenset(node.name.text for node in self.declared(syntax.InputDeclaration))
        rules = frozenset(node.name.text for node in self.declared(syntax.RuleDeclaration))
        tests = []
        for node in self.declared(syntax.TestDeclaration):
            with self.errors.catch():
                tests.append(
                    type_test(node, inputs=inputs, rules=rules, decision=decision, scope=scope)
                )
        return tests


def _version(node: syntax.Number) -> int:
    version = parse_number(node.text, span=node.span)
    if not isinstance(version, int):
        raise RuleError("a version is a whole number", span=node.span, hint="for example version 3")
    return version


def _clause(node: syntax.DeriveDeclaration, scope: Scope) -> ir.Expr:
    if node.is_clause:
        return truth(node.value, scope)
    if node.type is None:
        return infer(node.value, scope)
    declared = derived_type(node.type)
    return coerce(infer(node.value, scope, declared), declared)


def _conditions(rules: Sequence[ir.Rule], tests: Sequence[ir.Test]) -> list[ir.Expr]:
    expected = [item for test in tests for item in test.expectations]
    return [
        *(rule.condition for rule in rules),
        *(item.condition for item in expected if isinstance(item, ir.ExpectTruth)),
    ]
