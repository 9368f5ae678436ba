"""Proof trees of expressions without variables, prepared once for a rule set.

What `Prover` makes of them in its plain form, several times faster: texts, and which parts can
decide, are the same for all cases. Quantifiers, aggregates, what is about objects, and recursion
are left to the plain form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from rules.engines.closures import Prepared, prepare
from rules.engines.fixpoint import Fact
from rules.engines.semantics import NO_BINDING, Facts
from rules.engines.values import Value
from rules.explain.deciding import Part, operands
from rules.explain.proof import Proof
from rules.language import ir
from rules.language.printer import expression_text
from rules.language.strata import is_recursive

__all__ = ["DEPTH", "TOO_DEEP", "ClosedProofs", "Plain"]

DEPTH = 100  # levels down to which names are expanded; with an expression below, 200 in all
TOO_DEEP = "not shown below this level"
KEPT = 10_000  # expressions prepared for the next proof

Plain: TypeAlias = "Callable[[Part, Facts, set[Fact], int], Proof]"


class _Run:
    """One proof: the facts, the plain form, and which derived facts have been expanded."""

    __slots__ = ("expanded", "facts", "plain")

    def __init__(self, facts: Facts, plain: Plain) -> None:
        self.facts = facts
        self.plain = plain
        self.expanded: set[Fact] = set()


# The proof of an expression with a known value at a level, and the proofs of what decides it.
Tell: TypeAlias = Callable[["Value | None", _Run, int], Proof]
Below: TypeAlias = Callable[["Value | None", _Run, int], tuple[Proof, ...]]
_Parts: TypeAlias = list[tuple[Prepared, Tell]]


class ClosedProofs:
    """The prepared proofs of one rule set."""

    def __init__(self, ruleset: ir.Ruleset, whole: Mapping[str, ir.Expr]) -> None:
        """Args: a checked rule set, and by derived name all its clauses."""
        self._whole = whole
        self._single = {
            group[0].name
            for group in ruleset.strata
            if not is_recursive(group)
            and not group[0].parameters
            and not isinstance(whole[group[0].name], ir.Quantified | ir.Aggregate)
        }
        self._asked: dict[int, tuple[ir.Expr, Prepared, Tell]] = {}
        self._defined: dict[str, tuple[str, Below]] = {}

    def proof(self, expr: ir.Expr, facts: Facts, plain: Plain) -> Proof:
        """The proof tree of an expression without free variables.

        Args:
            expr: any such expression.
            facts: every param, input and derived value of a case.
            plain: makes the proofs that are not prepared.
        """
        if id(expr) not in self._asked:
            if len(self._asked) >= KEPT:
                self._asked.clear()
            self._asked[id(expr)] = expr, *self._part(expr)  # kept, so is its id
        _, evaluate, tell = self._asked[id(expr)]
        return tell(evaluate(facts, NO_BINDING), _Run(facts, plain), 0)

    def _part(self, expr: ir.Expr) -> tuple[Prepared, Tell]:
        while isinstance(expr, ir.ToFloat):
            expr = expr.operand
        return prepare(expr), self._tell(expr)

    def _tell(self, expr: ir.Expr) -> Tell:
        match expr:
            case ir.Ref(name=name, arguments=()) if name in self._single:
                return self._name(expr)
            case ir.Ref(name=name) if name in self._whole or expr.arguments:
                return _by_plain_form(expr)
            case ir.Quantified() | ir.Aggregate() | ir.Variable():
                return _by_plain_form(expr)
        text, type_, span, below = expression_text(expr), expr.type, expr.span, self._below(expr)

        def tell(value: Value | None, run: _Run, level: int) -> Proof:
            return _proof(
                text=text,
                type=type_,
                value=value,
                definition=None,
                objects={},
                note=None,
                span=span,
                children=below(value, run, level + 1),
            )

        return tell

    def _name(self, expr: ir.Ref) -> Tell:
        name, type_, span, fact = expr.name, expr.type, expr.span, (expr.name, ())
        defined = self._defined

        def tell(value: Value | None, run: _Run, level: int) -> Proof:
            definition, note = None, None if level < DEPTH else TOO_DEEP
            children: tuple[Proof, ...] = ()
            if note is None and fact not in run.expanded:
                run.expanded.add(fact)
                if name not in defined:
                    defined[name] = self._define(name)
                definition, below = defined[name]
                children = below(value, run, level + 1)
            return _proof(
                text=name,
                type=type_,
                value=value,
                definition=definition,
                objects={},
                note=note,
                span=span,
                children=children,
            )

        return tell

    def _define(self, name: str) -> tuple[str, Below]:
        """The text of what derives a name, and the proofs of its parts."""
        whole = self._whole[name]
        refers = isinstance(whole, ir.Ref)
        below = _all(self._parts((whole,))) if refers else self._below(whole)
        return expression_text(whole), below

    def _below(self, expr: ir.Expr) -> Below:
        """The proofs of the parts that decide an expression, as `deciding` finds them."""
        match expr:
            case ir.And() | ir.Or():
                return _alike(self._parts(expr.operands))
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                branches = {
                    True: _all(self._parts((condition, then))),
                    False: _all(self._parts((condition, otherwise))),
                    None: _all(self._parts((condition,))),
                }
                held = prepare(condition)
                return lambda value, run, level: branches[
                    cast("bool | None", held(run.facts, NO_BINDING))
                ](value, run, level)
            case _:
                return _all(self._parts(operands(expr)))

    def _parts(self, parts: Sequence[ir.Expr]) -> _Parts:
        return [self._part(part) for part in parts if not isinstance(part, ir.Const)]


def _all(parts: _Parts) -> Below:
    """The proofs of all parts."""
    if not parts:
        return lambda value, run, level: ()
    if len(parts) == 1:
        ((evaluate, tell),) = parts
        return lambda value, run, level: (tell(evaluate(run.facts, NO_BINDING), run, level),)
    return lambda value, run, level: tuple(
        [tell(evaluate(run.facts, NO_BINDING), run, level) for evaluate, tell in parts]
    )


def _alike(parts: _Parts) -> Below:
    """The proofs of the parts that have the value of the whole."""

    def below(value: Value | None, run: _Run, level: int) -> tuple[Proof, ...]:
        facts = run.facts
        return tuple(
            [
                tell(value, run, level)
                for evaluate, tell in parts
                if evaluate(facts, NO_BINDING) is value
            ]
        )

    return below


def _by_plain_form(expr: ir.Expr) -> Tell:
    part = Part(expr=expr, bound=NO_BINDING)
    return lambda value, run, level: run.plain(part, run.facts, run.expanded, level)


def _proof(**fields: Any) -> Proof:
    """`Proof(**fields)` of all its fields, without asking each whether it may be set.

    A tree has hundreds of nodes, and making them so takes a third of the time.
    """
    proof = object.__new__(Proof)
    proof.__dict__.update(fields)
    return proof
