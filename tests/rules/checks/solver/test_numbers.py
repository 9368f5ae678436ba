"""Keys, and numbers known by the bounds that they reach."""

from __future__ import annotations

import struct

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.checks.solver.arithmetic import apply
from rules.checks.solver.images import Absolute, Chosen, Count, Extreme, Negated
from rules.checks.solver.keys import (
    GAP,
    LARGEST,
    first_true,
    key_of,
    normal,
    number_of,
    predecessor,
    successor,
    to_value,
)
from rules.checks.solver.numbers import Constant, Variable, constant
from rules.checks.solver.operation import Operation
from rules.checks.solver.simplest import simplest_date, simplest_float, simplest_int
from rules.checks.solver.space import Number, Space
from rules.engines.semantics import value
from rules.engines.values import FLOAT_MAX, TINY, canonical
from rules.engines.world import World
from rules.language import ir

FLOAT, INT = ir.FloatType(), ir.IntType()
ANY = ir.Const(value=0.0, type=FLOAT)
EMPTY = World(objects={}, values={})

keys = st.integers(-LARGEST, LARGEST).map(normal)
common = st.sampled_from((0.0, 1.0, -1.0, 0.1, 3.0, 60.0, 1e-38, 1e30, FLOAT_MAX, -2.5)).map(
    lambda number: key_of(canonical(number) or 0.0)
)
any_key = keys | common


@given(any_key, any_key)
def test_keys_keep_the_order(left: int, right: int) -> None:
    assert (left < right) == (number_of(left) < number_of(right))
    assert key_of(number_of(left)) == left


@given(any_key)
def test_neighbours_are_the_next_values(key: int) -> None:
    above = successor(key, is_float=True)
    assert canonical(number_of(key)) == number_of(key)
    assert predecessor(above, is_float=True) == key
    if key < LARGEST:
        beside = struct.unpack("<f", struct.pack("<f", number_of(above)))[0]
        assert beside > number_of(key)
        between = number_of(key + 1)
        assert canonical(between) in (number_of(key), number_of(above))


def test_what_counts_as_zero_has_no_key_of_its_own() -> None:
    assert successor(0, is_float=True) == GAP + 1 == key_of(TINY * (1 + 2.0**-23))
    assert predecessor(0, is_float=True) == -GAP - 1
    assert normal(5) == GAP + 1
    assert normal(-5) == 0


@given(st.integers(-5, 20), st.integers(-5, 20))
def test_first_true_bisects(turn: int, high: int) -> None:
    assert first_true(lambda key: key >= turn, -5, high) == min(max(turn, -5), max(high + 1, -5))


def op(name: str, type_: ir.Type = FLOAT) -> ir.Arithmetic:
    return ir.Arithmetic(op=name, left=ANY, right=ANY, type=type_)


def call(name: str) -> ir.Call:
    return ir.Call(function=name, arguments=(ANY,), type=FLOAT)


def engine(node: ir.Arithmetic | ir.Call, *parts: float) -> float | None:
    constants = tuple(ir.Const(value=part, type=FLOAT) for part in parts)
    if isinstance(node, ir.Call):
        filled: ir.Expr = ir.Call(function=node.function, arguments=constants, type=FLOAT)
    else:
        filled = ir.Arithmetic(op=node.op, left=constants[0], right=constants[1], type=FLOAT)
    found = value(filled, EMPTY)
    return None if found is None else float(found)


@settings(max_examples=300)
@given(
    st.sampled_from(("x + c", "c - x", "x * c", "x / c", "c / x", "floor", "ceil", "round")),
    any_key,
    any_key,
    any_key,
)
def test_one_variable_operand_needs_no_arithmetic(
    form: str, key: int, other: int, bound: int
) -> None:
    """Whether a result reaches a bound is a bound of the operand, and so is its existence."""
    space = Space()
    low = GAP + 1 if form == "c / x" else None
    key = abs(key) or low if low else key
    variable = Variable(space, "x", is_float=True, low=low)
    c = Constant(value=other, is_float=True)
    if form in ("floor", "ceil", "round"):
        node: ir.Arithmetic | ir.Call = call(form)
        defined, result = apply(space, node, [variable])
        found = engine(node, number_of(key))
    else:
        node = op(form.split()[1])
        operands = [variable, c] if form.startswith("x") else [c, variable]
        defined, result = apply(space, node, operands)
        values = [number_of(key), number_of(other)]
        found = engine(node, *(values if form.startswith("x") else values[::-1]))
    assert not space.ties or form in ("x + c", "c - x", "x * c", "x / c", "c / x")
    reached = result.at_least(bound)
    solver = z3.SimpleSolver()
    at, beyond = variable.at_least(key), variable.at_least(successor(key, is_float=True))
    solver.add(*space.axioms, at, z3.Not(beyond) if not isinstance(beyond, bool) else not beyond)
    assert solver.check() == z3.sat
    model = solver.model()
    if space.ties:  # division by zero, or no result at all: left to the solver
        return
    assert _holds(model, defined) == (found is not None)
    if found is not None:
        assert _holds(model, reached) == (key_of(found) >= bound)


def _holds(model: z3.ModelRef, formula: bool | z3.BoolRef) -> bool:
    if isinstance(formula, bool):
        return formula
    return z3.is_true(model.eval(formula, model_completion=True))


@settings(max_examples=300)
@given(st.sampled_from("+-*/"), st.tuples(any_key, any_key), st.tuples(any_key, any_key), st.data())
def test_results_lie_in_the_image_of_the_boxes(
    name: str, left: tuple[int, int], right: tuple[int, int], data: st.DataObject
) -> None:
    space = Space()
    boxes = [(min(left), max(left)), (min(right), max(right))]
    operands = tuple(Variable(space, "x", is_float=True) for _ in range(2))
    result = Variable(space, "r", is_float=True)
    tie = Operation(node=op(name), operands=operands, result=result, defined=True)
    image = tie.image(boxes)
    points = [normal(data.draw(st.integers(low, high))) for low, high in boxes]
    if not all(low <= point <= high for point, (low, high) in zip(points, boxes, strict=True)):
        return
    found = engine(op(name), *map(number_of, points))
    if found is not None and image is not None:
        assert image[0] <= key_of(found) <= image[1]
    if found is None:
        assert not tie.always_defined(boxes)
    else:
        assert not tie.never_defined(boxes)


@pytest.mark.parametrize(
    "name",
    ["+", "-", "*", "/", "floor", "ceil", "round", "to float", "mod", "int *", "int +", "int -"],
)
def test_z3_computes_as_the_engine_does(name: str) -> None:
    samples = [0.0, 0.1, -2.5, 2e-38, -1e38, FLOAT_MAX, TINY * 1.5]
    ints = [-7, -1, 0, 1, 2, 3, 2**24 + 1]
    is_int = name == "mod" or "int" in name or name == "to float"
    unary = name in ("floor", "ceil", "round", "to float")
    node: ir.Expr
    if name in ("floor", "ceil", "round"):
        node = call(name)
    elif name == "to float":
        node = ir.ToFloat(operand=ANY, type=FLOAT)
    else:
        node = op(name.removeprefix("int "), INT if is_int else FLOAT)
    values = ints if is_int else [canonical(sample) or 0.0 for sample in samples]
    space = Space()
    operands = tuple(Variable(space, "x", is_float=not is_int) for _ in range(1 if unary else 2))
    result = Variable(space, "r", is_float=name != "mod" and "int" not in name)
    defined = z3.Bool("defined")
    tie = Operation(node=node, operands=operands, result=result, defined=defined)
    solver = z3.Solver()
    solver.add(tie.exact(), *space.links)
    for left in values:
        for right in (0.0,) if unary else values:
            points = [constant(part).value for part in (left, right)[: len(operands)]]
            if name == "int *" and abs(int(left) * int(right)) >= 2**31:
                continue
            solver.push()
            solver.add(*(o.key() == p for o, p in zip(operands, points, strict=True)))
            assert solver.check() == z3.sat
            model = solver.model()
            expected = tie.at(points)
            assert _holds(model, defined) == (expected is not None), (left, right)
            if expected is not None:
                assert model.eval(result.key()).as_signed_long() == expected, (left, right)
            solver.pop()


@pytest.mark.parametrize("kind", ["chosen", "negated", "absolute", "max", "min", "count", "sum"])
def test_keys_as_vectors_are_those_that_bounds_tell(kind: str) -> None:
    """Where arithmetic is computed bit by bit, every number has the key that it should have."""
    for bound in range(-4, 10):
        space = Space()
        number = _made(space, kind)
        reached, key = number.at_least(bound), number.key()
        solver = z3.Solver()
        solver.add(*(tie.exact() for tie in space.ties))
        solver.add(*space.axioms, *space.links, (key >= bound) != reached)
        assert solver.check() == z3.unsat


def _made(space: Space, kind: str) -> Number:
    x, y = (Variable(space, name, is_float=False, low=-3, high=3) for name in "xy")
    flag, big = z3.Bool("flag"), x.at_least(1)
    assert not isinstance(big, bool)
    match kind:
        case "chosen":
            return Chosen(condition=flag, then=x, otherwise=y)
        case "negated":
            return Negated(operand=x)
        case "absolute":
            return Absolute(operand=x)
        case "max" | "min":
            return Extreme(greatest=kind == "max", parts=((True, x), (flag, y)))
        case "count":
            return Count(parts=(flag, big), settled=2)
        case _:
            plus = ir.Arithmetic(op="+", left=ANY, right=ANY, type=INT)
            return apply(space, plus, [x, Constant(value=5, is_float=False)])[1]


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**6))
def test_simplest_int(low: int, width: int) -> None:
    found = simplest_int(low, low + width)
    assert low <= found <= low + width
    digits = len(str(abs(found)).rstrip("0"))
    assert digits <= min(len(str(abs(end)).rstrip("0")) for end in (low, low + width))


@given(any_key, any_key)
def test_simplest_float(left: int, right: int) -> None:
    low, high = min(left, right), max(left, right)
    found = canonical(simplest_float(low, high))
    assert found is not None and low <= key_of(found) <= high


@pytest.mark.parametrize(
    ("low", "high", "plain"),
    [
        (0.4, 1.0, 1.0),
        (0.4, 0.9, 0.5),
        (30_000.002, 50_000.0, 40_000.0),
        (-5.0, 5.0, 1.0),
        (0.0, 0.5, 0.0),
        (-7.3, -7.2, -7.2),
    ],
)
def test_simplest_float_is_plain(low: float, high: float, plain: float) -> None:
    ends = [key_of(canonical(end) or 0.0) for end in (low, high)]
    assert simplest_float(ends[0], ends[1]) == plain


def test_simplest_date() -> None:
    assert simplest_date(ir.DAY_MIN, ir.DAY_MAX) == 20_454
    assert simplest_date(0, 10) == 10
    assert simplest_date(30_000, 40_000) == 30_000


def test_values_and_keys() -> None:
    assert to_value(key_of(0.5), is_float=True) == 0.5
    assert to_value(-3, is_float=False) == -3
