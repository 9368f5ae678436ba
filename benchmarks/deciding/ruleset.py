"""A policy as Rulax has it."""

from __future__ import annotations

from benchmarks.deciding.policy import DEFAULT, FIELDS, OUTCOMES, Comparison, Condition, Policy
from rules.language import ir

TYPES: dict[str, ir.Type] = {
    "p_fraud": ir.PROB,
    "p_suspicious": ir.PROB,
    "amount": ir.FloatType(),
    "age": ir.IntType(0, 120),
    "region": ir.IntType(0, 31),
    "earlier": ir.IntType(0, 1000),
    "is_new": ir.BOOL,
    "is_vip": ir.BOOL,
}


def ruleset(policy: Policy) -> ir.Ruleset:
    """The rule set of a policy."""
    return ir.Ruleset(
        name="policy",
        version=1,
        inputs=tuple(ir.Input(name=name, type=type_) for name, type_ in TYPES.items()),
        derived=tuple(
            ir.Derived(name=truth.name, type=ir.BOOL, clauses=tuple(map(_all, truth.clauses)))
            for truth in policy.truths
        ),
        decision=ir.Decision(
            name="outcome",
            outcomes=OUTCOMES,
            policy="priority",
            default=DEFAULT,
            unknown="review",
        ),
        rules=tuple(
            ir.Rule(
                name=rule.name,
                title=rule.name,
                outcome=rule.outcome,
                condition=_all(rule.condition),
                because=(),
                priority=rule.priority,
            )
            for rule in policy.rules
        ),
    )


def _all(condition: Condition) -> ir.Expr:
    parts = tuple(map(_literal, condition))
    return parts[0] if len(parts) == 1 else ir.And(operands=parts)


def _literal(literal: Comparison | str) -> ir.Expr:
    if isinstance(literal, str):
        return ir.Ref(name=literal, type=ir.BOOL)
    ref = ir.Ref(name=literal.field, type=TYPES[literal.field])
    if FIELDS[literal.field] == "bool":
        return ref if literal.value else ir.Not(operand=ref)
    of_float = isinstance(literal.value, float)
    return ir.Compare(
        op="=" if literal.op == "==" else literal.op,
        left=ref,
        right=ir.Const(value=literal.value, type=ir.FloatType() if of_float else ir.IntType()),
    )
