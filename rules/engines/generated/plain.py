"""The fast path: rules about single values, as two-valued Python expressions.

They decide a case of which every input is known. Where a value turns out unknown all the
same (a division by zero, an overflow), they raise, and the code of two planes decides.
"""

from __future__ import annotations

import dataclasses
from collections import Counter

from rules.engines.generated.runtime import has_bounds
from rules.engines.generated.sharing import Sharing
from rules.engines.generated.thresholds import comparison
from rules.engines.values import canonical
from rules.language import ir
from rules.language.walk import walk

__all__ = ["Plain", "threshold"]

_SYMBOL = {"=": "==", "mod": "%"}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


class Plain:
    """The two-valued code of one rule set without entities.

    Attributes:
        uses: how often each name is read.
        raw: the float inputs that are only compared with constants: they need no rounding.
        sharing: the code of derived values.
    """

    def __init__(self, ruleset: ir.Ruleset) -> None:
        self.locals = {item.name: f"i{k}" for k, item in enumerate(ruleset.inputs)}
        self._derived = {item.name: f"d{k}" for k, item in enumerate(ruleset.derived)}
        self._code = {item.name: _literal(item.value) for item in ruleset.params} | self.locals
        nodes = [
            node
            for expr in (
                *(rule.condition for rule in ruleset.ranked),
                *(item.condition for item in ruleset.constraints),
                *(clause for item in ruleset.derived for clause in item.clauses),
            )
            for node in walk(expr)
        ]
        self.uses = Counter(node.name for node in nodes if isinstance(node, ir.Ref))
        self.sharing = Sharing(self.uses)
        sides = [threshold(node) for node in nodes if isinstance(node, ir.Compare)]
        compared = Counter(side[0].name for side in sides if side is not None)
        self.raw = frozenset(name for name in self.locals if compared[name] == self.uses[name])
        for item in ruleset.derived:
            self._define(item)

    def _define(self, item: ir.Derived) -> None:
        self.sharing.define(item)
        code = f"({' or '.join(map(self, item.clauses))})"
        if has_bounds(item.type):
            code = f"known(bounded_{item.name}{code})"
        self._code[item.name] = self.sharing.read(item.name, self._derived[item.name], code)

    def __call__(self, expr: ir.Expr) -> str:
        """The code of an expression."""
        match expr:
            case ir.Const(value=value):
                return _literal(value)
            case ir.Ref(name=name):
                return self._code[name]
            case ir.Not(operand=operand):
                return f"(not {self(operand)})"
            case ir.And(operands=operands):
                return f"({' and '.join(map(self, operands))})"
            case ir.Or(operands=operands):
                return f"({' or '.join(map(self, operands))})"
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                return f"({self(then)} if {self(condition)} else {self(otherwise)})"
            case ir.IsUnknown(operand=operand):
                return "False" if self._is_known(operand) else "unknown()"
            case ir.Compare():
                return self._compare(expr)
            case ir.ToFloat(operand=operand):
                return f"float32({self(operand)})"
            case ir.Arithmetic(op=op, left=left, right=right):
                wrap = {ir.FloatType: "float32", ir.DateType: "day"}.get(type(expr.type), "")
                return f"{wrap}({self(left)} {_SYMBOL.get(op, op)} {self(right)})"
            case ir.Call(function="floor" | "ceil" | "round" as function, arguments=(argument,)):
                return f"float32(float({function}({self(argument)})))"
            case ir.Call(function=function, arguments=arguments):
                return f"{function}({', '.join(map(self, arguments))})"
            case _:
                raise TypeError(f"found {type(expr).__name__}, expected an expression of one case")

    def _compare(self, node: ir.Compare) -> str:
        sides = threshold(node)
        if sides is not None and sides[0].name in self.raw:
            return comparison(self.locals[sides[0].name], sides[1], sides[2])
        return f"({self(node.left)} {_SYMBOL.get(node.op, node.op)} {self(node.right)})"

    def _is_known(self, operand: ir.Expr) -> bool:
        """Whether an expression can only be unknown where an input is."""
        return not any(
            isinstance(node, ir.Arithmetic | ir.Call | ir.ToFloat)
            or (isinstance(node, ir.Ref) and node.name in self._derived)
            for node in walk(operand)
        )


def _literal(value: float | int | bool | str) -> str:
    return repr(canonical(value) if isinstance(value, float) else value)


def threshold(node: ir.Compare) -> tuple[ir.Ref, str, float] | None:
    """A comparison of a float with a constant: what, how, with what; else None."""
    match node:
        case ir.Compare(left=ir.Const(), right=ir.Ref()):
            flipped = dataclasses.replace(
                node, op=_FLIPPED[node.op], left=node.right, right=node.left
            )
            return threshold(flipped)
        case ir.Compare(left=ir.Ref(type=ir.FloatType()) as ref, right=ir.Const(value=constant)):
            value = canonical(float(constant))
            return None if value is None else (ref, node.op, value)
    return None
