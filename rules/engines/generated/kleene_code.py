"""The three-valued path: every expression of the language as Python statements.

A generated function takes the case `c`, a list with a slot for each entity, input and
derived name, and the objects that its variables stand for; None is unknown. Derived values
are computed when they are first read, and so are those that a recursive one depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from rules.engines.generated.runtime import has_bounds
from rules.engines.joining import Join, joins
from rules.engines.values import canonical
from rules.language import ir
from rules.language.strata import is_recursive

__all__ = ["KleeneCode"]

_SYMBOL = {"=": "==", "mod": "%"}
_Operand: TypeAlias = Callable[[], str]  # writes the statements of an operand when it is called


class KleeneCode:
    """The three-valued functions of one rule set.

    Attributes:
        slots: the position in the case of every entity, input and derived name; its name, in
            quotes, where the case is a dictionary.
        lines: the functions written so far.
        derived: by derived name, the name of its function.
    """

    def __init__(self, ruleset: ir.Ruleset, *, by_name: bool = False) -> None:
        """Args: a checked rule set, and whether the case is a dictionary, not a list."""
        self.lines: list[str] = []
        self._entities = ruleset.entity
        self._params = {item.name: item for item in ruleset.params}
        self._derived = {item.name: item for item in ruleset.derived}
        names = [item.name for item in ruleset.entities]
        names += [item.name for item in ruleset.inputs]
        names += [item.name for item in ruleset.derived]
        self.slots = {name: repr(name) if by_name else str(slot) for slot, name in enumerate(names)}
        self.derived = {item.name: f"d{number}" for number, item in enumerate(ruleset.derived)}
        self._relations = {
            item.name
            for item in ruleset.inputs
            if item.parameters and isinstance(item.type, ir.BoolType)
        }
        self._recursive = {
            item.name for group in ruleset.strata if is_recursive(group) for item in group
        }
        self._functions = 0
        self._written: set[str] = set()
        self._wanted: list[str] = []

    def function(self, expr: ir.Expr) -> str:
        """Writes a function of the case for a condition, and those that it reads.

        Returns:
            Its name.
        """
        body = _Body(self, ())
        result = body.value(expr)
        name = self._write((), [*body.lines, f"    return {result}"])
        self.derive(())
        return name

    def derive(self, names: Iterable[str]) -> None:
        """Writes the functions of derived names, and of what they read."""
        self._wanted += names
        while self._wanted:
            name = self._wanted.pop()
            if name not in self._written:
                self._written.add(name)
                self._define(self._derived[name])

    # ------------------------------------------------------------- functions

    def _write(self, variables: Sequence[str], lines: Sequence[str], name: str = "") -> str:
        self._functions += 1
        name = name or f"f{self._functions}"
        arguments = ", ".join(("c", *(_variable(word) for word in variables)))
        self.lines += [f"def {name}({arguments}):", *lines]
        return name

    def _define(self, item: ir.Derived) -> None:
        variables = [binding.name for binding in item.parameters]
        presence = self._presence(item.parameters)
        body = _Body(self, variables)
        if isinstance(item.type, ir.BoolType):
            clauses = item.clauses[0] if len(item.clauses) == 1 else ir.Or(operands=item.clauses)
            result = body.conjunction([*presence, lambda: body.value(clauses)])
        else:
            for present in presence:
                body.add(f"if {present()} is None: return None")
            result = body.value(item.clauses[0])
            if has_bounds(item.type):
                result = body.keep(result)
                body.add(f"if {result} is not None: {result} = bounded_{item.name}({result})")
        lines = [*body.lines, f"    return {result}"]
        self._write(variables, lines, self.derived[item.name])

    def _presence(self, bindings: Sequence[ir.Binding]) -> list[_Operand]:
        """The presence of the objects that the variables stand for, where it may be unknown."""
        return [
            self._present(binding)
            for binding in bindings
            if self._entities[binding.entity].domain is None
        ]

    def _present(self, binding: ir.Binding) -> _Operand:
        code = f"c[{self.slots[binding.entity]}][{_variable(binding.name)}]"
        return lambda: code

    # ------------------------------------------------- called by expressions

    def reference(self, body: _Body, node: ir.Ref) -> str:
        """Code for the value of a name; the case holds it from then on."""
        if node.name in self._params:
            return _literal(self._params[node.name].value)
        slot = self.slots[node.name]
        key = "".join(f"{body.value(argument)}, " for argument in node.arguments)
        if node.name not in self._derived:
            return f"c[{slot}][{key}]" if key else f"c[{slot}]"
        self._wanted.append(node.name)
        function = self.derived[node.name]
        if node.name in self._recursive:
            return body.keep(f"c[{slot}].answer(({node.name!r}, ({key})))")
        if not key:
            result = body.keep(f"c[{slot}]")
            body.add(f"if {result} is PENDING: {result} = c[{slot}] = {function}(c)")
            return result
        result = body.keep(f"c[{slot}].get(({key}), PENDING)")
        body.add(f"if {result} is PENDING: {result} = c[{slot}][{key}] = {function}(c, {key})")
        return result

    def quantified(self, node: ir.Quantified, variables: Sequence[str]) -> str:
        """Writes a function that searches for a witness, or a counterexample."""
        some = node.kind == "some"
        body = _Body(self, variables)
        body.add(f"t = {not some}")
        self._loop(body, node.bindings, node.body if some else None)
        presence = self._presence(node.bindings)
        operand = node.body if some else ir.Not(operand=node.body)
        held = body.conjunction([*presence, lambda: body.value(operand)])
        body.add(f"if {held} is True: return {some}")
        body.add(f"if {held} is None: t = None")
        return self._write(variables, [*body.lines, "    return t"])

    def aggregate(self, node: ir.Aggregate, variables: Sequence[str]) -> str:
        """Writes a function that goes through the objects in order."""
        body = _Body(self, variables)
        is_float = isinstance(node.type, ir.FloatType)
        start = {"sum": "0.0" if is_float else "0", "count": "0", "mean": "0.0"}
        body.add(f"total = {start.get(node.function, 'None')}")
        if node.function == "mean":
            body.add("number = 0")
        filters = node.body if node.function == "count" else node.where
        self._loop(body, node.bindings, filters)
        counted = [*self._presence(node.bindings)]
        if filters is not None:
            counted.append(lambda: body.value(filters))
        if counted:
            held = body.conjunction(counted)
            body.add(f"if {held} is None: return None")
            body.add(f"if {held} is False: continue")
        match node.function:
            case "count":
                body.add("total += 1")
            case "min" | "max":
                value = body.keep(body.value(node.body))
                body.add(f"if {value} is None: return None")
                better = "<" if node.function == "min" else ">"
                body.add(f"if total is None or {value} {better} total: total = {value}")
            case _:
                value = body.keep(body.value(node.body))
                body.add(f"if {value} is None: return None")
                if is_float and not isinstance(node.body.type, ir.FloatType):
                    value = f"to_float32({value})"
                added = f"total + {value}"
                body.add(f"total = {f'to_float32({added})' if is_float else added}")
                if is_float:
                    body.add("if total is None: return None")
                if node.function == "mean":
                    body.add("number += 1")
        result = "total"
        if node.function == "mean":
            result = "to_float32(total / to_float32(number)) if number else None"
        return self._write(variables, [*body.lines, f"    return {result}"])

    def _loop(self, body: _Body, bindings: Sequence[ir.Binding], condition: ir.Expr | None) -> None:
        """Loops over objects, without those for which a condition is false by a relation."""
        found: Sequence[Join | None] = [None] * len(bindings)
        if condition is not None:
            found = joins(bindings, condition, body.variables, self._relations)
        for binding, join in zip(bindings, found, strict=True):
            objects = f"c[{self.slots[binding.entity]}]"
            if join is not None:
                name, place, others = join
                about = "".join(f"{body.value(argument)}, " for argument in others)
                objects = f"c[{self.slots[name]}].candidates({place}, ({about}))"
            body.add(f"for {_variable(binding.name)} in {objects}:")
            body.indent += 1
            body.variables = [*body.variables, binding.name]


class _Body:
    """The statements of one function."""

    def __init__(self, code: KleeneCode, variables: Sequence[str]) -> None:
        self.lines: list[str] = []
        self.indent = 1
        self.variables = list(variables)
        self._code = code
        self._names = 0

    def add(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def keep(self, code: str) -> str:
        """A local variable with the value of some code."""
        self._names += 1
        self.add(f"t{self._names} = {code}")
        return f"t{self._names}"

    def conjunction(self, operands: Sequence[_Operand]) -> str:
        return self._connective(operands, "True", "False")

    def _connective(self, operands: Sequence[_Operand], neutral: str, decisive: str) -> str:
        result = self.keep(operands[0]())
        for operand in operands[1:]:
            self.add(f"if {result} is not {decisive}:")
            self.indent += 1
            value = self.keep(operand())
            self.add(f"if {value} is not {neutral}: {result} = {value}")
            self.indent -= 1
        return result

    def value(self, expr: ir.Expr) -> str:
        """Code without side effects for the value of an expression; None is unknown."""
        match expr:
            case ir.Const(value=value):
                return _literal(value)
            case ir.Variable(name=name):
                return _variable(name)
            case ir.Ref():
                return self._code.reference(self, expr)
            case ir.Not(operand=operand):
                value = self.keep(self.value(operand))
                return self.keep(f"None if {value} is None else not {value}")
            case ir.And(operands=operands):
                return self._connective([self._later(o) for o in operands], "True", "False")
            case ir.Or(operands=operands):
                return self._connective([self._later(o) for o in operands], "False", "True")
            case ir.IsUnknown(operand=operand):
                return self.keep(f"{self.keep(self.value(operand))} is None")
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                return self._choose(condition, then, otherwise)
            case ir.Quantified():
                function = self._code.quantified(expr, self.variables)
                return self.keep(f"{function}({self._arguments()})")
            case ir.Aggregate():
                function = self._code.aggregate(expr, self.variables)
                return self.keep(f"{function}({self._arguments()})")
            case _:
                return self._apply(expr)

    def _later(self, expr: ir.Expr) -> _Operand:
        return lambda: self.value(expr)

    def _arguments(self) -> str:
        return ", ".join(("c", *map(_variable, self.variables)))

    def _choose(self, condition: ir.Expr, then: ir.Expr, otherwise: ir.Expr) -> str:
        held = self.keep(self.value(condition))
        result = self.keep("None")
        for test, branch in ((f"if {held} is True:", then), (f"elif {held} is False:", otherwise)):
            self.add(test)
            self.indent += 1
            self.add(f"{result} = {self.value(branch)}")
            self.indent -= 1
        return result

    def _apply(self, expr: ir.Expr) -> str:
        """Nodes that are unknown as soon as one operand is."""
        operands: tuple[ir.Expr, ...]
        match expr:
            case ir.ToFloat(operand=operand):
                operands, code = (operand,), "to_float32({})"
            case ir.Compare(op=op, left=left, right=right):
                operands, code = (left, right), f"{{}} {_SYMBOL.get(op, op)} {{}}"
            case ir.Arithmetic(op=op, left=left, right=right):
                operands, code = (left, right), f"{{}} {_SYMBOL.get(op, op)} {{}}"
                match expr.type:
                    case ir.FloatType():
                        code = f"to_float32({code})"
                    case ir.DateType():
                        code = f"to_day({code})"
            case ir.Call(function="floor" | "ceil" | "round" as function, arguments=operands):
                code = f"to_float32(float({function}({{}})))"
            case ir.Call(function=function, arguments=operands):
                code = f"{function}({', '.join(['{}'] * len(operands))})"
            case _:
                raise TypeError(f"found {expr!r}, expected an expression of rules.language.ir")
        known = [_is_literal(operand) for operand in operands]
        values = [
            self.value(operand) if literal else self.keep(self.value(operand))
            for operand, literal in zip(operands, known, strict=True)
        ]
        unknown = [f"{v} is None" for v, literal in zip(values, known, strict=True) if not literal]
        if isinstance(expr, ir.Arithmetic) and expr.op in ("/", "mod"):
            unknown.append(f"not {values[1]}")
        code = code.format(*values)
        return self.keep(f"None if {' or '.join(unknown)} else {code}" if unknown else code)


def _variable(name: str) -> str:
    return f"v_{name}"


def _is_literal(expr: ir.Expr) -> bool:
    """Whether an expression is a constant that is known: no number too large for a float32."""
    return isinstance(expr, ir.Const) and _literal(expr.value) != "None"


def _literal(value: float | int | bool | str) -> str:
    return repr(canonical(value) if isinstance(value, float) else value)
