"""The XLA engine with joins, aggregates and recursion, under JAX's transformations."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, PartitionSpec

import rules
from rules.engines.arrays import Extras, decide_numpy
from rules.engines.decisions import UNKNOWN, Decisions
from rules.engines.xla import CompiledRuleset, compile_ruleset
from rules.language.settings import with_params
from tests.rules.engines.arrays_building import batch, derived_names, policy

POLICY = policy()
NAMES = derived_names(POLICY)
COUNT = 64


@pytest.fixture(scope="module")
def decider() -> CompiledRuleset:
    return compile_ruleset(POLICY, fired=True, derived=NAMES, violated=True)


@pytest.fixture(scope="module")
def measuring() -> CompiledRuleset:
    return compile_ruleset(POLICY, margin=True)


@pytest.fixture(scope="module")
def cases() -> dict[str, Any]:
    return {name: jnp.asarray(column) for name, column in batch(POLICY, 7, COUNT).items()}


@pytest.fixture(scope="module")
def plain(decider: CompiledRuleset, cases: dict[str, Any]) -> Decisions:
    return decider(cases)


def assert_same(found: Decisions, wanted: Decisions) -> None:
    jax.tree.map(np.testing.assert_array_equal, found, wanted)


def joined(split: Decisions) -> Decisions:
    return jax.tree.map(lambda a: a.reshape(COUNT, *a.shape[2:]), split)


def test_it_equals_numpy(
    plain: Decisions, measuring: CompiledRuleset, cases: dict[str, Any]
) -> None:
    extras = Extras(fired=True, margin=True, derived=NAMES, violated=True)
    columns = {name: np.asarray(column) for name, column in cases.items()}
    host = decide_numpy(POLICY, columns, extras)
    np.testing.assert_allclose(measuring(columns).margin, host.margin, rtol=1e-5)
    assert_same(plain, host._replace(margin=None))
    assert len(np.unique(plain.rule)) > 3  # a batch that says something
    assert plain.violated.any()


def test_jit_vmap_and_no_jit(
    decider: CompiledRuleset, cases: dict[str, Any], plain: Decisions
) -> None:
    assert_same(jax.jit(decider)(cases), plain)
    assert_same(jax.vmap(decider)(cases), plain)
    few = {name: column[:2] for name, column in cases.items()}
    with jax.disable_jit():
        assert_same(decider(few), jax.tree.map(lambda column: column[:2], plain))


def test_pmap_and_shard_map(
    decider: CompiledRuleset, cases: dict[str, Any], plain: Decisions
) -> None:
    devices = jax.devices()
    assert len(devices) == 8
    split = {name: column.reshape(8, 8, *column.shape[1:]) for name, column in cases.items()}
    assert_same(joined(jax.pmap(decider)(split)), plain)
    mesh, spec = Mesh(np.array(devices), ("data",)), PartitionSpec("data")
    mapped = jax.shard_map(decider, mesh=mesh, in_specs=(spec,), out_specs=spec)
    assert_same(jax.jit(mapped)(cases), plain)


def test_sharded_inputs(decider: CompiledRuleset, cases: dict[str, Any], plain: Decisions) -> None:
    mesh = Mesh(np.array(jax.devices()), ("data",))
    sharding = jax.sharding.NamedSharding(mesh, PartitionSpec("data"))
    assert_same(decider(jax.device_put(cases, sharding)), plain)


def test_any_leading_shape(
    decider: CompiledRuleset, cases: dict[str, Any], plain: Decisions
) -> None:
    split = {name: column.reshape(4, 16, *column.shape[1:]) for name, column in cases.items()}
    grid = decider(split)
    assert grid.derived["ancestor"].shape == (4, 16, 5, 5)
    assert_same(joined(grid), plain)
    one = decider({name: column[3] for name, column in cases.items()})
    assert_same(one, jax.tree.map(lambda column: column[3], plain))
    none = decider({name: column[:0] for name, column in cases.items()})
    assert none.outcome.shape == (0,) and none.derived["score"].shape == (0, 4)


def test_columns_broadcast(decider: CompiledRuleset, cases: dict[str, Any]) -> None:
    """One case's relations with many incomes."""
    one = {name: column[5] for name, column in cases.items()}
    incomes = jnp.asarray([1.0, 100.0, 1e6, jnp.nan])
    many = decider({**one, "income": incomes})
    assert many.derived["ancestor"].shape == (4, 5, 5)
    for index, income in enumerate(incomes):
        assert decider({**one, "income": income}).rule == many.rule[index]


def test_it_is_exported(decider: CompiledRuleset, cases: dict[str, Any], plain: Decisions) -> None:
    def flat(columns: dict[str, Any]) -> tuple[Any, ...]:
        decisions = decider(columns)
        return decisions.outcome, decisions.rule, decisions.derived["ancestor"]

    pytest.importorskip("flatbuffers")  # JAX writes what it exports with it
    exported = jax.export.export(jax.jit(flat))(cases)
    again = jax.export.deserialize(exported.serialize())
    outcome, rule, ancestor = again.call(cases)
    np.testing.assert_array_equal(outcome, plain.outcome)
    np.testing.assert_array_equal(rule, plain.rule)
    np.testing.assert_array_equal(ancestor, plain.derived["ancestor"])


def test_it_is_exported_for_any_number_of_cases(
    decider: CompiledRuleset, cases: dict[str, Any], plain: Decisions
) -> None:
    (size,) = jax.export.symbolic_shape("b")
    shapes = {
        name: jax.ShapeDtypeStruct((size, *column.shape[1:]), column.dtype)
        for name, column in cases.items()
    }
    exported = jax.export.export(jax.jit(lambda columns: decider(columns).rule))(shapes)
    for count in (1, 7, COUNT):
        some = {name: column[:count] for name, column in cases.items()}
        np.testing.assert_array_equal(exported.call(some), plain.rule[:count])


def test_margins_are_differentiable(measuring: CompiledRuleset, cases: dict[str, Any]) -> None:
    floats = {name: cases[name] for name in ("p_default", "income", "amount", "earns")}

    def total(floats: dict[str, jax.Array]) -> jax.Array:
        margin = measuring({**cases, **floats}).margin
        return jnp.where(jnp.isfinite(margin), margin, 0).sum()

    slopes = jax.grad(total)(floats)
    for name, slope in slopes.items():
        assert jnp.isfinite(slope).all(), name
    assert any((slope != 0).any() for slope in slopes.values())


def test_the_gradient_goes_through_sums_and_the_nearest_object() -> None:
    small = rules.parse(
        """
ruleset small version 1
entity G max 3
input earns(G): float
derive total: float = sum g: earns(g)
decide outcome in {no, yes}
    policy first
    default no
    unknown no
rule much "much"
    outcome = yes
    if total > 100
rule one "one"
    outcome = yes
    if some g: earns(g) > 80
"""
    )
    decider = compile_ruleset(small, margin=True)
    present = jnp.ones(3, bool)

    def margin(earns: jax.Array) -> jax.Array:
        return decider({"earns": earns, "G": present}).margin

    # total 58: slack -42 / 100. The nearest of the objects: 30 - 80, over 80.
    np.testing.assert_allclose(jax.grad(margin)(jnp.asarray([10.0, 30.0, 18.0])), [-0.01] * 3)
    # total 65 - 100, but one object has 60 - 80, over 80.
    slope = jax.grad(margin)(jnp.asarray([60.0, 3.0, 2.0]))
    np.testing.assert_allclose(slope, [-1 / 80, 0, 0])


def test_ten_thousand_settings_are_one_compiled_call(cases: dict[str, Any]) -> None:
    decider = compile_ruleset(POLICY)
    thresholds = jnp.linspace(0, 1, 10_000, dtype=jnp.float32)
    few = {name: column[:16] for name, column in cases.items()}
    sweep = jax.jit(jax.vmap(lambda cutoff: decider(few, {"cutoff": cutoff}).outcome))
    outcomes = sweep(thresholds)
    assert outcomes.shape == (10_000, 16)
    for index in (0, 2_500, 9_999):
        setting = with_params(POLICY, {"cutoff": float(thresholds[index])})
        np.testing.assert_array_equal(outcomes[index], compile_ruleset(setting)(few).outcome)


def test_params_are_arguments(cases: dict[str, Any], capfd: Any) -> None:
    decider = compile_ruleset(POLICY)
    with jax.log_compiles():
        for cutoff, most in ((0.1, 2), (0.2, 3), (0.9, 1)):
            found = decider(cases, {"cutoff": np.float32(cutoff), "most": most})
            wanted = decide_numpy(with_params(POLICY, {"cutoff": cutoff, "most": most}), cases)
            np.testing.assert_array_equal(found.rule, wanted.rule)
    assert capfd.readouterr().err.count("Compiling jit(_decide)") <= 1
    each = decider(cases, {"cutoff": jnp.linspace(0, 1, COUNT, dtype=jnp.float32)})
    assert each.rule.shape == (COUNT,)


def test_another_batch_of_the_same_shape_is_not_compiled_again(cases: dict[str, Any]) -> None:
    decider = compile_ruleset(POLICY)
    for seed in range(3):
        decider(batch(POLICY, seed, 8))
    assert decider._compiled.programs == 1


@pytest.mark.parametrize(
    ("params", "error", "text"),
    [
        (
            {"cutof": 0.3},
            ValueError,
            "no param cutof; its params: cutoff, most, home; did you mean",
        ),
        ({"cutoff": 3.0}, ValueError, "param cutoff: found 3.0, expected a number >= 0 and <= 1"),
        ({"cutoff": "much"}, TypeError, "cutoff: found 'much'"),
        ({"cutoff": np.ones(3, np.int32)}, TypeError, "column cutoff is int32, expected float32"),
        ({"cutoff": np.ones(3, np.float32)}, ValueError, "cutoff has shape (3,)"),
        ({"home": "XX"}, ValueError, "a param has a text that columns have no code for"),
    ],
)
def test_unfit_params_are_told(
    cases: dict[str, Any], params: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as caught:
        compile_ruleset(POLICY)(cases, params)
    assert text in str(caught.value)


def test_a_runtime_param_out_of_bounds_is_unknown(cases: dict[str, Any]) -> None:
    """As in a column: whoever sweeps does not get an outcome for a setting that cannot be."""
    decider = compile_ruleset(POLICY, derived=["stretched", "strong"])
    decisions = decider(cases, {"cutoff": np.float32(1.5)})
    waiting = (decisions.derived["stretched"] == 1) & (decisions.derived["strong"] == 0)
    assert (decisions.rule[waiting] == UNKNOWN).any() and not (decisions.rule == 0).any()


def test_rule_sets_that_arrays_cannot_decide_are_refused() -> None:
    text = """
ruleset people version 1
entity Person
input rich(Person): bool
decide outcome in {no, yes}
    policy first
    default no
    unknown no
rule some_one "some one" [since 2026-01-01]
    outcome = yes
    if some x: rich(x)
"""
    with pytest.raises(ValueError, match=r"rule some_one holds since 2026-01-01; .*on=date"):
        compile_ruleset(rules.parse(text))
    with pytest.raises(ValueError, match=r"entity Person has no bound.*`entity Person max"):
        compile_ruleset(rules.parse(text.replace(" [since 2026-01-01]", "")))
