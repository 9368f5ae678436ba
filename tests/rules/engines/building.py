"""Small rule sets, built by hand."""

from __future__ import annotations

from collections.abc import Sequence

from rules.language import ir

FLOAT = ir.FloatType()


def ref(name: str, type_: ir.Type = FLOAT) -> ir.Ref:
    return ir.Ref(name=name, type=type_)


def const(value: float | int | bool | str, type_: ir.Type = FLOAT) -> ir.Const:
    return ir.Const(value=value, type=type_)


def compare(left: ir.Expr, op: str, right: ir.Expr) -> ir.Compare:
    return ir.Compare(op=op, left=left, right=right)


def above(name: str, threshold: float, type_: ir.Type = FLOAT) -> ir.Compare:
    return compare(ref(name, type_), ">", const(threshold, type_))


def arithmetic(left: ir.Expr, op: str, right: ir.Expr) -> ir.Arithmetic:
    return ir.Arithmetic(op=op, left=left, right=right, type=left.type)


def rule(name: str, outcome: str, condition: ir.Expr, priority: int = 0) -> ir.Rule:
    return ir.Rule(
        name=name,
        title=f"the rule {name}",
        outcome=outcome,
        condition=condition,
        because=(f"the rule {name}",),
        priority=priority,
    )


def ruleset(
    rules: Sequence[ir.Rule],
    *,
    inputs: dict[str, ir.Type] | None = None,
    derived: Sequence[ir.Derived] = (),
    policy: str = "first",
    default: str | None = "approve",
    unknown: str = "refer",
    outcomes: tuple[str, ...] = ("reject", "refer", "approve"),
) -> ir.Ruleset:
    return ir.Ruleset(
        name="small",
        version=1,
        inputs=tuple(
            ir.Input(name=name, type=type_)
            for name, type_ in (inputs or {"x": FLOAT, "y": FLOAT}).items()
        ),
        derived=tuple(derived),
        decision=ir.Decision(
            name="outcome", outcomes=outcomes, policy=policy, default=default, unknown=unknown
        ),
        rules=tuple(rules),
    )


def derives(name: str, *clauses: ir.Expr, type_: ir.Type | None = None) -> ir.Derived:
    return ir.Derived(name=name, type=type_ or clauses[0].type, clauses=clauses)
