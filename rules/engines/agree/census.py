"""Which constructs of the language a rule set uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rules.engines.agree.cases import expressions
from rules.language import ir
from rules.language.functions import FUNCTIONS
from rules.language.strata import is_recursive, reads
from rules.language.walk import children, names, walk

__all__ = ["CONSTRUCTS", "constructs"]

_TYPES = {
    ir.FloatType: "float",
    ir.IntType: "int",
    ir.BoolType: "bool",
    ir.EnumType: "list",
    ir.DateType: "date",
    ir.StringType: "text",
    ir.ObjectType: "object",
}
_COMPARED = tuple(
    f"{type_} {op}"
    for type_ in ("float", "int", "date")
    for op in ("<", "<=", ">", ">=", "=", "!=")
) + tuple(f"{type_} {op}" for type_ in ("bool", "list", "text", "object") for op in ("=", "!="))

# Everything that must occur among random rule sets.
CONSTRUCTS = (
    *(f"entity {kind}" for kind in ("max", "without bound", "range", "list")),
    *(f"param {kind}" for kind in ("float", "int", "bool", "list", "date")),
    *(f"input {kind}" for kind in ("float", "int", "bool", "list", "date", "text")),
    *(f"input of type {kind}" for kind in ("range entity", "list entity")),
    *(f"relation of {arity}" for arity in range(1, ir.MAX_ARITY + 1)),
    *(f"attribute {kind}" for kind in ("bool", "float", "int", "list", "date", "text")),
    *(f"derived {kind}" for kind in ("float", "int", "bool", "list", "date")),
    "several clauses",
    *(f"parameters {count}" for count in range(4)),
    "recursion",
    "mutual recursion",
    "recursion through all",
    *(f"compare {kind}" for kind in _COMPARED),
    *(f"arithmetic float {op}" for op in "+-*/"),
    *(f"arithmetic int {op}" for op in ("+", "-", "*", "mod")),
    *(f"arithmetic date {op}" for op in "+-"),
    "days between dates",
    "int to float",
    *(f"function {name}" for name in FUNCTIONS),
    *(f"if then else {kind}" for kind in ("float", "int", "bool", "list", "date")),
    *("and", "or", "not", "is unknown"),
    *(f"{kind} of {count}" for kind in ("some", "all") for count in (1, 2)),
    "nested quantifiers",
    *("count", *(f"{name} float" for name in ("sum", "min", "max", "mean"))),
    *(f"{name} int" for name in ("sum", "min", "max")),
    "where",
    "variable as int",
    "variable as list member",
    "constant argument",
    *(f"policy {name}" for name in ir.POLICIES),
    *("no default", "priority tie", "dated", "since", "until"),
    *("constraint", "soft constraint"),
)


def constructs(ruleset: ir.Ruleset) -> Counter[str]:
    """How often each construct occurs in a rule set."""
    return Counter(
        [
            *_declared(ruleset),
            *_derived(ruleset),
            *_decided(ruleset),
            *(name for node in expressions(ruleset) for name in _expressed(node)),
        ]
    )


def _declared(ruleset: ir.Ruleset) -> Iterator[str]:
    kinds = {ir.IntType: "range", ir.EnumType: "list"}
    for entity in ruleset.entities:
        without = "without bound" if entity.maximum is None else "max"
        yield f"entity {kinds.get(type(entity.type), without)}"
    fixed = {entity.type for entity in ruleset.entities if entity.domain is not None}
    for param in ruleset.params:
        yield f"param {_TYPES[type(param.type)]}"
    for item in ruleset.inputs:
        if item.parameters:
            yield f"relation of {len(item.parameters)}"
            yield f"attribute {_TYPES[type(item.type)]}"
        else:
            yield f"input {_TYPES[type(item.type)]}"
            if item.type in fixed:
                yield f"input of type {kinds[type(item.type)]} entity"


def _derived(ruleset: ir.Ruleset) -> Iterator[str]:
    for item in ruleset.derived:
        yield f"derived {_TYPES[type(item.type)]}"
        yield f"parameters {len(item.parameters)}"
        if len(item.clauses) > 1:
            yield "several clauses"
    for group in ruleset.strata:
        if is_recursive(group):
            yield "recursion"
            members = {item.name for item in group}
            if sum(bool(reads(item) & members) for item in group) > 1:
                yield "mutual recursion"
            if _recurs_through_all(group):
                yield "recursion through all"


def _recurs_through_all(group: tuple[ir.Derived, ...]) -> bool:
    members = {item.name for item in group}
    return any(
        isinstance(node, ir.Quantified) and node.kind == "all" and names(node) & members
        for item in group
        for clause in item.clauses
        for node in walk(clause)
    )


def _decided(ruleset: ir.Ruleset) -> Iterator[str]:
    decision = ruleset.decision
    if decision is not None:
        yield f"policy {decision.policy}"
        if decision.default is None:
            yield "no default"
        if decision.dated is not None:
            yield "dated"
        priorities = [rule.priority for rule in ruleset.rules]
        if decision.policy == "priority" and len(set(priorities)) < len(priorities):
            yield "priority tie"
    for rule in ruleset.rules:
        yield from ["since"] * (rule.since is not None) + ["until"] * (rule.until is not None)
    for item in ruleset.constraints:
        yield "constraint" if item.weight is None else "soft constraint"


def _expressed(node: ir.Expr) -> Iterator[str]:
    kind = _TYPES[type(node.type)]
    for child in () if isinstance(node, ir.Ref) else children(node):
        if isinstance(child, ir.Variable) and not isinstance(child.type, ir.ObjectType):
            yield f"variable as {'int' if isinstance(child.type, ir.IntType) else 'list member'}"
    match node:
        case ir.Compare(op=op, left=left):
            yield f"compare {_TYPES[type(left.type)]} {op}"
        case ir.Arithmetic(op="-", left=left) if isinstance(left.type, ir.DateType) and (
            kind == "int"
        ):
            yield "days between dates"
        case ir.Arithmetic(op=op):
            yield f"arithmetic {kind} {op}"
        case ir.ToFloat():
            yield "int to float"
        case ir.Call(function=function):
            yield f"function {function}"
        case ir.Choose():
            yield f"if then else {kind}"
        case ir.And() | ir.Or() | ir.Not():
            yield type(node).__name__.lower()
        case ir.IsUnknown():
            yield "is unknown"
        case ir.Quantified(kind=quantifier, bindings=bindings):
            yield f"{quantifier} of {len(bindings)}"
            yield from _nested(node)
        case ir.Aggregate(function=function):
            yield function if function in ("count",) else f"{function} {kind}"
            if node.where is not None:
                yield "where"
            yield from _nested(node)
        case ir.Ref(arguments=arguments) if any(isinstance(arg, ir.Const) for arg in arguments):
            yield "constant argument"


def _nested(node: ir.Quantified | ir.Aggregate) -> Iterator[str]:
    inside = list(walk(node))[1:]
    if any(isinstance(item, ir.Quantified | ir.Aggregate) for item in inside):
        yield "nested quantifiers"
