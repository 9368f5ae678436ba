"""The XLA engine as a function: transformations, shapes, dtypes, errors."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, PartitionSpec

from rules.engines.decisions import DEFAULT, UNKNOWN, Decisions
from rules.engines.xla import CompiledRuleset, compile_ruleset
from rules.language import ir
from tests.rules.engines.agreement import assert_agrees
from tests.rules.engines.building import (
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

COLOUR = ir.EnumType(("red", "green", "blue"))
INPUTS: dict[str, ir.Type] = {
    "x": ir.FloatType(low=0.0, low_open=True),
    "y": ir.FloatType(),
    "n": ir.IntType(0, 90),
    "b": ir.BOOL,
    "e": COLOUR,
}
RATIO = ref("ratio")
POLICY = ruleset(
    [
        rule("far", "reject", ir.And(operands=(above("ratio", 3.0), ref("b", ir.BOOL)))),
        rule("many", "refer", above("n", 5, ir.IntType(0, 90))),
        rule("blue", "approve", compare(ref("e", COLOUR), "=", const("blue", COLOUR))),
        rule("close", "reject", compare(RATIO, "<", const(0.5))),
    ],
    inputs=INPUTS,
    derived=[derives("ratio", arithmetic(ref("y"), "/", ref("x")))],
)


@pytest.fixture(scope="module")
def decider() -> CompiledRuleset:
    return compile_ruleset(POLICY, fired=True, margin=True, derived=["ratio"])


@pytest.fixture(scope="module")
def batch() -> dict[str, Any]:
    return {name: jnp.asarray(column) for name, column in columns(POLICY, 7, 64).items()}


def assert_same(found: Decisions, wanted: Decisions) -> None:
    jax.tree.map(np.testing.assert_array_equal, found, wanted)


def test_it_agrees_on_a_hundred_thousand_rows(decider: CompiledRuleset) -> None:
    large = columns(POLICY, 1, 100_000)
    found = jax.tree.map(np.asarray, decider(large))
    rows = slice(0, 100_000, 401)
    some = {name: column[rows] for name, column in large.items()}
    assert_agrees(POLICY, some, jax.tree.map(lambda column: column[rows], found))
    assert found.outcome.dtype == found.rule.dtype == np.int8


def test_jit_and_vmap_change_nothing(decider: CompiledRuleset, batch: dict[str, Any]) -> None:
    plain = decider(batch)
    assert_same(jax.jit(decider)(batch), plain)
    assert_same(jax.vmap(decider)(batch), plain)
    with jax.disable_jit():
        assert_same(decider(batch), plain)


def test_pmap_and_shard_map_change_nothing(decider: CompiledRuleset, batch: dict[str, Any]) -> None:
    plain, devices = decider(batch), jax.devices()
    assert len(devices) == 8
    split = {name: column.reshape(8, 8) for name, column in batch.items()}
    parallel = jax.pmap(decider)(split)
    assert_same(jax.tree.map(lambda a: a.reshape(64, *a.shape[2:]), parallel), plain)
    mesh = Mesh(np.array(devices), ("data",))
    spec = PartitionSpec("data")
    mapped = jax.shard_map(decider, mesh=mesh, in_specs=(spec,), out_specs=spec)
    assert_same(jax.jit(mapped)(batch), plain)


def test_any_leading_shape(decider: CompiledRuleset, batch: dict[str, Any]) -> None:
    plain = decider(batch)
    grid = decider({name: column.reshape(4, 16) for name, column in batch.items()})
    assert grid.outcome.shape == (4, 16) and grid.fired.shape == (4, 16, 1)
    assert_same(jax.tree.map(lambda a: a.reshape(64, *a.shape[2:]), grid), plain)
    one = decider({name: column[3] for name, column in batch.items()})
    assert one.outcome.shape == () and one.rule == plain.rule[3]
    none = decider({name: column[:0] for name, column in batch.items()})
    assert none.outcome.shape == (0,) and none.fired.shape == (0, 1)


def test_scalars_broadcast(decider: CompiledRuleset) -> None:
    mixed = {"x": jnp.ones((3, 1)), "y": 9.0, "n": 3, "b": True, "e": jnp.zeros(2, jnp.int8)}
    decisions = decider(mixed)
    assert decisions.outcome.shape == (3, 2) and (decisions.rule == 0).all()


def test_rules_without_conditions_on_inputs_have_the_shape_of_the_batch() -> None:
    never = compare(const(1.0), ">", const(2.0))
    for rules in ([], [rule("never", "reject", never)]):
        decider = compile_ruleset(ruleset(rules), fired=True, margin=True)
        decisions = decider({"x": jnp.zeros(5), "y": jnp.zeros(5)})
        assert decisions.rule.tolist() == [DEFAULT] * 5
        assert decisions.fired.shape == (5, len(rules)) and decisions.margin.shape == (5,)


def test_no_inputs_at_all() -> None:
    bare = dataclasses.replace(ruleset([]), inputs=())
    assert compile_ruleset(bare)({}).rule.shape == ()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_narrow_floats_are_widened(decider: CompiledRuleset, dtype: str) -> None:
    # 0.1 in half precision is not 0.1; what counts is the value the column holds.
    narrow = jnp.asarray([0.1, 2.0, np.nan, np.inf], dtype)
    columns_ = {"x": narrow, "y": narrow * 2, "n": np.zeros(4, np.int32)}
    columns_ |= {"b": np.ones(4, bool), "e": np.zeros(4, np.int8)}
    wide = {**columns_, "x": narrow.astype("float32"), "y": columns_["y"].astype("float32")}
    assert_same(decider(columns_), decider(wide))


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")  # JAX's own cast
def test_float64_is_rounded(decider: CompiledRuleset) -> None:
    columns_ = {
        "x": np.array([1.0, 1e300]),
        "y": np.array([0.1, 1.0]),
        "n": np.zeros(2, np.int32),
        "b": np.ones(2, bool),
        "e": np.zeros(2, np.int32),
    }
    decisions = decider(columns_)
    assert decisions.derived["ratio"][0] == np.float32(0.1)
    assert decisions.rule[1] == UNKNOWN


def test_bool_columns_are_always_known(decider: CompiledRuleset, batch: dict[str, Any]) -> None:
    known = batch["b"].astype(jnp.int8) == jnp.int8(1)
    coded = {**batch, "b": known.astype(jnp.int8)}
    assert_same(decider({**batch, "b": known}), decider(coded))


def test_crisp_outcomes_have_zero_gradient(decider: CompiledRuleset, batch: dict[str, Any]) -> None:
    def total(x: Any) -> Any:
        return decider({**batch, "x": x}).outcome.astype(jnp.float32).sum()

    assert (jax.grad(total)(batch["x"]) == 0).all()


def test_margins_have_finite_gradients(decider: CompiledRuleset, batch: dict[str, Any]) -> None:
    def total(x: Any, y: Any) -> Any:
        margin = decider({**batch, "x": x, "y": y}).margin
        return jnp.where(jnp.isfinite(margin), margin, 0).sum()

    for slope in jax.grad(total, argnums=(0, 1))(batch["x"], batch["y"]):
        assert jnp.isfinite(slope).all()


def test_the_gradient_of_a_margin_is_its_slope() -> None:
    """x > 3 at x = 5: slack (5 - 3) / 5, slope 3 / 25."""
    decider = compile_ruleset(ruleset([rule("far", "reject", above("x", 3.0))]), margin=True)
    value, slope = jax.value_and_grad(lambda x: decider({"x": x, "y": x}).margin)(5.0)
    assert value == pytest.approx(0.4) and slope == pytest.approx(0.12)


def test_a_missing_factor_does_not_spoil_the_gradient_of_the_other() -> None:
    product = compare(arithmetic(ref("x"), "*", ref("y")), ">", const(1.0))
    either = ir.Or(operands=(product, above("x", 3.0)))
    decider = compile_ruleset(ruleset([rule("r", "reject", either)]), margin=True)
    slope = jax.grad(lambda x: decider({"x": x, "y": jnp.nan}).margin)(5.0)
    assert slope == pytest.approx(0.12)


def test_what_a_compiled_rule_set_tells(decider: CompiledRuleset) -> None:
    assert decider.ruleset is POLICY
    assert (decider.name, decider.sha256) == ("small", POLICY.sha256)
    assert decider.outcomes == ("reject", "refer", "approve")
    assert decider.rules == ("far", "many", "blue", "close")
    assert decider.inputs == INPUTS
    encoded = decider.encode({"x": 1.0, "y": 9.0, "n": 3, "b": True, "e": "red"})
    decisions = decider(encoded)
    assert decider.reasons(encoded, decisions) == ["the rule far"]


def test_extras_are_only_made_on_request(batch: dict[str, Any]) -> None:
    bare = compile_ruleset(POLICY)(batch)
    assert bare.fired is None and bare.margin is None and bare.derived == {}


FINE = {
    "x": np.ones(2, np.float32),
    "y": np.ones(2, np.float32),
    "n": np.ones(2, np.int32),
    "b": np.ones(2, bool),
    "e": np.ones(2, np.int32),
}


@pytest.mark.parametrize(
    ("changed", "error", "texts"),
    [
        ({"y": None, "yy": FINE["y"]}, ValueError, ["no column for input y", "found: x, n, b, e"]),
        ({"n": None, "N": FINE["n"]}, ValueError, ["input n", "did you mean N?", "-2**31"]),
        ({"x": np.ones(2, np.int32)}, TypeError, ["column x is int32, expected float32 or"]),
        ({"n": np.ones(2, np.int64)}, TypeError, ["column n is int64", "astype('int32')"]),
        ({"b": np.ones(2, np.float32)}, TypeError, ["column b is float32, expected bool or int8"]),
        ({"e": np.array(["red", "red"])}, TypeError, ["column e is <U3", "rules.cases.encode"]),
        ({"e": np.ones(3, np.int32)}, ValueError, ["column e has shape (3,)", "with (2,)"]),
    ],
)
def test_unfit_columns_are_told(
    decider: CompiledRuleset, changed: dict[str, Any], error: type[Exception], texts: list[str]
) -> None:
    unfit = {name: column for name, column in {**FINE, **changed}.items() if column is not None}
    with pytest.raises(error) as caught:
        decider(unfit)
    for text in ["rule set small", *texts]:
        assert text in str(caught.value)


def test_they_are_told_while_tracing(decider: CompiledRuleset) -> None:
    with pytest.raises(TypeError, match="column n is float32"):
        jax.jit(decider)({**FINE, "n": FINE["x"]})


def test_unfit_rule_sets_are_told() -> None:
    silent = dataclasses.replace(POLICY, decision=None, rules=())
    with pytest.raises(ValueError, match="rule set small decides nothing"):
        compile_ruleset(silent)
    many = tuple(f"o{number}" for number in range(32))
    collecting = functools.partial(ruleset, [], policy="collect", default=None, unknown="o0")
    with pytest.raises(ValueError, match="collects among 32 outcomes, expected at most 31"):
        compile_ruleset(collecting(outcomes=many))
    assert compile_ruleset(collecting(outcomes=many[:31]))
    with pytest.raises(ValueError, match=r"does not derive ratoi; .* did you mean ratio"):
        compile_ruleset(POLICY, derived=["ratoi"])


def test_all_thirty_one_outcomes_can_be_collected() -> None:
    outcomes = tuple(f"o{number}" for number in range(31))
    rules = [rule(f"r{name}", name, above("x", i)) for i, name in enumerate(outcomes)]
    collecting = ruleset(rules, policy="collect", default=None, unknown="o0", outcomes=outcomes)
    decisions = compile_ruleset(collecting)({"x": jnp.asarray([-1.0, 1.5, 99]), "y": jnp.zeros(3)})
    assert decisions.outcome.tolist() == [0, 3, 2**31 - 1]


def test_large_rule_sets_span_words() -> None:
    """Hundreds of rules: fired bits in several words, ranks beyond the first."""
    rules = [rule(f"r{i}", "reject" if i % 2 else "refer", above("x", i)) for i in range(100)]
    falling = ruleset(rules[::-1])
    decisions = compile_ruleset(falling, fired=True)(
        {"x": jnp.asarray([0.0, 0.5, 40.5, 99.5, jnp.nan]), "y": jnp.zeros(5)}
    )
    assert decisions.rule.tolist() == [DEFAULT, 99, 59, 0, UNKNOWN]
    assert decisions.fired.shape == (5, 4)
    bits = np.bitwise_count(np.asarray(decisions.fired)).sum(-1)
    assert bits.tolist() == [0, 1, 41, 100, 0]


@pytest.mark.parametrize("columns", [None, [1, 2]])
def test_what_is_no_mapping_of_columns_is_refused(decider: CompiledRuleset, columns: Any) -> None:
    with pytest.raises(TypeError, match="expected a mapping of arrays by input name"):
        decider(columns)
