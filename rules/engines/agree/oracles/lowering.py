"""From a rule set to a logic program with two predicates for each truth.

What is true and what is possible (true or unknown) are predicates of their own, so a
two-valued program computes the three values; a value that is unknown is a predicate that
holds for no number. The first argument of every predicate is the number of the case.
Floats stand as ints in the same order (`ordinal`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from rules.engines.agree.oracles.facts import ordinal, sequence, term
from rules.engines.agree.oracles.program import (
    ANY,
    Atom,
    Clause,
    Every,
    Let,
    Part,
    Term,
    Test,
    Total,
    Var,
)
from rules.language import ir
from rules.language.walk import children, names

__all__ = ["Logic", "lower"]

CASE, VALUE, LEFT, RIGHT = Var("C"), Var("V"), Var("A"), Var("B")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Logic:
    """A rule set as a logic program.

    Attributes:
        clauses: for what is derived, the rules and the constraints.
        conditions: by rank, the predicates "true" and "possible" of each rule's condition.
        limits: the same for the constraints.
        needs: what the program uses that not every oracle has: `arithmetic`, `aggregate`,
            `every` (a recursion through `all`).
    """

    clauses: tuple[Clause, ...]
    conditions: tuple[tuple[str, str], ...]
    limits: tuple[tuple[str, str], ...]
    needs: frozenset[str]


def lower(ruleset: ir.Ruleset) -> Logic:
    """The logic program of a rule set."""
    lowering = _Lowering(ruleset)
    for group in ruleset.strata:
        lowering.group = frozenset(item.name for item in group)
        for item in group:
            lowering.derive(item)
    lowering.group = frozenset()
    conditions = [lowering.condition(rule.condition) for rule in ruleset.ranked]
    limits = [lowering.condition(item.condition) for item in ruleset.constraints]
    return Logic(
        clauses=tuple(lowering.clauses),
        conditions=tuple(conditions),
        limits=tuple(limits),
        needs=frozenset(lowering.needs),
    )


class _Lowering:
    """Clauses in the making; each expression is lowered once."""

    def __init__(self, ruleset: ir.Ruleset) -> None:
        self.ruleset = ruleset
        self.clauses: list[Clause] = []
        self.needs: set[str] = set()
        self.group: frozenset[str] = frozenset()
        self.numbers: dict[ir.Expr, int] = {}

    def add(self, head: Atom, *body: Part) -> None:
        self.clauses.append(Clause(head, body))

    # ---------------------------------------------------------------- names and truths

    def derive(self, item: ir.Derived) -> None:
        variables = tuple(Var(f"V_{binding.name}") for binding in item.parameters)
        entities = [binding.entity for binding in item.parameters]
        sure = [
            Atom(f"sure_{entity}", (CASE, variable))
            for entity, variable in zip(entities, variables, strict=True)
        ]
        may = [
            Atom(f"may_{entity}", (CASE, variable))
            for entity, variable in zip(entities, variables, strict=True)
        ]
        for clause in item.clauses:
            if isinstance(item.type, ir.BoolType):
                self.add(Atom(f"t_{item.name}", (CASE, *variables)), *sure, self.true(clause))
                self.add(Atom(f"p_{item.name}", (CASE, *variables)), *may, self.may(clause))
            else:
                head = Atom(f"v_{item.name}", (CASE, *variables, VALUE))
                self.add(head, *sure, self.value(clause, VALUE), *_bounds(item.type))

    def condition(self, expr: ir.Expr) -> tuple[str, str]:
        number = len(self.clauses)
        self.add(Atom(f"ct{number}", (CASE,)), Atom("case", (CASE,)), self.true(expr))
        self.add(Atom(f"cp{number}", (CASE,)), Atom("case", (CASE,)), self.may(expr))
        return f"ct{number}", f"cp{number}"

    def true(self, expr: ir.Expr) -> Atom:
        """The atom that says that a truth is true."""
        return self._truth("t", expr)

    def may(self, expr: ir.Expr) -> Atom:
        """The atom that says that a truth is not false."""
        return self._truth("p", expr)

    def _truth(self, part: str, expr: ir.Expr) -> Atom:
        if isinstance(expr, ir.Ref):
            return Atom(f"{part}_{expr.name}", (CASE, *_arguments(expr)))
        if expr not in self.numbers:
            self.numbers[expr] = len(self.numbers)
            self.lower_truth(expr, self._head("t", expr), self._head("p", expr))
        return self._head(part, expr)

    def value(self, expr: ir.Expr, variable: Var) -> Atom:
        """The atom that says that a value is the variable's."""
        if isinstance(expr, ir.Ref):
            return Atom(f"v_{expr.name}", (CASE, *_arguments(expr), variable))
        if expr not in self.numbers:
            self.numbers[expr] = len(self.numbers)
            self.lower_value(expr, self._head("v", expr, VALUE))
        return self._head("v", expr, variable)

    def _head(self, part: str, expr: ir.Expr, *more: Term) -> Atom:
        variables = [Var(f"V_{item.name}") for item in _free(expr)]
        return Atom(f"{part}{self.numbers[expr]}", (CASE, *variables, *more))

    def domain(self, expr: ir.Expr) -> list[Atom]:
        """What the free variables of an expression may stand for."""
        among = [Atom(f"may_{item.entity}", (CASE, Var(f"V_{item.name}"))) for item in _free(expr)]
        return [Atom("case", (CASE,)), *among]

    def lower_truth(self, expr: ir.Expr, true: Atom, may: Atom) -> None:
        domain = self.domain(expr)
        match expr:
            case ir.Const(value=value):
                if value:
                    self.add(true, *domain)
                    self.add(may, *domain)
            case ir.Not(operand=operand):
                self.add(true, *domain, self.may(operand).no())
                self.add(may, *domain, self.true(operand).no())
            case ir.And(operands=operands):
                self.add(true, *domain, *map(self.true, operands))
                self.add(may, *domain, *map(self.may, operands))
            case ir.Or(operands=operands):
                for operand in operands:
                    self.add(true, *domain, self.true(operand))
                    self.add(may, *domain, self.may(operand))
            case ir.IsUnknown(operand=operand):
                for unknown in self.unknown(operand):
                    self.add(true, *domain, *unknown)
                    self.add(may, *domain, *unknown)
            case ir.Choose():
                self.choose(expr, true, may)
            case ir.Compare() if isinstance(expr.left.type, ir.BoolType):
                self.equal(expr, true, may)
            case ir.Compare(op=op, left=left, right=right):
                sides = self.value(left, LEFT), self.value(right, RIGHT)
                self.add(true, *domain, *sides, Test(op, LEFT, RIGHT))
                self.add(may, *domain, true)
                for side in (left, right):
                    self.add(may, *domain, self.value(side, ANY).no())
            case ir.Quantified(kind="some", bindings=bindings, body=body):
                self.add(true, *domain, *_present("sure", bindings), self.true(body))
                self.add(may, *domain, *_present("may", bindings), self.may(body))
            case ir.Quantified(bindings=bindings, body=body):
                recurs = bool(names(body) & self.group)
                self.all(domain, true, _present("may", bindings), self.true(body), recurs)
                self.all(domain, may, _present("sure", bindings), self.may(body), recurs)
            case _:
                raise TypeError(f"found {expr!r}, expected a truth")

    def all(
        self, domain: list[Atom], head: Atom, among: Sequence[Atom], body: Atom, recurs: bool
    ) -> None:
        """The head holds where the body does for all objects."""
        if recurs:  # which must not go through a negation
            self.needs.add("every")
            self.add(head, *domain, Every(body, tuple(among)))
            return
        fails = Atom(f"fails_{head.name}", head.terms)
        self.add(fails, *domain, *among, body.no())
        self.add(head, *domain, fails.no())

    def unknown(self, expr: ir.Expr) -> list[list[Atom]]:
        """The ways in which an expression is unknown."""
        if isinstance(expr.type, ir.BoolType):
            return [[self.may(expr), self.true(expr).no()]]
        return [[self.value(expr, ANY).no()]]

    def choose(self, expr: ir.Choose, true: Atom, may: Atom) -> None:
        domain = self.domain(expr)
        held, refused = [self.true(expr.condition)], [self.may(expr.condition).no()]
        for guard, branch in ((held, expr.then), (refused, expr.otherwise)):
            self.add(true, *domain, *guard, self.true(branch))
            self.add(may, *domain, *guard, self.may(branch))
        for unknown in self.unknown(expr.condition):
            self.add(may, *domain, *unknown)

    def equal(self, expr: ir.Compare, true: Atom, may: Atom) -> None:
        """`=` and `!=` of truths."""
        domain = self.domain(expr)
        yes = [[self.true(side)] for side in (expr.left, expr.right)]
        no = [[self.may(side).no()] for side in (expr.left, expr.right)]
        same, other = [(yes[0], yes[1]), (no[0], no[1])], [(yes[0], no[1]), (no[0], yes[1])]
        for left, right in same if expr.op == "=" else other:
            self.add(true, *domain, *left, *right)
        self.add(may, *domain, true)
        for side in (expr.left, expr.right):
            for unknown in self.unknown(side):
                self.add(may, *domain, *unknown)

    # ---------------------------------------------------------------------- values

    def lower_value(self, expr: ir.Expr, head: Atom) -> None:
        domain = self.domain(expr)
        match expr:
            case ir.Const(value=value, type=type_):
                constant = Atom(head.name, (*head.terms[:-1], term(type_, value)))
                self.add(constant, *domain)
            case ir.Variable(name=name):
                self.add(Atom(head.name, (*head.terms[:-1], Var(f"V_{name}"))), *domain)
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                self.add(head, *domain, self.true(condition), self.value(then, VALUE))
                self.add(head, *domain, self.may(condition).no(), self.value(otherwise, VALUE))
            case ir.ToFloat(operand=operand):
                self.apply(head, domain, "to_float", (operand,))
            case ir.Arithmetic(op=op, left=left, right=right):
                kind = "float" if isinstance(expr.type, ir.FloatType) else "int"
                name = f"{kind}_{_NAMES[op]}"
                self.apply(head, domain, name, (left, right), *_bounds(expr.type))
            case ir.Call(function=function, arguments=arguments):
                kind = "float" if isinstance(expr.type, ir.FloatType) else "int"
                self.apply(head, domain, f"{kind}_{function}", arguments)
            case ir.Aggregate():
                self.aggregate(expr, head, domain)
            case _:
                raise TypeError(f"found {expr!r}, expected a value")

    def apply(
        self,
        head: Atom,
        domain: list[Atom],
        function: str,
        operands: Sequence[ir.Expr],
        *tests: Part,
    ) -> None:
        self.needs.add("arithmetic")
        variables = [Var(f"X{index}") for index in range(len(operands))]
        values = map(self.value, operands, variables)
        self.add(head, *domain, *values, Let(VALUE, function, tuple(variables)), *tests)

    def aggregate(self, expr: ir.Aggregate, head: Atom, domain: list[Atom]) -> None:
        """What counts is a predicate `in`; `bad` says that the aggregate is unknown."""
        self.needs.add("aggregate")
        number, objects = self.numbers[expr], tuple(Var(f"V_{b.name}") for b in expr.bindings)
        outer = head.terms[:-1]
        inside = Atom(f"in{number}", (*outer, *objects))
        bad = Atom(f"bad{number}", outer)
        counts = expr.body if expr.function == "count" else expr.where
        held = [] if counts is None else [self.true(counts)]
        could = [] if counts is None else [self.may(counts)]
        self.add(inside, *domain, *_present("sure", expr.bindings), *held)
        self.add(bad, *domain, *_present("may", expr.bindings), *could, inside.no())
        total = Var("T")
        if expr.function == "count":
            self.add(
                Atom(head.name, (*outer, total)),
                *domain,
                bad.no(),
                Total(total, "count", 1, objects, (inside,)),
            )
            return
        self.add(bad, *domain, inside, self.value(expr.body, ANY).no())
        some = Atom(f"some{number}", outer)
        self.add(some, *domain, inside)
        found = (inside, self.value(expr.body, VALUE))
        if expr.function == "mean" or (
            isinstance(expr.type, ir.FloatType) and expr.function == "sum"
        ):
            self.fold(expr, head, domain, inside, bad)
            return
        known = [bad.no()] if expr.function == "sum" else [bad.no(), some]
        self.add(
            Atom(head.name, (*outer, total)),
            *domain,
            *known,
            Total(total, expr.function, VALUE, objects, found),
        )

    def fold(
        self, expr: ir.Aggregate, head: Atom, domain: list[Atom], inside: Atom, bad: Atom
    ) -> None:
        """Float sums and means: one addition after the other, in the order of the objects."""
        self.needs.add("arithmetic")
        outer, objects = head.terms[:-1], inside.terms[len(head.terms) - 1 :]
        name = f"sum{self.numbers[expr]}"
        step, after, so_far = Var("I"), Var("J"), Var("S")
        row = Atom(sequence(expr.bindings), (CASE, step, *objects))
        before = Atom(name, (*outer, step, so_far))
        self.add(Atom(name, (*outer, 0, 0)), *domain, bad.no())
        count = Let(after, "int_add", (step, 1))
        summed = Let(LEFT, "float_add", (so_far, VALUE))
        value = self.value(expr.body, VALUE)
        self.add(
            Atom(name, (*outer, after, LEFT)), *domain, before, row, inside, value, summed, count
        )
        self.add(Atom(name, (*outer, after, so_far)), *domain, before, row, inside.no(), count)
        last = Atom(f"length_{sequence(expr.bindings)}", (CASE, step))
        if expr.function == "sum":
            self.add(Atom(head.name, (*outer, so_far)), *domain, last, before)
            return
        total, size = Var("T"), Var("N")
        self.add(
            head,
            *domain,
            last,
            before,
            Total(total, "count", 1, _variables(objects), (inside,)),
            Let(size, "to_float", (total,)),
            Let(VALUE, "float_divide", (so_far, size)),
        )


_NAMES = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "mod": "mod"}


def _variables(terms: Sequence[Term]) -> tuple[Var, ...]:
    """The terms, which are variables."""
    return tuple(item for item in terms if isinstance(item, Var))


def _arguments(expr: ir.Ref) -> list[Term]:
    return [
        Var(f"V_{item.name}") if isinstance(item, ir.Variable) else term(item.type, item.value)
        for item in expr.arguments
    ]


def _present(how: str, bindings: Sequence[ir.Binding]) -> list[Atom]:
    return [Atom(f"{how}_{item.entity}", (CASE, Var(f"V_{item.name}"))) for item in bindings]


def _bounds(type_: ir.Type) -> list[Part]:
    """Tests that the value lies within the bounds of its type."""
    tests: list[Part] = []
    match type_:
        case ir.IntType(low=low, high=high) | ir.DateType(low=low, high=high):
            tests = [Test(">=", VALUE, low), Test("<=", VALUE, high)]
        case ir.FloatType(low=low, high=high, low_open=low_open, high_open=high_open):
            if low is not None:
                tests.append(Test(">" if low_open else ">=", VALUE, ordinal(low)))
            if high is not None:
                tests.append(Test("<" if high_open else "<=", VALUE, ordinal(high)))
    return tests


def _free(expr: ir.Expr) -> list[ir.Variable]:
    """The free variables of an expression, by name."""
    found: dict[str, ir.Variable] = {}

    def visit(node: ir.Expr, bound: frozenset[str]) -> None:
        if isinstance(node, ir.Variable) and node.name not in bound:
            found[node.name] = node
        if isinstance(node, ir.Quantified | ir.Aggregate):
            bound = bound | {item.name for item in node.bindings}
        for child in children(node):
            visit(child, bound)

    visit(expr, frozenset())
    return [found[name] for name in sorted(found)]
