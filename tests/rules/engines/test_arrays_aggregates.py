"""Aggregates over arrays: order, rounding, what is unknown; and XLA's hands off the sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rules
from rules.engines.arrays import Extras, decide_numpy
from rules.engines.reference import evaluate
from rules.engines.values import INT_MISSING, TINY
from rules.engines.xla import compile_ruleset
from rules.language import ir
from tests.rules.engines.arrays_building import derived_names

FUNCTIONS = ("sum", "min", "max", "mean")


def aggregates(size: int) -> ir.Ruleset:
    lines = [f"derive {f}_x: float = {f} g where on(g): x(g) * x(g)" for f in FUNCTIONS]
    lines += [
        f"derive {f}_n: {'float' if f == 'mean' else 'int'} = {f} g where on(g): n(g)"
        for f in FUNCTIONS
    ]
    lines += [
        "derive count_on: int = count g: on(g)",
        "derive pairs: float = sum g, m where on(g): x(g) * weight(m)",
        "derive sixes: int = sum m in Month: 6",
        "derive apart: int = count g, h: on(g) and on(h) and g != h",
        "derive late_months: int = sum m where weight(m) > 1: m",
        "derive share(g in G): float = x(g) / (sum h: x(h))",
    ]
    return rules.parse(
        f"""
ruleset aggregates version 1
entity G max {size}
entity Month in 1..3
input on(G): bool
input x(G): float
input n(G): int in -9..90
input weight(Month): float
{chr(10).join(lines)}
decide outcome in {{no, yes}}
    policy first
    default no
    unknown no
"""
    )


def columns(size: int, count: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    x = (
        rng.standard_normal((count, size)) * np.exp(rng.standard_normal((count, size)) * 4)
    ).astype(np.float32)
    x[rng.random(x.shape) < 0.03] = np.nan
    n = rng.integers(-9, 91, (count, size)).astype(np.int32)
    n[rng.random(n.shape) < 0.05] = INT_MISSING
    rare = rng.random((count, 1))
    return {
        "x": x,
        "n": n,
        "on": np.where(rng.random(n.shape) < 0.05 * rare, -1, rng.random(n.shape) < rare).astype(
            np.int8
        ),
        "G": np.where(rng.random(n.shape) < 0.05 * rare, -1, rng.random(n.shape) < 0.8).astype(
            np.int8
        ),
        "weight": rng.standard_normal((count, 3)).astype(np.float32),
    }


def case(batch: dict[str, Any], row: int) -> dict[str, Any]:
    truth: dict[int, bool | None] = {1: True, 0: False, -1: None}
    there = [i for i, code in enumerate(batch["G"][row]) if code]
    told: dict[str, Any] = {
        "G": {i + 1: truth[int(batch["G"][row, i])] for i in there},
        "on": {i + 1: truth[int(batch["on"][row, i])] for i in there},
        "x": {i + 1: float(batch["x"][row, i]) for i in there},
        "n": {i + 1: int(batch["n"][row, i]) for i in there},
        "weight": batch["weight"][row].tolist(),
    }
    told["n"] = {i: None if n == INT_MISSING else n for i, n in told["n"].items()}
    return told


@pytest.mark.parametrize("size", [1, 5, 20])  # 20: sums are loops
def test_they_agree_with_the_reference_bit_by_bit(size: int) -> None:
    ruleset = aggregates(size)
    names = derived_names(ruleset)
    batch = columns(size, 40, size)
    host = decide_numpy(ruleset, batch, Extras(derived=names)).derived
    device = compile_ruleset(ruleset, derived=names)(batch).derived
    known = dict.fromkeys(names, 0)
    for name in names:
        np.testing.assert_array_equal(device[name], host[name], err_msg=name)
    for row in range(40):
        expected = evaluate(ruleset, case(batch, row)).values
        for item in ruleset.derived:
            wanted = expected[item.name]
            found = host[item.name][row]
            for objects, value in wanted.items() if item.parameters else [((), wanted)]:  # type: ignore[union-attr]
                got = found[tuple(label - 1 for label in objects)]
                missing = np.isnan(got) if got.dtype == np.float32 else got == INT_MISSING
                if value is None:
                    assert missing, f"{item.name} in row {row} is {got}, expected unknown"
                else:
                    assert got == value, f"{item.name} in row {row} is {got}, expected {value}"
                    known[item.name] += 1
    assert all(known.values()), known


@pytest.mark.parametrize("size", [8, 40])
def test_sums_under_jit_round_after_each_addition(size: int) -> None:
    """Neither reassociated, nor contracted with the products that they add."""
    ruleset = aggregates(size)
    rng = np.random.default_rng(size)
    x = (rng.standard_normal((5_000, size)) * 10.0 ** rng.integers(-6, 6, (5_000, size))).astype(
        np.float32
    )
    ones = np.ones(x.shape, bool)
    batch = {
        "x": x,
        "n": np.ones(x.shape, np.int32),
        "on": ones,
        "G": ones,
        "weight": np.ones((5_000, 3), np.float32),
    }
    found = np.asarray(compile_ruleset(ruleset, derived=["sum_x"])(batch).derived["sum_x"])
    wanted = np.zeros(5_000, np.float32)
    for term in (x * x).T:
        wanted = wanted + term
    assert found.tobytes() == wanted.tobytes()


def test_each_partial_sum_is_canonical() -> None:
    """Specks vanish on the way, and what overflows once is unknown for good."""
    ruleset = rules.parse(
        """
ruleset sums version 1
entity G max 3
input x(G): float
derive total: float = sum g: x(g)
decide outcome in {no, yes}
    policy first
    default no
    unknown no
"""
    )
    big, speck = np.float32(3e38), np.float32(TINY) * np.float32(1.5)
    x = np.array(
        [[big, big, -big], [speck, -2 * speck / 1.5, 1.0], [1e8, 1.0, -1e8], [0.0, -0.0, -0.0]],
        np.float32,
    )
    batch = {"x": x, "G": np.ones((4, 3), bool)}
    found = np.asarray(compile_ruleset(ruleset, derived=["total"])(batch).derived["total"])
    assert np.isnan(found[0])
    assert found[1:].tobytes() == np.array([1.0, 0.0, 0.0], np.float32).tobytes()
    host = decide_numpy(ruleset, batch, Extras(derived=("total",))).derived["total"]
    np.testing.assert_array_equal(found, host)
