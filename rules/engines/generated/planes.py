"""Rules about single values where some are missing, as Python expressions of two planes.

Of each condition there are two expressions, one for where it holds and one for where it could:
between the two it is unknown. Of an unknown number, NaN, no comparison holds, and of no
comparison the opposite holds, so both are plain comparisons. A text that is unknown is None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rules.engines.generated.plain import Plain, threshold
from rules.engines.generated.runtime import has_bounds
from rules.engines.generated.sharing import Sharing
from rules.engines.generated.thresholds import comparison
from rules.engines.values import canonical
from rules.language import ir

__all__ = ["Planes"]

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}


class Planes:
    """The two-plane code of one rule set without entities.

    Attributes:
        sharing: the code of derived values.
    """

    def __init__(self, ruleset: ir.Ruleset, plain: Plain) -> None:
        self.sharing = Sharing(plain.uses)
        self._raw = plain.raw
        self._values = {item.name: _literal(item.value) for item in ruleset.params} | plain.locals
        self._holds: dict[str, str] = {}
        self._could: dict[str, str] = {}
        for name, code in self._values.items():
            if isinstance(ruleset.types[name], ir.BoolType):
                self._holds[name] = f"({code} is True)"
                self._could[name] = f"({code} is not False)"
        self._kept = 0
        for number, item in enumerate(ruleset.derived):
            self.sharing.define(item)
            if isinstance(item.type, ir.BoolType):
                for plane, codes in ((self.holds, self._holds), (self.could, self._could)):
                    code = f"({' or '.join(map(plane, item.clauses))})"
                    local = f"{'h' if plane == self.holds else 'p'}{number}"
                    codes[item.name] = self.sharing.read(item.name, local, code)
                continue
            code = self.value(item.clauses[0])
            if has_bounds(item.type):
                code = f"known_{item.name}({code})"
            self._values[item.name] = self.sharing.read(item.name, f"d{number}", code)

    # ---------------------------------------------------------------- truths

    def holds(self, expr: ir.Expr) -> str:
        """The code of whether a condition holds."""
        match expr:
            case ir.Const(value=value):
                return repr(value)
            case ir.Ref(name=name):
                return self._holds[name]
            case ir.Not(operand=operand):
                return f"(not {self.could(operand)})"
            case ir.And(operands=operands):
                return f"({' and '.join(map(self.holds, operands))})"
            case ir.Or(operands=operands):
                return f"({' or '.join(map(self.holds, operands))})"
            case ir.IsUnknown(operand=operand):
                return self._is_unknown(operand)
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                refused = f"not {self.could(condition)} and {self.holds(otherwise)}"
                return f"({self.holds(then)} if {self.holds(condition)} else {refused})"
            case ir.Compare():
                return self._compare(expr, expr.op)
            case _:
                raise TypeError(f"found {type(expr).__name__}, expected a condition of one case")

    def could(self, expr: ir.Expr) -> str:
        """The code of whether a condition holds or is unknown."""
        match expr:
            case ir.Ref(name=name):
                return self._could[name]
            case ir.Not(operand=operand):
                return f"(not {self.holds(operand)})"
            case ir.And(operands=operands):
                return f"({' and '.join(map(self.could, operands))})"
            case ir.Or(operands=operands):
                return f"({' or '.join(map(self.could, operands))})"
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                spared = f"{self.could(condition)} or {self.could(otherwise)}"
                return f"({self.could(then)} if {self.holds(condition)} else {spared})"
            case ir.Compare():
                return f"(not {self._compare(expr, _OPPOSITE[expr.op])})"
            case _:
                return self.holds(expr)

    def truth(self, expr: ir.Expr) -> str:
        """The code of a truth: True, False, or None where it is unknown."""
        return f"(({self.holds(expr)} or None) if {self.could(expr)} else False)"

    def _is_unknown(self, operand: ir.Expr) -> str:
        if isinstance(operand.type, ir.BoolType):
            return f"({self.could(operand)} and not {self.holds(operand)})"
        if _is_number(operand.type):
            once, again = self._twice(self.value(operand))
            return f"({once} != {again})"
        code = self.value(operand)
        return "False" if code[0] in "'\"" else f"({code} is None)"  # a literal is known

    def _compare(self, node: ir.Compare, op: str) -> str:
        """The code of whether the two sides are known and compare so."""
        sides = threshold(node)
        if sides is not None and sides[0].name in self._raw:
            if op != node.op:
                return comparison(self._values[sides[0].name], _OPPOSITE[sides[1]], sides[2])
            return comparison(self._values[sides[0].name], sides[1], sides[2])
        if not _is_number(node.left.type):
            read: Callable[[ir.Expr], str] = self.value
            if isinstance(node.left.type, ir.BoolType):
                read = self.truth
            function = "same" if op == "=" else "differ"
            return f"{function}({read(node.left)}, {read(node.right)})"
        left, right = self.value(node.left), self.value(node.right)
        if op != "!=":
            return f"({left} {'==' if op == '=' else op} {right})"
        left, left_again = self._twice(left)
        right, right_again = self._twice(right)
        return f"({left} < {right} or {left_again} > {right_again})"

    def _twice(self, code: str) -> tuple[str, str]:
        """Code to read first, and again: in one expression, computed once."""
        if code.isidentifier():
            return code, code
        self._kept += 1
        return f"(k{self._kept} := {code})", f"k{self._kept}"

    # ---------------------------------------------------------------- values

    def value(self, expr: ir.Expr) -> str:
        """The code of a number or a text: NaN, or None, where it is unknown."""
        match expr:
            case ir.Const(value=value):
                return _literal(value)
            case ir.Ref(name=name):
                return self._values[name]
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                neither = "nan" if _is_number(expr.type) else "None"
                refused = f"{neither} if {self.could(condition)} else {self.value(otherwise)}"
                return f"({self.value(then)} if {self.holds(condition)} else {refused})"
            case ir.ToFloat(operand=operand):
                return f"float32_or_nan({self.value(operand)})"
            case ir.Arithmetic(op=op, left=left, right=right):
                code = f"({self.value(left)} {op} {self.value(right)})"
                if op in ("/", "mod"):
                    function = "divide" if op == "/" else "modulo"
                    code = f"{function}({self.value(left)}, {self.value(right)})"
                wrap = {ir.FloatType: "float32_or_nan", ir.DateType: "day_or_nan"}.get(
                    type(expr.type), ""
                )
                return f"{wrap}{code}" if code.startswith("(") else f"{wrap}({code})"
            case ir.Call(function="abs", arguments=(argument,)):
                return f"abs({self.value(argument)})"
            case ir.Call(function=function, arguments=arguments):
                return f"{function}_or_nan({', '.join(map(self.value, arguments))})"
            case _:
                raise TypeError(f"found {type(expr).__name__}, expected a value of one case")


def _is_number(type_: ir.Type) -> bool:
    return isinstance(type_, ir.FloatType | ir.IntType | ir.DateType)


def _literal(value: Any) -> str:
    if not isinstance(value, float):
        return repr(value)
    number = canonical(value)
    return "nan" if number is None else repr(number)
