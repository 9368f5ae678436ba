"""The table form decides as NumPy does, for every hit policy, and compiles once per shape."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from random import Random
from typing import Any

import jax
import numpy as np
import pytest

from rules.engines.arrays import Extras, decide_numpy
from rules.engines.decisions import Decisions
from rules.engines.table_circuit import Circuit, circuit
from rules.engines.table_plan import arrange
from rules.engines.table_rules import BLOCK, decide_table, suits
from rules.engines.xla import compile_ruleset
from rules.language import ir

FLOAT, INT = ir.FloatType(), ir.IntType(-5, 5)
COLOUR = ir.EnumType(("red", "green", "blue"))
INPUTS: dict[str, ir.Type] = {"x": FLOAT, "y": FLOAT, "n": INT, "e": COLOUR, "b": ir.BOOL}
VALUES = (0.0, -0.0, 0.1, 2.0**-126, 1.5 * 2.0**-126, -(2.0**-126), 1e-45, 1.0, 3.4e38, -1.0)
OUTCOMES = ("reject", "refer", "approve")


def ref(name: str) -> ir.Ref:
    return ir.Ref(name=name, type=INPUTS.get(name, ir.BOOL))


def comparison(random: Random, name: str) -> ir.Expr:
    match INPUTS[name]:
        case ir.BoolType():
            return ref(name)
        case ir.EnumType(members=members):
            constant = ir.Const(value=random.choice(members), type=COLOUR)
            return ir.Compare(op=random.choice(("=", "!=")), left=ref(name), right=constant)
        case ir.FloatType():
            value: float = float(np.float32(random.choice(VALUES)))
            constant = ir.Const(value=value, type=FLOAT)
        case _:
            constant = ir.Const(value=random.choice((-5, 0, 3, ir.INT_MAX, ir.INT_MIN)), type=INT)
    operands: list[ir.Expr] = [ref(name), constant]
    sides = random.sample(operands, 2)
    op = random.choice(("<", "<=", ">", ">=", "=", "!="))
    return ir.Compare(op=op, left=sides[0], right=sides[1])


def condition(random: Random, names: list[str], depth: int) -> ir.Expr:
    kind = random.choice(("compare", "compare", "name", "unknown", "and", "or", "not"))
    if not depth or kind == "compare":
        return comparison(random, random.choice(list(INPUTS)))
    if kind == "name":
        return ref(random.choice(names)) if names else ir.Const(value=True, type=ir.BOOL)
    if kind == "unknown":
        return ir.IsUnknown(operand=ref(random.choice(list(INPUTS))))
    if kind == "not":
        return ir.Not(operand=condition(random, names, depth - 1))
    parts = tuple(condition(random, names, depth - 1) for _ in range(random.choice((2, 3, 6))))
    return ir.And(operands=parts) if kind == "and" else ir.Or(operands=parts)


def draw(seed: int, policy: str, rules: int = 40) -> ir.Ruleset:
    random = Random(f"{policy} {seed}")
    derived: list[ir.Derived] = []
    for number in range(4):
        names = [item.name for item in derived]
        clauses = tuple(condition(random, names, 2) for _ in range(2))
        derived.append(ir.Derived(name=f"d{number}", type=ir.BOOL, clauses=clauses))
    names = [item.name for item in derived]
    # Rare enough that every status occurs: few rules fire, and few are unknown.
    conditions = [
        ir.And(operands=tuple(condition(random, names, 2) for _ in range(random.randint(2, 7))))
        for _ in range(rules)
    ]
    return ir.Ruleset(
        name="random",
        version=1,
        inputs=tuple(ir.Input(name=name, type=type_) for name, type_ in INPUTS.items()),
        derived=tuple(derived),
        decision=ir.Decision(
            name="outcome",
            outcomes=OUTCOMES,
            policy=policy,
            default=random.choice((*OUTCOMES, *[None] * (policy == "collect"))),
            unknown=random.choice(OUTCOMES),
        ),
        rules=tuple(
            ir.Rule(
                name=f"r{number}",
                title="",
                outcome=random.choice(OUTCOMES),
                condition=item,
                because=(),
                priority=random.randint(0, 3),
            )
            for number, item in enumerate(conditions)
        ),
        constraints=(
            ir.Constraint(title="hard", condition=comparison(random, "n"), allowed=("refer",)),
            ir.Constraint(
                title="soft", condition=comparison(random, "x"), allowed=("reject",), weight=2.0
            ),
        ),
    )


def batch(seed: int, size: int, missing: float = 0.1) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    floats = np.array((*VALUES, np.inf, 0.5), np.float32)
    columns: dict[str, Any] = {
        "x": random.choice(floats, size),
        "y": random.choice(floats, size),
        "n": random.integers(-6, 7, size, np.int32),
        "e": random.integers(-1, 3, size, np.int32),
        "b": random.integers(0, 2, size, np.int8),
    }
    absent = {"x": np.nan, "y": np.nan, "n": -(2**31), "e": -1, "b": -1}
    for name, column in columns.items():
        column[random.random(size) < missing] = absent[name]
    return columns


def assert_same(found: Decisions, wanted: Decisions) -> None:
    for name, a, b in zip(Decisions._fields, found, wanted, strict=True):
        if b is not None and not isinstance(b, dict):
            np.testing.assert_array_equal(np.asarray(a), np.asarray(b), err_msg=name)
            assert np.asarray(a).dtype == np.asarray(b).dtype, name


@pytest.mark.parametrize("policy", ir.POLICIES)
def test_blocks_that_lack_a_value_and_blocks_that_do_not(policy: str) -> None:
    ruleset = draw(1, policy)
    decider = compile_ruleset(ruleset, fired=True, violated=True, form="table")
    complete: dict[str, np.ndarray] = {
        "x": np.linspace(-1, 1, 3 * BLOCK, dtype=np.float32),
        "y": np.linspace(1, -2, 3 * BLOCK, dtype=np.float32),
        "n": np.arange(3 * BLOCK, dtype=np.int32) % 11 - 5,
        "e": np.arange(3 * BLOCK, dtype=np.int32) % 3,
        "b": (np.arange(3 * BLOCK) % 2).astype(np.int8),
    }
    lacking = {name: column.copy() for name, column in complete.items()}
    lacking["x"][BLOCK + 7] = np.nan  # one value, of the middle block
    lacking["b"][2 * BLOCK - 1] = -1
    for columns in (complete, lacking):
        wanted = decide_numpy(ruleset, columns, Extras(fired=True, violated=True))
        assert_same(decider(columns), wanted)


@pytest.mark.parametrize("policy", ir.POLICIES)
def test_it_decides_as_numpy_does(policy: str) -> None:
    extras = Extras(fired=True, violated=True)
    statuses = set[int]()
    for seed in range(1):
        ruleset = draw(seed, policy)
        decider = compile_ruleset(ruleset, fired=True, violated=True, form="table")
        columns = batch(seed, BLOCK + 100)
        wanted = decide_numpy(ruleset, columns, extras)
        assert_same(decider(columns), wanted)
        statuses |= set(np.minimum(wanted.rule, 0).tolist())
    assert len(statuses) > 1


def test_margins_and_derived_values_are_those_of_the_fused_form() -> None:
    ruleset = draw(3, "first", rules=3)
    columns = batch(3, 50)
    options: dict[str, Any] = {"margin": True, "derived": ("d0", "d3")}
    table = compile_ruleset(ruleset, form="table", **options)(columns)
    fused = compile_ruleset(ruleset, form="fused", **options)(columns)
    assert_same(table, fused)
    for name in ("d0", "d3"):
        np.testing.assert_array_equal(table.derived[name], fused.derived[name])


def thresholds(values: list[float]) -> ir.Ruleset:
    """A rule for each value: the larger x, the earlier."""
    rules = tuple(
        ir.Rule(
            name=f"r{index}",
            title="",
            outcome=OUTCOMES[index % 2],
            condition=ir.Compare(op=">", left=ref("x"), right=ir.Const(value=value, type=FLOAT)),
            because=(),
        )
        for index, value in enumerate(values)
    )
    return dataclasses.replace(draw(0, "first", rules=0), derived=(), rules=rules, constraints=())


def test_other_thresholds_are_not_compiled_anew() -> None:
    columns = batch(0, 64)
    first = compile_ruleset(thresholds([3.0, 2.0, 1.0]), form="table")
    first(columns)
    compiled = decide_table.programs
    other = thresholds([0.5, 0.25])
    assert_same(compile_ruleset(other, form="table")(columns), decide_numpy(other, columns))
    assert decide_table.programs == compiled


def test_params_are_arguments() -> None:
    cutoff = ir.Param(name="cutoff", type=FLOAT, value=0.75)
    above = ir.Compare(op=">", left=ref("x"), right=ir.Ref(name="cutoff", type=FLOAT))
    plain = thresholds([5.0])
    ruleset = dataclasses.replace(
        plain, params=(cutoff,), rules=(dataclasses.replace(plain.rules[0], condition=above),)
    )
    decider = compile_ruleset(ruleset, form="table")
    columns = batch(0, 64, missing=0.0) | {"x": np.linspace(0, 1, 64, dtype=np.float32)}
    assert (np.asarray(decider(columns).rule) == 0).sum() == 16
    assert (np.asarray(decider(columns, {"cutoff": 0.5}).rule) == 0).sum() == 32


@pytest.mark.parametrize("size", [(), (0,), (1,), (3, 5)])
def test_batches_of_any_shape(size: tuple[int, ...]) -> None:
    ruleset = thresholds([3.0, 2.0, 1.0])
    count = int(np.prod(size))
    columns = {name: column[:count].reshape(size) for name, column in batch(0, 20).items()}
    assert_same(
        compile_ruleset(ruleset, form="table", fired=True)(columns),
        decide_numpy(ruleset, columns, Extras(fired=True)),
    )


def test_jit_vmap_and_shard_map_change_nothing() -> None:
    ruleset = thresholds([3.0, 2.0, 1.0])
    columns = batch(0, 64)
    decider = compile_ruleset(ruleset, form="table")
    plain = decide_numpy(ruleset, columns)
    assert_same(jax.jit(decider)(columns), plain)
    assert_same(jax.vmap(decider)(columns), plain)
    mesh = jax.make_mesh((1,), ("data",), (jax.sharding.AxisType.Auto,))
    spec = jax.sharding.PartitionSpec("data")
    mapped = jax.shard_map(decider, mesh=mesh, in_specs=(spec,), out_specs=spec)
    assert_same(jax.jit(mapped)(columns), plain)


def test_a_chain_of_any_length_compiles() -> None:
    derived = [ir.Derived(name="d0", type=ir.BOOL, clauses=(ref("b"),))]
    for index in range(1, 600):
        operands = (ref(f"d{index - 1}"), comparison(Random(index), "x"))
        joined = ir.And(operands=operands) if index % 2 else ir.Or(operands=operands)
        derived.append(
            ir.Derived(name=f"d{index}", type=ir.BOOL, clauses=(ir.Not(operand=joined),))
        )
    plain = thresholds([1.0])
    rule = dataclasses.replace(plain.rules[0], condition=ref("d599"))
    ruleset = dataclasses.replace(plain, derived=tuple(derived), rules=(rule,))
    columns = batch(5, 200)
    assert_same(compile_ruleset(ruleset, form="table")(columns), decide_numpy(ruleset, columns))


def test_many_rules_about_few_values_are_a_table() -> None:
    many = thresholds([float(index) for index in range(200)])
    few = thresholds([1.0, 2.0])
    assert suits(many, Extras(), lambda: arrange(many, Extras())[0])
    assert not suits(many, Extras(margin=True), lambda: pytest.fail("needs no layout"))
    assert not suits(few, Extras(), lambda: pytest.fail("needs no layout"))
    columns = batch(0, 64)
    found = compile_ruleset(many)(columns)
    assert_same(found, decide_numpy(many, columns))


def test_equal_comparisons_are_one_row() -> None:
    layout, _ = arrange(thresholds([1.0] * 100), Extras())
    assert layout.literals == (32, 0)


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ValueError, match=r"found form 'fast', expected one of auto, fused, table"):
        compile_ruleset(thresholds([1.0]), form="fast")  # type: ignore[arg-type]


def test_choosing_the_form_and_deciding_make_one_circuit(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ir.Ruleset] = []

    def counted(ruleset: ir.Ruleset, conditions: Sequence[ir.Expr]) -> Circuit:
        made.append(ruleset)
        return circuit(ruleset, conditions)

    monkeypatch.setattr("rules.engines.table_plan.circuit", counted)
    decider = compile_ruleset(thresholds([float(index) for index in range(200)]))
    decider(batch(0, 64))
    decider(batch(1, 64))
    assert len(made) == 1
