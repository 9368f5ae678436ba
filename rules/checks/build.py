"""A whole rule set: from the syntax tree to the checked, typed IR."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TypeVar

from rules.checks.annotations import annotated, flag, weight
from rules.checks.binding import Binder
from rules.checks.clashes import name_clashes, place_of
from rules.checks.collect import Collector
from rules.checks.constraints import type_constraint
from rules.checks.decisions import type_decision, type_rule
from rules.checks.declarations import declared_type
from rules.checks.derived import type_derived
from rules.checks.entities import parameters_of, type_entity
from rules.checks.examples import type_test
from rules.checks.intervals import overflow_errors
from rules.checks.literals import literal
from rules.checks.order import dependency_order
from rules.checks.scope import Scope
from rules.engines.values import within
from rules.errors import RuleError, grouped
from rules.language import ir, syntax
from rules.language.ir import Source
from rules.language.numbers import parse_number

__all__ = ["build_ruleset"]

_Node = TypeVar("_Node")
_Item = TypeVar("_Item", ir.Entity, ir.Param, ir.Input)


def build_ruleset(
    document: syntax.Document, *, text: str, filename: str, sources: Sequence[Source] = ()
) -> ir.Ruleset:
    """Resolves names, attaches types, orders the derived values and checks everything.

    Args:
        document: the syntax tree, without imports.
        text: the source it was parsed from.
        filename: where the source came from.
        sources: the imported files, which spans count from 1.

    Raises:
        RuleError: something is wrong; a `RuleErrors` tells all of it.
    """
    files = [Source(filename=filename, text=text), *sources]
    try:
        return _Builder(document, files).ruleset()
    except RuleError as error:
        if not error.errors:
            raise
        located = []
        for item in grouped(list(error.errors)).errors:
            source = files[item.span.source if item.span is not None else 0]
            located.append(item.within(source.filename, source.text))
        raise grouped(located) from None


class _Builder:
    def __init__(self, document: syntax.Document, files: Sequence[Source]) -> None:
        self.document = document
        self.files = files
        self.errors = Collector()
        self.entities: dict[str, ir.Entity | None] = {}
        self.types: dict[str, ir.Type | None] = {}
        self.parameters: dict[str, Sequence[str | None]] = {}

    def ruleset(self) -> ir.Ruleset:
        version = 0
        with self.errors.catch():
            version = _version(self.document.version)
        self.errors.add(*name_clashes(self.document.declarations, self.files))
        decides = self.declared(syntax.DecideDeclaration)
        decision_name = decides[0].name.text if decides else None
        scope = Scope(
            types=self.types,
            decision=decision_name,
            parameters=self.parameters,
            entities=self.entities,
            texts=[file.text for file in self.files],
        )
        entities = self.typed_entities()
        params, inputs = self.params(scope), self.inputs()
        derived, binder = self.derived(scope)
        decision = None
        with self.errors.catch():
            if decides:
                decision = type_decision(decides[0], inputs)
        rules, constraints = [], []
        for rule in self.declared(syntax.RuleDeclaration):
            with self.errors.catch():
                place = binder.place(rule)
                typed = type_rule(rule, decision, place.scope)
                rules.append(dataclasses.replace(typed, condition=place.closed(typed.condition)))
        for node in self.declared(syntax.ConstraintDeclaration):
            with self.errors.catch():
                place = binder.place(node)
                found = type_constraint(node, decision, place.scope)
                condition = place.closed(found.condition)
                constraints.append(dataclasses.replace(found, condition=condition))
        tests = self.tests(decision, scope, binder)
        self.errors.raise_caught()
        ruleset = ir.Ruleset(
            name=self.document.name.text,
            version=version,
            entities=tuple(entities),
            params=tuple(params),
            inputs=tuple(inputs),
            derived=tuple(derived),
            decision=decision,
            rules=tuple(rules),
            constraints=tuple(constraints),
            tests=tuple(tests),
            sources=tuple(self.files[1:]),
            text=self.files[0].text,
            filename=self.files[0].filename,
        )
        self.errors.add(*overflow_errors(ruleset))
        self.errors.raise_caught()
        return ruleset

    def declared(self, kind: type[_Node]) -> list[_Node]:
        return [node for node in self.document.declarations if isinstance(node, kind)]

    def typed_entities(self) -> list[ir.Entity]:
        found: dict[str, ir.Entity] = {}
        for node in self.declared(syntax.EntityDeclaration):
            self.entities.setdefault(node.name.text, None)
            with self.errors.catch():
                entity = type_entity(node)
                if self.is_first(entity, found, node.name):
                    self.entities[entity.name] = entity
        return list(found.values())

    def params(self, scope: Scope) -> list[ir.Param]:
        found: dict[str, ir.Param] = {}
        for node in self.declared(syntax.ParamDeclaration):
            name = node.name.text
            self.types.setdefault(name, None)
            with self.errors.catch():
                type_ = declared_type(node.type, self.entities)
                value = literal(node.value, type_, scope)
                if not within(type_, value):
                    raise RuleError(
                        f"this value is outside the bounds of {name}", span=node.value.span
                    )
                param = ir.Param(name=name, type=type_, value=value, span=node.span)
                if self.is_first(param, found, node.name):
                    self.types[name] = type_
        return list(found.values())

    def inputs(self) -> list[ir.Input]:
        found: dict[str, ir.Input] = {}
        for node in self.declared(syntax.InputDeclaration):
            name = node.name.text
            self.types.setdefault(name, None)
            if node.parameters:
                self.parameters.setdefault(name, [None] * len(node.parameters))
            with self.errors.catch():
                item = _input(node, self.entities)
                if self.is_first(item, found, node.name):
                    self.types[name] = item.type
                    if item.parameters:
                        self.parameters[name] = item.parameters
        return list(found.values())

    def is_first(self, item: _Item, found: dict[str, _Item], name: syntax.Word) -> bool:
        """Keeps the first declaration of a name; others, from other files, must be like it."""
        earlier = found.setdefault(item.name, item)
        if earlier is item:
            return True
        if earlier != item and earlier.span is not None and earlier.span.source != name.span.source:
            place = place_of(earlier.span, name.span, self.files)
            self.errors.add(
                RuleError(
                    f"{item.name} is declared otherwise in {place}",
                    span=name.span,
                    hint="declare it once, or alike in both files",
                )
            )
        return False

    def derived(self, scope: Scope) -> tuple[list[ir.Derived], Binder]:
        declarations: dict[str, list[syntax.DeriveDeclaration]] = {}
        for node in self.declared(syntax.DeriveDeclaration):
            if self.types.setdefault(node.name.text, None) is None:
                declarations.setdefault(node.name.text, []).append(node)
        holds = [
            item
            for test in self.declared(syntax.TestDeclaration)
            for item in test.expectations
            if isinstance(item, syntax.Holds)
        ]
        binder = Binder(
            scope,
            declarations,
            [
                *self.declared(syntax.RuleDeclaration),
                *self.declared(syntax.ConstraintDeclaration),
                *holds,
            ],
        )
        with self.errors.catch():
            binder.errors.raise_caught()
        self.parameters.update(binder.parameters)
        order, cycles = dependency_order(declarations)
        self.errors.add(*cycles)
        for name in order:
            if all(node.is_clause for node in declarations[name]):
                self.types[name] = ir.BOOL  # known before what it reads, which may be itself
        derived = []
        for name in order:
            with self.errors.catch():
                item = type_derived(declarations[name], binder)
                self.types[name] = item.type
                derived.append(item)
        return derived, binder

    def tests(self, decision: ir.Decision | None, scope: Scope, binder: Binder) -> list[ir.Test]:
        inputs = frozenset(node.name.text for node in self.declared(syntax.InputDeclaration))
        params = frozenset(node.name.text for node in self.declared(syntax.ParamDeclaration))
        rules = frozenset(node.name.text for node in self.declared(syntax.RuleDeclaration))
        tests = []
        for node in self.declared(syntax.TestDeclaration):
            with self.errors.catch():
                tests.append(
                    type_test(
                        node,
                        inputs=inputs,
                        params=params,
                        rules=rules,
                        decision=decision,
                        scope=scope,
                        binder=binder,
                    )
                )
        return tests


def _version(node: syntax.Number) -> int:
    version = parse_number(node.text, span=node.span)
    if not isinstance(version, int):
        raise RuleError("a version is a whole number", span=node.span, hint="for example version 3")
    return version


def _input(node: syntax.InputDeclaration, entities: Mapping[str, ir.Entity | None]) -> ir.Input:
    errors = Collector()
    with errors.catch():
        type_ = declared_type(node.type, entities)
    with errors.catch():
        parameters = parameters_of(node, entities)
    with errors.catch():
        values = annotated(node.annotations, ("actionable", "weight"))
        actionable, cost = flag(values, "actionable"), weight(values)
    errors.raise_caught()
    return ir.Input(
        name=node.name.text,
        type=type_,
        parameters=parameters,
        actionable=actionable,
        weight=1.0 if cost is None else cost,
        span=node.span,
    )
