"""XLA rewrites arithmetic; these are the rewrites that would change a decision, held off.

Each test compares derived values under jit with NumPy's float32 (or int64) arithmetic, bit
for bit, on values chosen to make the forbidden rewrite visible.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rules.engines.values import FLOAT_MAX, INT_MISSING, TINY
from rules.engines.xla import compile_ruleset
from rules.language import ir
from tests.rules.engines.building import arithmetic, compare, const, derives, ref, rule, ruleset

COUNT = 50_000
Array = np.ndarray
A, B, C = (ref(name) for name in "abc")
FLOATS: dict[str, ir.Type] = {name: ir.FloatType() for name in "abc"}
INTS: dict[str, ir.Type] = {name: ir.IntType() for name in "nm"}


def derive(
    exprs: dict[str, ir.Expr], inputs: dict[str, ir.Type], columns: dict[str, Array]
) -> dict[str, Array]:
    """Derived values under XLA, of one compiled rule set."""
    rules = [rule("r", "reject", compare(const(1.0), ">", const(2.0)))]
    derived = [derives(name, expr) for name, expr in exprs.items()]
    decider = compile_ruleset(ruleset(rules, inputs=inputs, derived=derived), derived=tuple(exprs))
    return {name: np.asarray(column) for name, column in decider(columns).derived.items()}


def canonical(array: Array) -> Array:
    """The number contract, for arrays, written without the code under test."""
    array = np.where(np.abs(array) <= np.float32(TINY), np.float32(0), array)
    return np.where(np.isfinite(array), array, np.float32(np.nan))


def same_bits(found: Array, wanted: Array) -> None:
    wrong = (found.view(np.int32) != wanted.view(np.int32)) & ~(np.isnan(found) & np.isnan(wanted))
    assert not wrong.any(), (
        f"{wrong.sum()} differ: {found[wrong][:4]}, expected {wanted[wrong][:4]}"
    )


def random_floats(seed: int) -> Array:
    """Half of all bit patterns, half of ordinary size."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2**32, COUNT, dtype=np.uint32).view(np.float32)
    plain = (rng.standard_normal(COUNT) * np.exp(rng.standard_normal(COUNT) * 3)).astype(np.float32)
    return canonical(np.where(rng.random(COUNT) < 0.5, bits, plain))


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


def test_products_and_sums_are_not_contracted() -> None:
    """With a fused multiply-add, `a * b - round(a * b)` is the rounding error, not 0."""
    a, b = random_floats(0), random_floats(1)
    product = canonical(a * b)
    ab = arithmetic(A, "*", B)
    found = derive(
        {
            "minus": arithmetic(ab, "-", C),
            "reverse": arithmetic(C, "-", ab),
            "plus": arithmetic(arithmetic(const(0.0), "-", C), "+", ab),
            "squares": arithmetic(arithmetic(A, "*", A), "-", arithmetic(B, "*", B)),
            "chain": arithmetic(arithmetic(ab, "*", C), "+", ab),
        },
        FLOATS,
        {"a": a, "b": b, "c": product},
    )
    zero = np.where(np.isnan(product), product, np.float32(0))
    for name in ("minus", "reverse", "plus"):
        same_bits(found[name], zero)
    same_bits(found["squares"], canonical(canonical(a * a) - canonical(b * b)))
    same_bits(found["chain"], canonical(canonical(product * product) + product))


@pytest.mark.parametrize("divisor", [3.0, 7.1, 0.1, 49.0, 1e30, 2.0, 1e-3, 0.0])
def test_division_by_a_constant_is_a_division(divisor: float) -> None:
    """XLA would multiply by the reciprocal, which rounds twice."""
    a = random_floats(2)
    value = np.float32(divisor)
    by = const(float(value))
    third = const(float(np.float32(0.3)))
    found = derive(
        {
            "once": arithmetic(A, "/", by),
            "twice": arithmetic(arithmetic(A, "/", by), "/", third),
            "after": arithmetic(arithmetic(A, "*", by), "/", third),
            "folded": arithmetic(A, "/", arithmetic(by, "*", third)),
            "into": arithmetic(by, "/", A),
        },
        FLOATS,
        {"a": a, "b": a, "c": a},
    )
    k = np.float32(0.3)
    same_bits(found["once"], canonical(a / value))
    same_bits(found["twice"], canonical(canonical(a / value) / k))
    same_bits(found["after"], canonical(canonical(a * value) / k))
    same_bits(found["folded"], canonical(a / canonical(value * k)))
    same_bits(found["into"], canonical(value / a))


def test_constants_are_not_reassociated() -> None:
    a = random_floats(3)
    tenth, big = np.float32(0.1), np.float32(1e8)
    found = derive(
        {
            "sum": arithmetic(arithmetic(A, "+", const(float(big))), "-", const(float(big))),
            "product": arithmetic(
                arithmetic(A, "*", const(float(tenth))), "*", const(float(tenth))
            ),
        },
        FLOATS,
        {"a": a, "b": a, "c": a},
    )
    same_bits(found["sum"], canonical(canonical(a + big) - big))
    same_bits(found["product"], canonical(canonical(a * tenth) * tenth))


def test_specks_are_zero_before_they_are_compared() -> None:
    """XLA on CPU flushes subnormals in comparisons; the contract flushes them everywhere."""
    tiny = np.float32(TINY)
    a = np.array([1e-45, -1e-45, 1e-40, tiny, -tiny, 0.0, -0.0, np.nextafter(tiny, 1)], np.float32)
    zero = const(0.0)
    decider = compile_ruleset(
        ruleset(
            [
                rule("positive", "reject", compare(A, ">", zero)),
                rule("zero", "refer", compare(A, "=", zero)),
            ],
            inputs=FLOATS,
            derived=[derives("speck", arithmetic(A, "*", const(0.5)))],
        ),
        derived=["speck"],
    )
    decisions = decider({"a": a, "b": a, "c": a})
    assert np.asarray(decisions.rule).tolist() == [1, 1, 1, 1, 1, 1, 1, 0]
    assert np.asarray(decisions.derived["speck"]).tobytes() == np.zeros(8, np.float32).tobytes()


def test_results_that_round_up_to_the_smallest_normal_are_zero() -> None:
    """Flushing hardware gives 0 here and IEEE 754 gives 2**-126; the contract says 0."""
    a = np.array([np.nextafter(np.float32(1), np.float32(0))])
    b = np.array([np.nextafter(np.float32(TINY), np.float32(1))])
    found = derive({"edge": arithmetic(A, "*", B)}, FLOATS, {"a": a, "b": b, "c": b})
    assert found["edge"].tobytes() == np.float32(canonical(a * b)[0]).tobytes()


def test_overflow_and_division_by_zero_are_unknown() -> None:
    a = np.array([FLOAT_MAX, -FLOAT_MAX, 1.0, 0.0, 1e-20], np.float32)
    b = np.array([2.0, 2.0, 0.0, 0.0, 1e-30], np.float32)
    found = derive(
        {"product": arithmetic(A, "*", B), "ratio": arithmetic(A, "/", B)},
        FLOATS,
        {"a": a, "b": b, "c": a},
    )
    assert np.isnan(found["product"]).tolist() == [True, True, False, False, False]
    assert np.isnan(found["ratio"]).tolist() == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("function", "meaning"), [("floor", np.floor), ("ceil", np.ceil), ("round", np.rint)]
)
def test_rounding_functions(function: str, meaning: Callable[[Array], Array]) -> None:
    halves = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 2**23 + 1, -0.2, 0.0, 3e38], np.float32)
    a = np.concatenate([halves, random_floats(4)])
    found = derive(
        {"r": ir.Call(function=function, arguments=(A,), type=ir.FloatType())},
        FLOATS,
        {"a": a, "b": a, "c": a},
    )
    same_bits(found["r"], canonical(meaning(a)))


def test_whole_numbers() -> None:
    rng = np.random.default_rng(5)
    edges = np.array([ir.INT_MAX, ir.INT_MIN, -7, -1, 0, 1, 7, 2**24 + 1, INT_MISSING], np.int32)
    n, m = (rng.choice(edges, COUNT) for _ in range(2))
    left, right = (ref(name, ir.IntType()) for name in "nm")

    def call(function: str, *arguments: ir.Expr) -> ir.Expr:
        return ir.Call(function=function, arguments=arguments, type=ir.IntType())

    found = derive(
        {
            "mod": arithmetic(left, "mod", right),
            "abs": call("abs", left),
            "min": call("min", left, right),
            "max": call("max", left, right),
            "float": ir.ToFloat(operand=left, type=ir.FloatType()),
        },
        INTS,
        {"n": n, "m": m},
    )
    one, both = n != INT_MISSING, (n != INT_MISSING) & (m != INT_MISSING)
    wide = n.astype(np.int64), m.astype(np.int64)
    for name, known, wanted in (
        ("mod", both & (m != 0), np.mod(*wide)),
        ("abs", one, np.abs(wide[0])),
        ("min", both, np.minimum(*wide)),
        ("max", both, np.maximum(*wide)),
    ):
        assert (found[name] == np.where(known, wanted, INT_MISSING)).all(), name
    same_bits(found["float"], np.where(one, n.astype(np.float32), np.float32(np.nan)))
