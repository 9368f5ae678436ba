"""What expressions mean for one case."""

from __future__ import annotations

import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engines.semantics import conjunction, disjunction, truth, value
from rules.engines.values import canonical
from rules.engines.world import World
from rules.language import ir
from tests.rules.engines.building import above, arithmetic, compare, const, ref
from tests.rules.engines.relations import about, aggregate, bind, every, some, var, world

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
    assert value(arithmetic(X, op, Y), world(x=x, y=y)) == wanted


@given(st.integers(-(10**4), 10**4), st.integers(-(10**4), 10**4))
def test_whole_numbers(n: int, m: int) -> None:
    values = world(n=n, m=m)
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
    assert value(expr, world(x=0.5, y=-2.5)) == wanted


@pytest.mark.parametrize("op", ["<", "<=", ">", ">=", "=", "!="])
def test_comparisons(op: str) -> None:
    meaning = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "=": "eq", "!=": "ne"}[op]
    for left, right in ((1.0, 2.0), (2.0, 2.0), (3.0, 2.0)):
        found = truth(compare(X, op, Y), world(x=left, y=right))
        assert found is getattr(operator, meaning)(left, right)
    assert truth(compare(X, op, Y), world(x=None, y=1.0)) is None


def test_kleene() -> None:
    for a in KLEENE:
        for b in KLEENE:
            both = False if False in (a, b) else None if None in (a, b) else True
            some = True if True in (a, b) else None if None in (a, b) else False
            assert conjunction([a, b]) is both and disjunction([a, b]) is some
            values = world(p=a, q=b)
            p, q = ref("p", ir.BOOL), ref("q", ir.BOOL)
            assert truth(ir.And(operands=(p, q)), values) is both
            assert truth(ir.Or(operands=(p, q)), values) is some
            assert truth(ir.Not(operand=p), values) is (None if a is None else not a)
            assert truth(ir.IsUnknown(operand=p), values) is (a is None)


def test_choose_is_unknown_with_its_condition_even_if_both_branches_agree() -> None:
    choose = ir.Choose(condition=above("x", 0), then=Y, otherwise=Y, type=Y.type)
    assert value(choose, world(x=None, y=1.0)) is None
    other = ir.Choose(condition=above("x", 0), then=Y, otherwise=const(7.0), type=Y.type)
    assert value(other, world(x=-1.0, y=None)) == 7.0
    assert value(other, world(x=1.0, y=None)) is None


def people(**values: object) -> World:
    """Anna is there, Bob may be; `values` are by name and person."""
    relations = {
        name: {(label,): value for label, value in entries.items()}  # type: ignore[attr-defined]
        for name, entries in values.items()
    }
    return World(objects={"Person": {"anna": True, "bob": None}}, values=relations)


RICH = about("rich", var("g"))
G = [bind("g")]


@pytest.mark.parametrize("anna", KLEENE)
@pytest.mark.parametrize("bob", KLEENE)
def test_quantifiers_take_presence_as_a_truth(anna: bool | None, bob: bool | None) -> None:
    facts = people(rich={"anna": anna, "bob": bob})
    assert truth(some(G, RICH), facts) is disjunction([anna, conjunction([None, bob])])
    assert truth(every(G, RICH), facts) is conjunction([anna, disjunction([None, bob])])
    counted = value(aggregate("count", G, RICH), facts)
    certain = anna is not None and bob is False
    assert counted == (int(anna is True) if certain else None)


EARNS = about("earns", var("g"), type_=ir.FloatType())


@pytest.mark.parametrize(
    ("function", "wanted"),
    [("sum", 0.5), ("min", 0.5), ("max", 0.5), ("mean", 0.5)],
)
def test_aggregates_need_to_know_who_counts(function: str, wanted: float) -> None:
    earns = {"anna": 0.5, "bob": None}
    facts = people(rich={"anna": True, "bob": False}, earns=earns)
    assert value(aggregate(function, G, EARNS, where=RICH), facts) == wanted
    assert value(aggregate(function, G, EARNS), facts) is None
    facts = people(rich={"anna": True, "bob": None}, earns=earns)
    assert value(aggregate(function, G, EARNS, where=RICH), facts) is None
    facts = people(rich={"anna": False, "bob": False}, earns=earns)
    nobody = value(aggregate(function, G, EARNS, where=RICH), facts)
    assert nobody == (0.0 if function == "sum" else None)
    facts = people(rich={"anna": True, "bob": False}, earns={"anna": None, "bob": 1.0})
    assert value(aggregate(function, G, EARNS, where=RICH), facts) is None


def crowd(numbers: list[object]) -> World:
    labels = [f"p{index}" for index in range(len(numbers))]
    return World(
        objects={"Person": dict.fromkeys(labels, True)},
        values={"earns": {(label,): n for label, n in zip(labels, numbers, strict=True)}},  # type: ignore[misc]
    )


@given(st.lists(float32s, max_size=12))
def test_sums_of_floats_are_folded_in_float32(numbers: list[float]) -> None:
    total: float | None = 0.0
    for number in numbers:
        with np.errstate(all="ignore"):
            total = (
                None if total is None else canonical(float(np.float32(total) + np.float32(number)))
            )
    assert value(aggregate("sum", G, EARNS), crowd(list(numbers))) == total
    mean = value(aggregate("mean", G, EARNS), crowd(list(numbers)))
    if total is None or not numbers:
        assert mean is None
    else:
        assert mean == canonical(total / len(numbers))


def test_the_order_of_a_sum_is_part_of_its_meaning() -> None:
    big = 2.0**24
    assert value(aggregate("sum", G, EARNS), crowd([big, 1.0, 1.0])) == big
    assert value(aggregate("sum", G, EARNS), crowd([1.0, 1.0, big])) == big + 2
    assert value(aggregate("sum", G, EARNS), crowd([3e38, 3e38, -3e38])) is None


def test_aggregates_of_whole_numbers() -> None:
    years = about("earns", var("g"), type_=INT)
    big = 2**24 + 1
    assert value(aggregate("sum", G, years), crowd([big, 1])) == big + 1
    assert value(aggregate("max", G, years), crowd([big, 1])) == big
    mean = aggregate("mean", G, years, type_=ir.FloatType())
    assert value(mean, crowd([big, 0])) == 2.0**23  # each number becomes a float first


def test_two_variables_range_over_pairs_in_order() -> None:
    digits = World(
        objects={"Person": {1: True, 2: True}},
        values={"earns": {(1, 1): 2.0**24, (1, 2): 1.0, (2, 1): 1.0, (2, 2): -(2.0**24)}},
    )
    pair = about("earns", var("g"), var("h"), type_=ir.FloatType())
    assert value(aggregate("sum", [bind("g"), bind("h")], pair), digits) == 0.0
    assert value(aggregate("sum", [bind("h"), bind("g")], pair), digits) == 0.0
    minus = World(
        objects={"Person": {1: True, 2: True}},
        values={"earns": {(1, 1): 2.0**24, (1, 2): -(2.0**24), (2, 1): 1.0, (2, 2): 0.0}},
    )
    assert value(aggregate("sum", [bind("g"), bind("h")], pair), minus) == 1.0
    assert value(aggregate("sum", [bind("h"), bind("g")], pair), minus) == 0.0


def test_dates() -> None:
    day = ref("day", ir.DateType())
    later = ir.Arithmetic(op="+", left=day, right=ref("n", INT), type=ir.DateType())
    between = ir.Arithmetic(op="-", left=day, right=const(10, ir.DateType()), type=INT)
    assert value(later, world(day=5, n=3)) == 8
    assert value(later, world(day=ir.DAY_MAX, n=1)) is None
    assert value(later, world(day=ir.DAY_MIN, n=-1)) is None
    assert value(between, world(day=ir.DAY_MIN)) == ir.DAY_MIN - 10  # an int, not a date


def test_objects_are_compared_by_identity() -> None:
    other = some([bind("h")], compare(var("g"), "!=", var("h")))
    facts = World(objects={"Person": {"anna": True, "bob": True}}, values={})
    assert truth(every(G, other), facts) is True
    alone = World(objects={"Person": {"anna": True}}, values={})
    assert truth(every(G, other), alone) is False


def test_constants_of_a_fixed_domain_are_arguments() -> None:
    late = about("late", const(2, ir.IntType(1, 3)))
    facts = World(objects={"Month": dict.fromkeys((1, 2, 3), True)}, values={"late": {(2,): True}})
    assert truth(late, facts) is True


def test_misuse_is_told() -> None:
    with pytest.raises(TypeError, match=r"found 1\.0, expected a truth"):
        truth(X, world(x=1.0))
    with pytest.raises(TypeError, match="found 'x > 3', expected an expression"):
        value("x > 3", world())  # type: ignore[arg-type]
