"""Random rule sets, as typed IR, and random cases at the edges of the number contract."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import strategies as st

from rules.engines.values import FLOAT_MAX, INT_MISSING, TINY
from rules.language import ir

FLOAT, INT, BOOL = ir.FloatType(), ir.IntType(), ir.BOOL
COLOUR = ir.EnumType(("red", "green", "blue"))
OUTCOMES = ("reject", "refer", "approve")
CONSTANTS = (0.0, -0.0, 0.1, 0.4, 1.0, 3.0, -7.1, 0.5, 2.5, TINY, 2 * TINY, 1e-45, 1e30, FLOAT_MAX)

_bound = st.sampled_from((None, -1.0, 0.0, 1e-40, 0.1, 1.0))


@dataclasses.dataclass(frozen=True)
class _Int:
    """An int expression and the range that it can have."""

    expr: ir.Expr
    low: int
    high: int


@st.composite
def float_types(draw: st.DrawFn) -> ir.FloatType:
    low, high = draw(_bound), draw(st.sampled_from((None, 1.0, 3.0, 1e30)))
    return ir.FloatType(low, high, draw(st.booleans()), draw(st.booleans()))


@st.composite
def int_types(draw: st.DrawFn) -> ir.IntType:
    return draw(
        st.sampled_from((ir.IntType(), ir.IntType(0, 5), ir.IntType(-3, 3), ir.IntType(-40, 90)))
    )


@st.composite
def rulesets(draw: st.DrawFn, max_rules: int = 5) -> ir.Ruleset:
    """A checked rule set: every node kind, every policy, no int expression that overflows."""
    inputs = (
        ir.Input(name="x", type=draw(float_types())),
        ir.Input(name="y", type=FLOAT),
        ir.Input(name="p", type=ir.PROB),
        ir.Input(name="n", type=draw(int_types())),
        ir.Input(name="m", type=draw(int_types())),
        ir.Input(name="b", type=BOOL),
        ir.Input(name="c", type=BOOL),
        ir.Input(name="e", type=COLOUR),
        ir.Input(name="f", type=COLOUR),
    )
    scope: dict[str, ir.Type] = {item.name: item.type for item in inputs}
    derived = []
    for number in range(draw(st.integers(0, 3))):
        item = draw(derivations(scope, f"d{number}"))
        scope[item.name] = item.type
        derived.append(item)
    policy = draw(st.sampled_from(ir.POLICIES))
    defaults = (*OUTCOMES, None) if policy == "collect" else OUTCOMES
    rules = tuple(
        ir.Rule(
            name=f"r{number}",
            title=f"rule {number}",
            outcome=draw(st.sampled_from(OUTCOMES)),
            condition=draw(truths(scope, 3)),
            because=("p is ", ir.Field(name="p", spec=".1f")),
            priority=draw(st.integers(0, 2)) if policy == "priority" else 0,
        )
        for number in range(draw(st.integers(0, max_rules)))
    )
    return ir.Ruleset(
        name="random",
        version=1,
        inputs=inputs,
        derived=tuple(derived),
        decision=ir.Decision(
            name="outcome",
            outcomes=OUTCOMES,
            policy=policy,
            default=draw(st.sampled_from(defaults)),
            unknown=draw(st.sampled_from(OUTCOMES)),
        ),
        rules=rules,
    )


@st.composite
def derivations(draw: st.DrawFn, scope: dict[str, ir.Type], name: str) -> ir.Derived:
    match draw(st.sampled_from("ffitte")):
        case "f":
            return ir.Derived(
                name=name,
                type=draw(st.one_of(st.just(FLOAT), float_types())),
                clauses=(draw(floats(scope, 3)),),
            )
        case "i":
            whole = draw(ints(scope, 3))
            return ir.Derived(
                name=name, type=ir.IntType(whole.low, whole.high), clauses=(whole.expr,)
            )
        case "t":
            clauses = draw(st.lists(truths(scope, 2), min_size=1, max_size=2))
            return ir.Derived(name=name, type=BOOL, clauses=tuple(clauses))
        case _:
            return ir.Derived(name=name, type=COLOUR, clauses=(draw(colours(scope, 2)),))


def _names(scope: dict[str, ir.Type], kind: type) -> list[ir.Expr]:
    return [ir.Ref(name=n, type=t) for n, t in scope.items() if isinstance(t, kind)]


@st.composite
def floats(draw: st.DrawFn, scope: dict[str, ir.Type], depth: int) -> ir.Expr:
    kinds = ("const", "name", "name")
    if depth:
        kinds += ("arithmetic",) * 4 + ("call", "call", "choose", "convert")
    match draw(st.sampled_from(kinds)):
        case "const":
            return ir.Const(value=float(np.float32(draw(st.sampled_from(CONSTANTS)))), type=FLOAT)
        case "name":
            return draw(st.sampled_from(_names(scope, ir.FloatType)))
        case "arithmetic":
            left, right = draw(floats(scope, depth - 1)), draw(floats(scope, depth - 1))
            return ir.Arithmetic(
                op=draw(st.sampled_from("+-*/")), left=left, right=right, type=FLOAT
            )
        case "call":
            function = draw(st.sampled_from(("min", "max", "abs", "floor", "ceil", "round")))
            count = draw(st.integers(2, 3)) if function in ("min", "max") else 1
            arguments = tuple(draw(floats(scope, depth - 1)) for _ in range(count))
            return ir.Call(function=function, arguments=arguments, type=FLOAT)
        case "choose":
            condition = draw(truths(scope, depth - 1))
            then, otherwise = draw(floats(scope, depth - 1)), draw(floats(scope, depth - 1))
            return ir.Choose(condition=condition, then=then, otherwise=otherwise, type=FLOAT)
        case _:
            return ir.ToFloat(operand=draw(ints(scope, depth - 1)).expr, type=FLOAT)


@st.composite
def ints(draw: st.DrawFn, scope: dict[str, ir.Type], depth: int) -> _Int:
    kinds = ("const", "name", "name")
    if depth:
        kinds += ("arithmetic",) * 3 + ("mod", "call", "choose")
    match draw(st.sampled_from(kinds)):
        case "const":
            number = draw(st.sampled_from((0, 1, -1, 2, 7, 90, 2**24 + 1, ir.INT_MAX, ir.INT_MIN)))
            return _Int(ir.Const(value=number, type=INT), number, number)
        case "name":
            name = draw(st.sampled_from(_names(scope, ir.IntType)))
            return _Int(name, name.type.low, name.type.high)
        case "choose":
            left, right = draw(ints(scope, depth - 1)), draw(ints(scope, depth - 1))
            expr = ir.Choose(
                condition=draw(truths(scope, depth - 1)),
                then=left.expr,
                otherwise=right.expr,
                type=INT,
            )
            return _Int(expr, min(left.low, right.low), max(left.high, right.high))
        case kind:
            left, right = draw(ints(scope, depth - 1)), draw(ints(scope, depth - 1))
            if kind == "arithmetic":
                return draw(_arithmetic(left, right))
            if kind == "mod":
                expr = ir.Arithmetic(op="mod", left=left.expr, right=right.expr, type=INT)
                return _Int(expr, min(0, right.low + 1), max(0, right.high - 1))
            function = draw(st.sampled_from(("min", "max", "abs")))
            arguments = (left.expr,) if function == "abs" else (left.expr, right.expr)
            most = max(map(abs, (left.low, left.high, right.low, right.high)))
            return _Int(ir.Call(function=function, arguments=arguments, type=INT), -most, most)


@st.composite
def _arithmetic(draw: st.DrawFn, left: _Int, right: _Int) -> _Int:
    op = draw(st.sampled_from("+-*"))
    ends = {
        "+": (left.low + right.low, left.high + right.high),
        "-": (left.low - right.high, left.high - right.low),
        "*": sorted(a * b for a in (left.low, left.high) for b in (right.low, right.high))[::3],
    }[op]
    if ends[0] < ir.INT_MIN or ends[1] > ir.INT_MAX:
        return left
    return _Int(ir.Arithmetic(op=op, left=left.expr, right=right.expr, type=INT), *ends)


@st.composite
def colours(draw: st.DrawFn, scope: dict[str, ir.Type], depth: int) -> ir.Expr:
    if depth and draw(st.booleans()):
        condition = draw(truths(scope, depth - 1))
        then, otherwise = draw(colours(scope, depth - 1)), draw(colours(scope, depth - 1))
        return ir.Choose(condition=condition, then=then, otherwise=otherwise, type=COLOUR)
    member = ir.Const(value=draw(st.sampled_from(COLOUR.members)), type=COLOUR)
    return draw(st.sampled_from([member, *_names(scope, ir.EnumType)]))


@st.composite
def truths(draw: st.DrawFn, scope: dict[str, ir.Type], depth: int) -> ir.Expr:
    kinds = ("compare", "compare", "name") + (
        ("and", "or", "not", "unknown", "choose") if depth else ()
    )
    below = max(depth - 1, 0)
    match draw(st.sampled_from(kinds)):
        case "name":
            constant = ir.Const(value=draw(st.booleans()), type=BOOL)
            return draw(st.sampled_from([*_names(scope, ir.BoolType) * 2, constant]))
        case "and":
            return ir.And(operands=tuple(draw(truths(scope, below)) for _ in range(2)))
        case "or":
            return ir.Or(operands=tuple(draw(truths(scope, below)) for _ in range(3)))
        case "not":
            return ir.Not(operand=draw(truths(scope, below)))
        case "choose":
            condition, then, otherwise = (draw(truths(scope, below)) for _ in range(3))
            return ir.Choose(condition=condition, then=then, otherwise=otherwise, type=BOOL)
        case "unknown":
            of = st.one_of(floats(scope, below), colours(scope, below), truths(scope, below))
            return ir.IsUnknown(operand=draw(of))
        case _:
            return draw(comparisons(scope, below))


@st.composite
def comparisons(draw: st.DrawFn, scope: dict[str, ir.Type], depth: int) -> ir.Expr:
    kind = draw(st.sampled_from("fffiet"))
    ops = ("<", "<=", ">", ">=", "=", "!=") if kind in "fi" else ("=", "!=")
    sides: list[ir.Expr] = []
    for _ in range(2):
        match kind:
            case "f":
                sides.append(draw(floats(scope, depth)))
            case "i":
                sides.append(draw(ints(scope, depth)).expr)
            case "e":
                sides.append(draw(colours(scope, depth)))
            case _:
                sides.append(
                    draw(truths(scope, 0))
                    if depth
                    else draw(st.sampled_from(_names(scope, ir.BoolType)))
                )
    return ir.Compare(op=draw(st.sampled_from(ops)), left=sides[0], right=sides[1])


def _edge_floats() -> np.ndarray:
    around = np.array([*CONSTANTS, -1.0, 90.0], np.float32)
    around = np.concatenate([around, -around])
    with np.errstate(over="ignore"):
        ulps = [np.nextafter(around, np.float32(end)) for end in (-np.inf, np.inf)]
    special = np.array([np.nan, np.inf, -np.inf, 1e-40, -1e-40, 3e38, -3e38], np.float32)
    return np.concatenate([around, *ulps, special])


EDGES = _edge_floats()


def columns(ruleset: ir.Ruleset, seed: int, count: int) -> dict[str, np.ndarray]:
    """`count` encoded cases: edges, ulps beside constants, missing values, random bits."""
    rng = np.random.default_rng(seed)
    made: dict[str, np.ndarray] = {}
    for item in ruleset.inputs:
        match item.type:
            case ir.FloatType():
                bits = rng.integers(0, 2**32, count, dtype=np.uint32).view(np.float32)
                plain = (rng.integers(-8, 24, count) / 4).astype(np.float32)
                unit = rng.random(count, dtype=np.float32)
                choices = np.stack([rng.choice(EDGES, count), bits, plain, unit, plain])
                made[item.name] = choices[rng.integers(0, 5, count), np.arange(count)]
            case ir.IntType(low=low, high=high):
                ends = (low, high, max(low - 1, INT_MISSING), min(high + 1, 2**31 - 1), INT_MISSING)
                small = rng.integers(-4, 8, count)
                edge = rng.choice(np.array(ends), count)
                made[item.name] = np.where(rng.random(count) < 0.4, edge, small).astype(np.int32)
            case ir.BoolType():
                coded = rng.integers(-1, 2, count).astype(np.int8)
                made[item.name] = coded > 0 if rng.random() < 0.3 else coded
            case ir.EnumType(members=members):
                made[item.name] = rng.integers(-1, len(members) + 1, count).astype(np.int32)
    return made


def case(ruleset: ir.Ruleset, arrays: dict[str, np.ndarray], row: int) -> dict[str, object]:
    """One encoded case, decoded by hand, for the reference."""
    decoded: dict[str, object] = {}
    for item in ruleset.inputs:
        code = arrays[item.name][row].item()
        match item.type:
            case ir.IntType():
                decoded[item.name] = None if code == INT_MISSING else code
            case ir.BoolType():
                decoded[item.name] = None if code < 0 else bool(code)
            case ir.EnumType(members=members):
                decoded[item.name] = members[code] if 0 <= code < len(members) else None
            case _:
                decoded[item.name] = code
    return decoded
