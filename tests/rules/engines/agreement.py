"""What it means that an engine agrees with the reference, for one batch."""

from __future__ import annotations

import numpy as np

from rules.engines.decisions import Decisions
from rules.engines.reference import evaluate
from rules.engines.values import INT_MISSING
from rules.language import ir
from tests.rules.engines.strategies import case


def assert_agrees(
    ruleset: ir.Ruleset, columns: dict[str, np.ndarray], decisions: Decisions
) -> None:
    """Outcome, rule, fired bits, margin and derived values equal the reference's."""
    decision = ruleset.decision
    assert decision is not None
    decisions = Decisions(
        *(d if d is None or isinstance(d, dict) else np.asarray(d) for d in decisions)
    )
    for row in range(len(columns["x"])):
        expected = evaluate(ruleset, case(ruleset, columns, row))
        told = f"row {row}: {case(ruleset, columns, row)}"
        assert decisions.rule[row] == expected.rule, told
        if decision.policy == "collect":
            bits = sum(1 << decision.outcomes.index(name) for name in expected.outcome)
            assert decisions.outcome[row] == bits, told
        else:
            assert decision.outcomes[decisions.outcome[row]] == expected.outcome, told
        for rank, truth in enumerate(expected.truths):
            bit = decisions.fired[row, rank // 32] >> (rank % 32) & 1
            assert bool(bit) == (truth is True), f"{told}, rank {rank}"
        np.testing.assert_allclose(
            decisions.margin[row], expected.margin, rtol=1e-5, atol=1e-37, err_msg=told
        )
        for item in ruleset.derived:
            found = np.asarray(decisions.derived[item.name])[row]
            wanted = _encoded(item.type, expected.values[item.name])
            assert found.tobytes() == wanted.tobytes() or (found != found and wanted != wanted), (
                f"{told}: {item.name} is {found!r}, expected {wanted!r}"
            )


def _encoded(type_: ir.Type, value: object) -> np.generic:
    match type_:
        case ir.FloatType():
            return np.float32(np.nan if value is None else value)
        case ir.IntType():
            return np.int32(INT_MISSING if value is None else value)
        case ir.BoolType():
            return np.int8(-1 if value is None else value)
        case ir.EnumType(members=members):
            return np.int32(-1 if value is None else members.index(value))
