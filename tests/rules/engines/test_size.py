"""Large rule sets: long conditions, long chains of derived names."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rules.decide import decide
from rules.engines.xla import compile_ruleset
from rules.explain import explain
from rules.language import ir
from tests.rules.engines.agreement import assert_agrees
from tests.rules.engines.building import (
    FLOAT,
    above,
    arithmetic,
    compare,
    const,
    derives,
    ref,
    rule,
    ruleset,
)
from tests.rules.engines.strategies import columns

X = ref("x")
VALUES = np.array([0.0, 3.0, 39.0, 40.0, 0.5, -1.0, np.nan], np.float32)


def terms(count: int, op: str) -> tuple[ir.Expr, ...]:
    return tuple(compare(X, op, const(float(index))) for index in range(count))


@pytest.mark.parametrize("count", [16, 17, 40])
def test_long_conditions_agree_with_the_reference(count: int) -> None:
    some = above("y", 1.0)
    small = ruleset(
        [
            rule("all", "reject", ir.And(operands=(*terms(count, "!="), some))),
            rule("any", "refer", ir.Or(operands=(*terms(count, "="), some))),
            rule("known", "approve", ir.Or(operands=(ir.IsUnknown(operand=X),) * count)),
        ]
    )
    cases = {
        "x": np.repeat(VALUES, 3),
        "y": np.tile(np.array([0.0, 2.0, np.nan], np.float32), len(VALUES)),
    }
    decider = compile_ruleset(small, fired=True, margin=True)
    assert_agrees(small, cases, decider(cases))


@pytest.mark.parametrize("node", [ir.Or, ir.And])
def test_a_condition_of_five_hundred_terms_compiles(node: type) -> None:
    condition = node(operands=terms(500, "=" if node is ir.Or else "!="))
    small = ruleset([rule("r", "reject", condition)], inputs={"x": ir.FloatType()})
    decisions = compile_ruleset(small)({"x": np.array([499.0, 500.0, np.nan], np.float32)})
    within = [0, -1, -2]
    assert np.asarray(decisions.rule).tolist() == (within if node is ir.Or else [-1, 0, -2])


@pytest.mark.parametrize(("node", "op"), [(ir.Or, "="), (ir.And, "<"), (ir.And, "!=")])
def test_margins_of_hundreds_of_terms(node: type, op: str) -> None:
    """They are computed in a loop; as one expression they took eight seconds to compile."""
    other = compare(ref("y"), "<", const(2.0))
    small = ruleset([rule("r", "reject", node(operands=(*terms(130, op), other)))])
    cases = {
        "x": np.array([129.5, 130.0, 7.0, -3.0, np.nan, 4.0], np.float32),
        "y": np.array([9.0, 9.0, 1.0, np.nan, 1.0, 2.0], np.float32),
    }
    decider = compile_ruleset(small, fired=True, margin=True)
    assert_agrees(small, cases, decider(cases))
    total = jax.grad(lambda x: _finite(decider({**cases, "x": x}).margin).sum())
    assert jnp.isfinite(total(cases["x"])).all()


def _finite(margin: jax.Array) -> jax.Array:
    return jnp.where(jnp.isfinite(margin), margin, 0)


def test_margins_of_many_inputs() -> None:
    names = [f"x{index}" for index in range(40)]
    either = ir.Or(operands=tuple(compare(ref(n), ">", ref("x0")) for n in names[1:]))
    small = ruleset([rule("r", "reject", either)], inputs=dict.fromkeys(("x", *names), FLOAT))
    cases = columns(small, 3, 30)
    decider = compile_ruleset(small, fired=True, margin=True)
    assert_agrees(small, cases, decider(cases))


def test_an_or_of_many_inputs_compiles() -> None:
    inputs: dict[str, ir.Type] = {f"x{index}": ir.FloatType() for index in range(200)}
    condition = ir.Or(operands=tuple(above(name, 1.0) for name in inputs))
    small = ruleset([rule("r", "reject", condition)], inputs=inputs)
    cases = columns(small, 3, 4) | {"x7": np.full(4, 2.0, np.float32)}
    assert np.asarray(compile_ruleset(small)(cases).rule).tolist() == [0] * 4


def chain(length: int, terms: int) -> ir.Ruleset:
    """Names that each add one more to `terms` uses of the name before."""
    derived = [derives("d0", X)]
    for index in range(1, length):
        before = [ref(f"d{index - 1}")] * (terms if terms == 2 else 1)
        parts: list[ir.Expr] = [*before, *[X] * (terms - len(before))]
        derived.append(
            derives(f"d{index}", functools.reduce(lambda a, b: arithmetic(a, "+", b), parts))
        )
    wanted = above(f"d{length - 1}", 3.0)
    return ruleset([rule("r", "reject", wanted)], inputs={"x": ir.FloatType()}, derived=derived)


@pytest.mark.parametrize(("length", "terms"), [(12, 40), (30, 2)])
@pytest.mark.parametrize("engine", ["xla", "reference"])
def test_chains_of_derived_names(length: int, terms: int, engine: str) -> None:
    decided = decide(chain(length, terms), {"x": [1.0, None]}, engine=engine)  # type: ignore[arg-type]
    assert decided.outcomes == ["reject", "refer"]
    assert decided.reasons[1] == "cannot be decided without x: rule r could apply"


def test_a_long_chain_is_explained_down_to_a_depth() -> None:
    explanation = explain(chain(500, 3), {"x": None})
    assert explanation.needed == ("x",)
    assert "d499 = d498 + x + x" in str(explanation)
    assert explanation.to_json()["rules"]


def test_a_shared_name_is_explained_once() -> None:
    told = str(explain(chain(30, 2), {"x": 1.0}))
    assert len(told.splitlines()) < 100
    assert told.count("d28 = d27 + d27") == 1
