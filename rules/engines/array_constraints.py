"""Constraints over whole columns: the array form of `hit_policy.constrain`."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from rules.engines import kleene
from rules.engines.array_ops import Array, ArrayOps
from rules.engines.decisions import DEFAULT, UNKNOWN, VIOLATED
from rules.engines.kleene import Truth
from rules.language import ir

__all__ = ["constrain", "violated_bits"]

NONE = np.uint32(0)
BITS = 32


def constrain(
    ops: ArrayOps,
    decision: ir.Decision,
    constraints: Sequence[ir.Constraint],
    truths: Sequence[Truth],
    outcome: Array,
    rule: Array,
) -> tuple[Array, Array, list[Array]]:
    """What the constraints make of a decision, and where it breaks each of them.

    Args:
        ops: the primitives to compute with.
        decision: the outcomes, and the one for what is not decided.
        constraints: binding ones, and those with a weight, which change nothing.
        truths: of the condition of each.
        outcome: int32 `[...]`, as the rules make it.
        rule: int32 `[...]`, likewise.
    """
    collects = decision.policy == "collect"
    decided = ops.less_equal(np.int32(DEFAULT), rule)
    violated, broken, doubted = [], [], []
    for item, truth in zip(constraints, truths, strict=True):
        excluded = ops.conjoin(decided, _excluded(ops, decision, item, outcome, collects))
        violated.append(ops.conjoin(excluded, truth.true))
        if item.weight is None:
            broken.append(violated[-1])
            unknown = kleene.unknown(ops, truth)
            if unknown is not None:
                doubted.append(ops.conjoin(excluded, unknown))
    code = decision.outcomes.index(decision.unknown)
    for where, status in ((doubted, UNKNOWN), (broken, VIOLATED)):
        if where:
            anywhere = functools.reduce(ops.disjoin, where)
            outcome = ops.select(anywhere, np.int32(1 << code if collects else code), outcome)
            rule = ops.select(anywhere, np.int32(status), rule)
    return outcome, rule, violated


def _excluded(
    ops: ArrayOps, decision: ir.Decision, item: ir.Constraint, outcome: Array, collects: bool
) -> Array:
    """Bool `[...]`, where an outcome is none of those allowed."""
    codes = [code for code, name in enumerate(decision.outcomes) if name not in item.allowed]
    if collects:
        mask = np.int32(sum(1 << code for code in codes))
        return ops.not_equal(ops.bit_and(outcome, mask), np.int32(0))
    found: Array = np.bool_(False)
    for code in codes:
        found = ops.disjoin(found, ops.equal(outcome, np.int32(code)))
    return found


def violated_bits(ops: ArrayOps, violated: Sequence[Array], shape: tuple[int, ...]) -> Array:
    """uint32 `[..., ceil(C / 32)]`: bit c % 32 of word c // 32 where constraint c is broken."""
    words = []
    for start in range(0, len(violated), BITS):
        bits = [
            ops.select(where, np.uint32(1 << bit), NONE)
            for bit, where in enumerate(violated[start : start + BITS])
        ]
        words.append(ops.spread(functools.reduce(ops.bit_or, bits), shape))
    return ops.stack(words) if words else np.zeros((*shape, 0), np.uint32)
