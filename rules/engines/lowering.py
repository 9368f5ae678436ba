"""Expressions over whole columns: the IR lowered to element-wise primitives.

See `lowered.py` for what a value is lowered to and what its axes are. Each expression is
lowered once, whatever the number of its uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from rules.engines import kleene
from rules.engines.array_aggregates import aggregate
from rules.engines.array_joins import Joins, parts
from rules.engines.array_numbers import Numbers, encoded, literal, text_codes, where_unknown
from rules.engines.array_ops import Array, ArrayOps
from rules.engines.array_recursion import solve
from rules.engines.columns import entity_size
from rules.engines.kleene import Truth
from rules.engines.lowered import Axes, Axis, Code, Lowered, Placed, Space, each
from rules.language import ir
from rules.language.strata import is_recursive

__all__ = ["Lowering"]

_Key: TypeAlias = ir.Expr | str | ir.Binding


class Lowering:
    """The expressions of one rule set over one batch.

    Args:
        ruleset: a rule set whose entities are bounded.
        columns: by the name of each input and open entity, of one batch shape `[...]` and one
            axis per argument, of the dtypes that `rules.cases.encode` makes, or bool. A name
            that is both an input and a param is an input, see `param_columns.as_inputs`.
        ops: the primitives to compute with.
        shape: of the batch; None to take that of the columns.
    """

    def __init__(
        self,
        ruleset: ir.Ruleset,
        columns: Mapping[str, Array],
        ops: ArrayOps,
        shape: tuple[int, ...] | None = None,
    ) -> None:
        self.ops = ops
        self.space = Space(ops, _batch(ruleset, columns) if shape is None else shape)
        self.joins = Joins(self.space)
        self.numbers = Numbers(ops)
        self._ruleset = ruleset
        self._columns = columns
        self._given: dict[str, ir.Param | ir.Input] = {
            **{item.name: item for item in ruleset.params},
            **{item.name: item for item in ruleset.inputs},
        }
        self._codes = text_codes(ruleset)
        self._memo: dict[_Key, Placed] = {}
        self._unknown: dict[ir.Expr, Array | None] = {}
        # What depends on the state of the recursion that is being solved.
        self._state: dict[_Key, Placed] = {}
        self._define_all()

    def truth(self, expr: ir.Expr) -> Truth:
        """The truth of a condition without free variables, `[...]`."""
        truth = self.placed(expr).value
        assert isinstance(truth, Truth)
        return truth

    def placed(self, expr: ir.Expr) -> Placed:
        """The value of an expression, over its free variables."""
        for memo in (self._memo, self._state):
            if expr in memo:
                return memo[expr]
        return self._keep(expr, self._lower(expr))

    def unknown(self, expr: ir.Expr) -> Array | None:
        """Bool, where an expression is unknown, over its variables; None when it is nowhere."""
        if isinstance(expr, ir.Const):
            return None
        item = self.placed(expr)
        if not item.fixed:
            return where_unknown(self.ops, item.value)
        if expr not in self._unknown:
            self._unknown[expr] = where_unknown(self.ops, item.value)
        return self._unknown[expr]

    def encoded(self, name: str) -> Array:
        """A derived value as a column `[...]` and one axis per parameter."""
        item = self._name(name)
        return encoded(self.ops, self._ruleset.types[name], self.space.spread(item, item.axes))

    def axes(self, bindings: Sequence[ir.Binding]) -> Axes:
        """The axes of some variables."""
        return tuple(
            Axis(item.name, item.entity, entity_size(self._ruleset, item.entity))
            for item in bindings
        )

    def present(self, axes: Axes) -> list[Placed]:
        """Whether the objects of variables are present; nothing for those that always are."""
        return [
            self._presence(axis)
            for axis in axes
            if self._ruleset.entity[axis.entity].domain is None
        ]

    def derive_anew(
        self, group: Sequence[ir.Derived], state: Mapping[str, Placed]
    ) -> dict[str, Placed]:
        """The truths of a recursive group from given ones, the later from the new earlier."""
        self._state.update(state)
        for item in group:
            self._state[item.name] = self._derived(item)._replace(fixed=False)
        found = {item.name: self._state[item.name] for item in group}
        self._state.clear()
        return found

    # ------------------------------------------------------------------ names

    def _define_all(self) -> None:
        # In the order of dependence, so that a chain of any length needs no deep recursion.
        for group in self._ruleset.strata:
            if is_recursive(group):
                self._memo.update(solve(self, group))
            else:
                self._memo[group[0].name] = self._derived(group[0])

    def _keep(self, key: _Key, item: Placed) -> Placed:
        (self._memo if item.fixed else self._state)[key] = item
        return item

    def _name(self, name: str) -> Placed:
        """The value of a name, over its own parameters in order."""
        for memo in (self._state, self._memo):
            if name in memo:
                return memo[name]
        item = self._given[name]
        if isinstance(item, ir.Param):
            return self._keep(name, Placed(literal(item.value, item.type, self._codes)))
        places = [ir.Binding(name=str(p), entity=e) for p, e in enumerate(item.parameters)]
        value = self.numbers.column(item.type, self._columns[name])
        return self._keep(name, Placed(value, self.axes(places)))

    def _presence(self, axis: Axis) -> Placed:
        key = ir.Binding(name=axis.name, entity=axis.entity)
        if key not in self._memo:
            value = self.numbers.column(ir.BOOL, self._columns[axis.entity])
            self._memo[key] = Placed(value, (axis,))
        return self._memo[key]

    def _derived(self, item: ir.Derived) -> Placed:
        axes = self.axes(item.parameters)
        clauses = [self.placed(clause) for clause in item.clauses]
        present = self.present(axes)
        if isinstance(item.type, ir.BoolType):
            truths, over = self.space.align(*clauses)
            fixed = all(clause.fixed for clause in clauses)
            either = Placed(kleene.any_of(self.ops, truths), over, fixed)
            result = self.joins.all_of([either, *present])
            if not axes:
                return result
            return Placed(self.space.spread(result, axes), axes, fixed)
        value = self.numbers.bounded(item.type, clauses[0].value)
        if not axes:
            return Placed(value)
        result = Placed(value, clauses[0].axes)
        if present:
            sure = self.joins.all_of(present)
            (value, there), over = self.space.align(result, sure)
            result = Placed(self.numbers.where(there.true, value), over)
        return Placed(self.space.spread(result, axes), axes)

    def about(self, item: Placed, arguments: Sequence[ir.Variable | ir.Const]) -> Placed:
        """A value over parameters, for the objects that the arguments stand for."""
        if not arguments:
            return item
        lead = len(self.space.shape)
        value, axes = item.value, list(item.axes)
        for place in reversed(range(len(axes))):
            argument = arguments[place]
            if isinstance(argument, ir.Variable):
                axes[place] = axes[place]._replace(name=argument.name)
            else:
                index = self._object(argument, axes.pop(place).entity)
                value = each(self.ops.at, value, index, lead + place)
        for axis in [axis for axis in dict.fromkeys(axes) if axes.count(axis) > 1]:
            while axes.count(axis) > 1:
                i, j = axes.index(axis), len(axes) - 1 - axes[::-1].index(axis)
                value = each(self.ops.diagonal, value, lead + i, lead + j)
                axes = [*(other for k, other in enumerate(axes) if k not in (i, j)), axis]
        return Placed(value, tuple(axes), item.fixed)

    def _object(self, constant: ir.Const, entity: str) -> np.uint32:
        domain = self._ruleset.entity[entity].domain
        assert domain is not None, "arguments are variables, or constants of fixed domains"
        return np.uint32(domain.index(constant.value))

    def _variable(self, expr: ir.Variable) -> Placed:
        (axis,) = self.axes([ir.Binding(name=expr.name, entity=expr.entity)])
        low = expr.type.low if isinstance(expr.type, ir.IntType) else 0
        objects = np.arange(low, low + axis.size, dtype=np.int32)
        return Placed(Code(self.ops.spread(objects, self.space.full((axis,))), None), (axis,))

    # ------------------------------------------------------------ expressions

    def _lower(self, expr: ir.Expr) -> Placed:
        ops, numbers = self.ops, self.numbers
        match expr:
            case ir.Const(value=value, type=type_):
                return Placed(literal(value, type_, self._codes))
            case ir.Ref(name=name, arguments=arguments):
                return self.about(self._name(name), arguments)
            case ir.Variable():
                return self._variable(expr)
            case ir.Compare(op=op, left=left, right=right):
                return self._compare(op, left, right)
            case ir.IsUnknown(operand=operand):
                unknown = self.unknown(operand)
                if unknown is None:
                    return Placed(Truth(np.bool_(False), None))
                return self.placed(operand)._replace(value=Truth(unknown, None))
            case ir.Quantified(kind=kind, bindings=bindings, body=body):
                return self._quantified(kind, self.axes(bindings), body)
            case ir.Aggregate():
                return self._aggregate(expr)
            case ir.ToFloat(operand=operand):
                return self._with([operand], lambda number: numbers.to_float(number))
            case ir.Arithmetic(op=op, left=left, right=right, type=type_):
                return self._with([left, right], lambda a, b: numbers.arithmetic(op, type_, a, b))
            case ir.Call(function=function, arguments=arguments):
                return self._with(arguments, lambda *values: numbers.call(function, values))
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                return self._with([condition, then, otherwise], numbers.choose)
            case ir.And(operands=operands):
                return self._with(operands, lambda *truths: kleene.all_of(ops, truths))
            case ir.Or(operands=operands):
                return self._with(operands, lambda *truths: kleene.any_of(ops, truths))
            case ir.Not(operand=operand):
                return self._with([operand], lambda truth: kleene.negation(ops, truth))

    def _with(self, exprs: Sequence[ir.Expr], function: Callable[..., Lowered]) -> Placed:
        """A function of the values of expressions, element by element."""
        items = [self.placed(expr) for expr in exprs]
        values, axes = self.space.align(*items)
        return Placed(function(*values), axes, all(item.fixed for item in items))

    def _compare(self, op: str, left: ir.Expr, right: ir.Expr) -> Placed:
        ops = self.ops
        if op in (">", ">="):
            return self._compare(op.replace(">", "<"), right, left)
        if op == "!=":
            equal = self._compare("=", left, right)
            return equal._replace(value=kleene.negation(ops, equal.value))
        if isinstance(left.type, ir.BoolType):
            return self._with([left, right], lambda a, b: kleene.equivalent(ops, a, b))
        return self._with(
            [left, right], lambda a, b: self.numbers.compare(op, left.type, right.type, a, b)
        )

    def _quantified(self, kind: str, bound: Axes, body: ir.Expr) -> Placed:
        if kind == "some":
            holding = map(self.placed, parts(body, ir.And))
            return self.joins.some([*holding, *self.present(bound)], bound)
        # `all` is "not some that is present and not so".
        failing = [self.placed(ir.Not(operand=part)) for part in parts(body, ir.Or)]
        some = self.joins.some([*failing, *self.present(bound)], bound)
        return some._replace(value=kleene.negation(self.ops, some.value))

    def _aggregate(self, expr: ir.Aggregate) -> Placed:
        bound = self.axes(expr.bindings)
        counted = self.present(bound)
        if expr.where is not None:
            counted.append(self.placed(expr.where))
        body = self.placed(expr.body)
        if expr.function == "count":
            return aggregate(self.space, "count", bound, [*counted, body], None)
        return aggregate(self.space, expr.function, bound, counted, body)


def _batch(ruleset: ir.Ruleset, columns: Mapping[str, Array]) -> tuple[int, ...]:
    for item in ruleset.inputs:
        shape: tuple[int, ...] = columns[item.name].shape
        return shape[: len(shape) - len(item.parameters)]
    return ()
