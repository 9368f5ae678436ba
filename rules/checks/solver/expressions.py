"""What an expression means for all cases at once: the symbolic form of `engines.semantics`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import cast

from rules.checks.solver.arithmetic import apply
from rules.checks.solver.formulas import (
    FALSE,
    TRUE,
    Formula,
    Truth,
    conj,
    disj,
    k3_all,
    k3_any,
    k3_not,
    neg,
    when,
)
from rules.checks.solver.images import Chosen, Count, extreme
from rules.checks.solver.numbers import Constant, constant
from rules.checks.solver.space import Number, Space
from rules.checks.solver.symbolic_case import BeyondFragment, Texts
from rules.checks.solver.values import (
    Coded,
    Numeric,
    SymbolicValue,
    choose,
    compare_values,
)
from rules.engines.values import Value, canonical
from rules.engines.world import Object, Objects
from rules.language import ir
from rules.language.walk import children

__all__ = ["Bound", "Symbolic", "settled_value"]

Bound = Mapping[str, Object]  # the objects that variables stand for
NO_BINDING: Bound = MappingProxyType({})
MAX_STEPS = 50_000

_FLOAT = ir.FloatType()
_ANY = ir.Const(value=0.0, type=_FLOAT)
_ADD_FLOATS = ir.Arithmetic(op="+", left=_ANY, right=_ANY, type=_FLOAT)
_ADD_INTS = ir.Arithmetic(op="+", left=_ANY, right=_ANY, type=ir.IntType())
_DIVIDE = ir.Arithmetic(op="/", left=_ANY, right=_ANY, type=_FLOAT)
_TO_FLOAT = ir.ToFloat(operand=_ANY, type=_FLOAT)


def settled_value(texts: Texts, type_: ir.Type, value: Value | None) -> SymbolicValue:
    """The symbolic form of a value; of None, of one that is unknown."""
    there = value is not None
    match type_:
        case ir.BoolType():
            return Truth(value is True, value is not False)
        case ir.EnumType(members=members):
            return Coded(there, texts.code(str(value) if there else members[0]))
        case ir.StringType():
            return Coded(there, texts.code(str(value) if there else ""))
        case ir.FloatType():
            return Numeric(there, constant(canonical(cast(float, value or 0.0)) or 0.0))
        case _:
            return Numeric(there, constant(int(cast(int, value or 0))))


class Symbolic:
    """Expressions over symbolic facts.

    Attributes:
        read: the value of a name about some objects.
        objects: by entity and object whether it is present.
    """

    def __init__(
        self,
        space: Space,
        texts: Texts,
        objects: Mapping[str, Mapping[Object, Truth]],
        read: Callable[[str, Objects], SymbolicValue],
    ) -> None:
        self.space = space
        self.texts = texts
        self.objects = objects
        self.read = read
        self._steps = 0

    def truth(self, expr: ir.Expr, bound: Bound = NO_BINDING) -> Truth:
        """Whether a condition holds."""
        found = self.value(expr, bound)
        assert isinstance(found, Truth)
        return found

    def numeric(self, expr: ir.Expr, bound: Bound) -> Numeric:
        """The value of an expression of numbers."""
        found = self.value(expr, bound)
        assert isinstance(found, Numeric)
        return found

    def value(self, expr: ir.Expr, bound: Bound = NO_BINDING) -> SymbolicValue:
        """The value of an expression.

        Raises:
            BeyondFragment: it stands for too many single steps.
        """
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise BeyondFragment(f"its conditions take more than {MAX_STEPS:_} steps to write out")
        match expr:
            case ir.Const(value=value, type=type_):
                return settled_value(self.texts, type_, value)
            case ir.Variable(name=name, type=type_):
                return settled_value(self.texts, type_, bound[name])
            case ir.Ref(name=name, arguments=arguments):
                return self.read(name, tuple(_object(item, bound) for item in arguments))
            case ir.Not(operand=operand):
                return k3_not(self.truth(operand, bound))
            case ir.And(operands=operands):
                return k3_all(self.truth(operand, bound) for operand in operands)
            case ir.Or(operands=operands):
                return k3_any(self.truth(operand, bound) for operand in operands)
            case ir.IsUnknown(operand=operand):
                missing = neg(self.value(operand, bound).known)
                return Truth(missing, missing)
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                branches = self.value(then, bound), self.value(otherwise, bound)
                return choose(self.truth(condition, bound), *branches)
            case ir.Compare(op=op, left=left, right=right):
                if isinstance(left.type, ir.ObjectType):
                    same = _object(cast(ir.Variable, left), bound) == _object(
                        cast(ir.Variable, right), bound
                    )
                    return TRUE if same == (op == "=") else FALSE
                sides = self.value(left, bound), self.value(right, bound)
                return compare_values(self.space, op, *sides)
            case ir.Quantified(kind=kind, bindings=bindings, body=body):
                rows = self._rows(bindings, bound)
                if kind == "some":
                    return k3_any(k3_all((there, self.truth(body, row))) for row, there in rows)
                return k3_all(k3_any((k3_not(there), self.truth(body, row))) for row, there in rows)
            case ir.Aggregate():
                return self._aggregate(expr, bound)
            case _:
                inner = [self.numeric(part, bound) for part in children(expr)]
                defined, number = apply(self.space, expr, [part.number for part in inner])
                return Numeric(conj(defined, *(part.known for part in inner)), number)

    def _rows(self, bindings: Sequence[ir.Binding], bound: Bound) -> Iterator[tuple[Bound, Truth]]:
        domains = [self.objects[binding.entity].items() for binding in bindings]
        for pairs in itertools.product(*domains):
            labels = {item.name: label for item, (label, _) in zip(bindings, pairs, strict=True)}
            yield {**bound, **labels}, k3_all(there for _, there in pairs)

    def _aggregate(self, expr: ir.Aggregate, bound: Bound) -> Numeric:
        condition = expr.body if expr.function == "count" else expr.where
        rows: list[tuple[Bound, Truth]] = []
        for row, there in self._rows(expr.bindings, bound):
            held = TRUE if condition is None else self.truth(condition, row)
            rows.append((row, k3_all((there, held))))
        settled = conj(*(counts.known for _, counts in rows))
        members = [counts.holds for _, counts in rows]
        if expr.function == "count":
            return Numeric(settled, _count(members))
        parts = [(counts.holds, self.numeric(expr.body, row)) for row, counts in rows]
        known = conj(settled, *(when(counts, part.known) for counts, part in parts))
        numbers = [(counts, part.number) for counts, part in parts if counts is not False]
        if expr.function == "sum":
            return self._sum(expr.type, known, numbers)
        if not numbers:
            return Numeric(False, _zero(expr.type))
        known = conj(known, disj(*members))
        if expr.function in ("min", "max"):
            return Numeric(known, extreme(expr.function, numbers))
        total = self._sum(expr.type, known, numbers)
        whole, count = apply(self.space, _TO_FLOAT, [_count(members)])
        defined, mean = apply(self.space, _DIVIDE, [total.number, count])
        return Numeric(conj(total.known, whole, defined), mean)

    def _sum(
        self, type_: ir.Type, there: Formula, numbers: Sequence[tuple[Formula, Number]]
    ) -> Numeric:
        is_float = isinstance(type_, ir.FloatType)
        total: Number = _zero(type_)
        for counts, number in numbers:
            if is_float and not number.is_float:
                _, number = apply(self.space, _TO_FLOAT, [number])
            node = _ADD_FLOATS if is_float else _ADD_INTS
            defined, more = apply(self.space, node, [total, number])
            there = conj(there, when(counts, defined))
            total = _chosen(counts, more, total)
        return Numeric(there, total)


def _chosen(condition: Formula, then: Number, otherwise: Number) -> Number:
    if isinstance(condition, bool):
        return then if condition else otherwise
    return Chosen(condition=condition, then=then, otherwise=otherwise)


def _count(members: Sequence[Formula]) -> Number:
    open_ = tuple(member for member in members if not isinstance(member, bool))
    settled = sum(member is True for member in members)
    return Count(parts=open_, settled=settled) if open_ else Constant(value=settled, is_float=False)


def _zero(type_: ir.Type) -> Constant:
    return Constant(value=0, is_float=isinstance(type_, ir.FloatType))


def _object(argument: ir.Expr, bound: Bound) -> Object:
    if isinstance(argument, ir.Variable):
        return bound[argument.name]
    assert isinstance(argument, ir.Const)
    return cast(Object, argument.value)
