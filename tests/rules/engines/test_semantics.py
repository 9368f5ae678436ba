"""What expressions mean for one case."""

from __future__ import annotations

import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engines.semantics import conjunction, disjunction, truth, value
from rules.engines.values import canonical
from rules.language import ir
from tests.rules.engines.building import above, arithmetic, compare, const, ref

INT = ir.IntType()
X, Y, N, M = ref("x"), ref("y"), ref("n", INT), ref("m", INT)
float32s = st.floats(width=32, allow_nan=False, allow_infinity=False).map(canonical)
KLEENE = (True, False, None)


def call(function: str, *arguments: ir.Expr) -> ir.Call:
    return ir.Call(function=function, arguments=arguments, type=arguments[0].type)


@given(float32s, float32s, st.sampled_from("+-*/"))
def test_float_arithmetic_is_float32_arithmetic(x: float, y: float, op: str) -> None:
    apply = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}[op]
    with np.errstate(all="ignore"):
        wanted = canonical(float(apply(np.float32(x), np.float32(y))))
    assert value(arithmetic(X, op, Y), {"x": x, "y": y}) == wanted


@given(st.integers(-(10**4), 10**4), st.integers(-(10**4), 10**4))
def test_whole_numbers(n: int, m: int) -> None:
    values = {"n": n, "m": m}
    for op, apply in (("+", operator.add), ("-", operator.sub), ("*", operator.mul)):
        assert value(arithmetic(N, op, M), values) == apply(n, m)
    rest = value(arithmetic(N, "mod", M), values)
    if m == 0:
        assert rest is None
    else:
        assert (n - rest) % m == 0 and abs(rest) < abs(m) and rest * m >= 0


@pytest.mark.parametrize(
    ("expr", "wanted"),
    [
        (call("min", X, Y), -2.5),
        (call("max", X, Y, const(3.0)), 3.0),
        (call("abs", Y), 2.5),
        (call("floor", Y), -3.0),
        (call("ceil", Y), -2.0),
        (call("round", Y), -2.0),  # half to even
        (call("round", const(3.5)), 4.0),
        (arithmetic(X, "/", const(0.0)), None),
        (arithmetic(const(3e38), "*", const(10.0)), None),
        (const(1e-40), 0.0),
        (ir.ToFloat(operand=const(2**24 + 1, INT), type=ir.FloatType()), float(2**24)),
        (const("red", ir.EnumType(("red",))), "red"),
    ],
)
def test_values(expr: ir.Expr, wanted: object) -> None:
    assert value(expr, {"x": 0.5, "y": -2.5}) == wanted


@pytest.mark.parametrize("op", ["<", "<=", ">", ">=", "=", "!="])
def test_comparisons(op: str) -> None:
    meaning = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "=": "eq", "!=": "ne"}[op]
    for left, right in ((1.0, 2.0), (2.0, 2.0), (3.0, 2.0)):
        found = truth(compare(X, op, Y), {"x": left, "y": right})
        assert found is getattr(operator, meaning)(left, right)
    assert truth(compare(X, op, Y), {"x": None, "y": 1.0}) is None


def test_kleene() -> None:
    for a in KLEENE:
        for b in KLEENE:
            both = False if False in (a, b) else None if None in (a, b) else True
            some = True if True in (a, b) else None if None in (a, b) else False
            assert conjunction([a, b]) is both and disjunction([a, b]) is some
            values = {"p": a, "q": b}
            p, q = ref("p", ir.BOOL), ref("q", ir.BOOL)
            assert truth(ir.And(operands=(p, q)), values) is both
            assert truth(ir.Or(operands=(p, q)), values) is some
            assert truth(ir.Not(operand=p), values) is (None if a is None else not a)
            assert truth(ir.IsUnknown(operand=p), values) is (a is None)


def test_choose_is_unknown_with_its_condition_even_if_both_branches_agree() -> None:
    choose = ir.Choose(condition=above("x", 0), then=Y, otherwise=Y, type=Y.type)
    assert value(choose, {"x": None, "y": 1.0}) is None
    other = ir.Choose(condition=above("x", 0), then=Y, otherwise=const(7.0), type=Y.type)
    assert value(other, {"x": -1.0, "y": None}) == 7.0
    assert value(other, {"x": 1.0, "y": None}) is None


def test_misuse_is_told() -> None:
    with pytest.raises(TypeError, match=r"found 1\.0, expected a truth"):
        truth(X, {"x": 1.0})
    with pytest.raises(TypeError, match="found 'x > 3', expected an expression"):
        value("x > 3", {})  # type: ignore[arg-type]
