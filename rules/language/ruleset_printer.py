"""A rule set as rule text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, TypeVar

from rules.errors import RuleError
from rules.language import ir
from rules.language.formatter import format_text
from rules.language.numbers import shortest_float32
from rules.language.printer import (
    bindings_text,
    constant_text,
    expression_text,
    member_text,
    quoted_text,
)
from rules.language.walk import walk

__all__ = ["declarations", "ruleset_text"]

_Node = TypeVar("_Node")

_Ends: TypeAlias = tuple[str | None, str | None]  # the lower and the upper bound, if any


def ruleset_text(ruleset: ir.Ruleset) -> str:
    """One rule text that says what a rule set says: parsing it gives an equal rule set.

    What was imported is written out; variables that were bound silently get their `some`,
    and every variable its entity. Comments are not kept (`format_text` keeps them).
    """
    return format_text("\n".join(text for _, text in declarations(ruleset)))


def declarations(ruleset: ir.Ruleset) -> Iterator[tuple[str, str]]:
    """Each declaration as text, not laid out yet, after its path: `$.rules[2]`."""
    yield from _Declarations(ruleset).texts()


class _Declarations:
    def __init__(self, ruleset: ir.Ruleset) -> None:
        self.ruleset = ruleset
        decision = () if ruleset.decision is None else (ruleset.decision.name,)
        self.taken = frozenset({*ruleset.types, *ruleset.entity, *decision, *_variables(ruleset)})

    def texts(self) -> Iterator[tuple[str, str]]:
        ruleset = self.ruleset
        yield "$", f"ruleset {ruleset.name} version {ruleset.version}"
        yield from _placed("entities", _entity, ruleset.entities)
        yield from _placed("params", self.param, ruleset.params)
        yield from _placed("inputs", _input, ruleset.inputs)
        for index, item in enumerate(ruleset.derived):
            for number, text in enumerate(self.derived(item)):
                apart = "" if index or number else "\n"
                yield f"$.derived[{index}].clauses[{number}]", apart + text
        if ruleset.decision is not None:
            yield "$.decision", _decision(ruleset.decision)
        yield from _placed("rules", self.rule, ruleset.rules)
        yield from _placed("constraints", self.constraint, ruleset.constraints)
        yield from _placed("tests", self.test, ruleset.tests)

    def decision(self) -> ir.Decision:
        if self.ruleset.decision is None:
            raise RuleError(
                "$: there are rules, constraints or expectations but no decision",
                hint="add decision, or leave them out",
            )
        return self.ruleset.decision

    def expression(self, expr: ir.Expr) -> str:
        return expression_text(expr, taken=self.taken)

    def param(self, item: ir.Param) -> str:
        return f"param {item.name}: {type_text(item.type)} = {constant_text(item.value, item.type)}"

    def derived(self, item: ir.Derived) -> Iterator[str]:
        head = f"derive {item.name}"
        if item.parameters:
            head += f"({bindings_text(item.parameters)})"
        for clause in item.clauses:
            if isinstance(item.type, ir.BoolType):
                yield f"{head} if {self.condition(clause)}"
            else:
                yield f"{head}: {type_text(item.type)} = {self.expression(clause)}"

    def condition(self, expr: ir.Expr) -> str:
        """What stands after `if`, where another `if` would be hard to read."""
        text = self.expression(expr)
        return f"({text})" if isinstance(expr, ir.Choose) else text

    def rule(self, item: ir.Rule) -> str:
        decision = self.decision()
        notes = [f"priority {item.priority}"] if item.priority else []
        notes += [] if item.owner is None else [f"owner {quoted_text(item.owner)}"]
        days = (("since", item.since), ("until", item.until))
        notes += [f"{w} {constant_text(d, ir.DateType())}" for w, d in days if d is not None]
        notes += [] if item.weight is None else [_weight(item.weight)]
        notes += [f"tags {quoted_text(', '.join(item.tags))}"] if item.tags else []
        parts = [
            f"rule {item.name} {quoted_text(item.title)}{_annotations(notes)}",
            f"{decision.name} = {member_text(item.outcome)}",
            f"if {self.condition(item.condition)}",
        ]
        if item.because != (item.title,):
            parts.append(f"because {quoted_text(''.join(map(_template_part, item.because)))}")
        return "\n".join(parts)

    def constraint(self, item: ir.Constraint) -> str:
        decision = self.decision()
        excluded = [outcome for outcome in decision.outcomes if outcome not in item.allowed]
        if len(item.allowed) == 1:
            consequence = f"= {member_text(item.allowed[0])}"
        elif len(excluded) == 1:
            consequence = f"!= {member_text(excluded[0])}"
        else:
            consequence = f"in {{{', '.join(map(member_text, item.allowed))}}}"
        notes = [] if item.weight is None else [_weight(item.weight)]
        return (
            f"constraint {quoted_text(item.title)}{_annotations(notes)}\n"
            f"if {self.condition(item.condition)} then {decision.name} {consequence}"
        )

    def test(self, item: ir.Test) -> str:
        given = ", ".join(map(self.given, item.given))
        expected = ", ".join(map(self.expectation, item.expectations))
        lines = [f"test {quoted_text(item.title)}"]
        return "\n".join([*lines, *([f"given {given}"] if given else []), f"expect {expected}"])

    def given(self, item: ir.Given) -> str:
        if item.empty:
            return f"no {item.name}"
        about = ", ".join(map(self.object, item.arguments))
        name = f"{item.name}({about})" if item.arguments else item.name
        if item.value is None:
            return f"{name} = unknown"
        type_ = self.ruleset.types.get(item.name, ir.BOOL)  # a truth: whether an object is there
        return f"{name} = {constant_text(item.value, type_)}"

    def object(self, label: int | str) -> str:
        return member_text(label, taken=self.taken) if isinstance(label, str) else str(label)

    def expectation(self, item: ir.Expectation) -> str:
        match item:
            case ir.ExpectTruth(condition=condition):
                return self.expression(condition)
            case ir.ExpectRule(rule=rule, fires=True):
                return f"{rule} fires"
            case ir.ExpectRule(rule=rule, because=because):
                return f"{rule} does not fire" + (f" because {because}" if because else "")
            case ir.ExpectOutcome(op=op, outcome=outcome):
                return f"{self.decision().name} {op}" + (
                    f" {member_text(outcome)}" if outcome else ""
                )


def _placed(
    field: str, to_text: Callable[[_Node], str], items: Sequence[_Node]
) -> Iterator[tuple[str, str]]:
    for index, item in enumerate(items):
        # An empty line before the first of a kind, which the formatter keeps.
        yield f"$.{field}[{index}]", ("" if index else "\n") + to_text(item)


def type_text(type_: ir.Type) -> str:
    """A type as it is declared: `prob`, `int in 18..120`, `{car, other}`."""
    match type_:
        case ir.FloatType() if type_ == ir.PROB:
            return "prob"
        case ir.FloatType(low=low, high=high, low_open=low_open, high_open=high_open):
            ends = (_float(low), _float(high))
            return _bounded("float", ends, ">" if low_open else ">=", "<" if high_open else "<=")
        case ir.IntType(low=low, high=high):
            return _bounded("int", _ends(low, high, type_, ir.INT_MIN, ir.INT_MAX))
        case ir.DateType(low=low, high=high):
            return _bounded("date", _ends(low, high, type_, ir.DAY_MIN, ir.DAY_MAX))
        case ir.BoolType():
            return "bool"
        case ir.StringType():
            return "string"
        case ir.EnumType(members=members):
            return f"{{{', '.join(map(member_text, members))}}}"
        case ir.ObjectType(entity=entity):
            return entity


def _bounded(name: str, ends: _Ends, above: str = ">=", below: str = "<=") -> str:
    low, high = ends
    if low is not None and high is not None and (above, below) == (">=", "<="):
        return f"{name} in {low}..{high}"
    bounds = [f"{op} {end}" for op, end in ((above, low), (below, high)) if end is not None]
    return f"{name} {' and '.join(bounds)}".strip()


def _float(value: float | None) -> str | None:
    return None if value is None else shortest_float32(value).replace("e+", "e")


def _ends(low: int, high: int, type_: ir.Type, least: int, most: int) -> _Ends:
    return (
        None if low == least else constant_text(low, type_),
        None if high == most else constant_text(high, type_),
    )


def _entity(item: ir.Entity) -> str:
    match item.type:
        case ir.IntType(low=low, high=high):
            return f"entity {item.name} in {low}..{high}"
        case ir.EnumType():
            return f"entity {item.name} in {type_text(item.type)}"
        case _:
            maximum = "" if item.maximum is None else f" max {item.maximum}"
            return f"entity {item.name}{maximum}"


def _input(item: ir.Input) -> str:
    about = f"({', '.join(item.parameters)})" if item.parameters else ""
    notes = ["actionable"] if item.actionable else []
    notes += [] if item.weight == 1 else [_weight(item.weight)]
    return f"input {item.name}{about}: {type_text(item.type)}{_annotations(notes)}"


def _decision(item: ir.Decision) -> str:
    lines = [
        f"decide {item.name} in {{{', '.join(map(member_text, item.outcomes))}}}",
        f"policy {item.policy}",
        "" if item.default is None else f"default {member_text(item.default)}",
        f"unknown {member_text(item.unknown)}",
        "" if item.dated is None else f"dated {item.dated}",
    ]
    return "\n".join(line for line in lines if line)


def _weight(weight: float) -> str:
    return f"weight {repr(weight).removesuffix('.0')}"


def _annotations(notes: list[str]) -> str:
    return f" [{', '.join(notes)}]" if notes else ""


def _template_part(part: str | ir.Field) -> str:
    if isinstance(part, str):
        return part.replace("{", "{{").replace("}", "}}")
    return f"{{{part.name}{':' + part.spec if part.spec else ''}}}"


def _variables(ruleset: ir.Ruleset) -> Iterator[str]:
    """Every variable that is bound somewhere."""
    roots: list[ir.Expr] = [clause for item in ruleset.derived for clause in item.clauses]
    roots += [rule.condition for rule in ruleset.rules]
    roots += [constraint.condition for constraint in ruleset.constraints]
    expectations = [item for test in ruleset.tests for item in test.expectations]
    roots += [item.condition for item in expectations if isinstance(item, ir.ExpectTruth)]
    for root in roots:
        for node in walk(root):
            if isinstance(node, ir.Quantified | ir.Aggregate):
                yield from (binding.name for binding in node.bindings)
    yield from (binding.name for item in ruleset.derived for binding in item.parameters)
