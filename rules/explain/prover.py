"""Makes proof trees of the facts of one case."""

from __future__ import annotations

import dataclasses

from rules.engines.fixpoint import Fact
from rules.engines.prepared import once_per_ruleset
from rules.engines.semantics import NO_BINDING, Bound, Facts, truth, value
from rules.engines.world import Objects
from rules.explain.closed_proofs import DEPTH, TOO_DEEP, ClosedProofs
from rules.explain.deciding import Part, deciding
from rules.explain.derivations import Derivations
from rules.explain.grounding import ground, objects_of
from rules.explain.proof import Proof
from rules.language import ir
from rules.language.printer import expression_text

__all__ = ["Prover"]

PRINTED = 10_000  # texts kept for the next proof
SHOWN = 5  # objects shown where each of many counts


class Prover:
    """Proofs about one case."""

    def __init__(self, ruleset: ir.Ruleset, facts: Facts) -> None:
        """Args: a checked rule set, and every param, input and derived value of a case."""
        self.facts = facts
        self._texts = _texts(ruleset)
        self._closed = self._texts.closed
        self._derivations = Derivations(ruleset, facts)

    def prove(self, expr: ir.Expr, bound: Bound = NO_BINDING) -> Proof:
        """The proof tree of an expression.

        A derived value that several parts use is expanded where it comes first, and not below
        100 levels.

        Args:
            expr: any expression.
            bound: what its free variables stand for.
        """
        if not bound:
            return self._closed.proof(expr, self.facts, self._prove)
        return self._prove(Part(expr=expr, bound=bound), self.facts, set(), 0)

    def _prove(self, part: Part, facts: Facts, expanded: set[Fact], level: int) -> Proof:
        """The plain form, for all expressions; `ClosedProofs` has most without variables."""
        expr, bound, note = part.expr, part.bound, part.note
        if isinstance(expr, ir.ToFloat):
            inner = dataclasses.replace(part, expr=expr.operand)
            return self._prove(inner, facts, expanded, level)
        definition = None
        parts = deciding(expr, bound, facts)
        if isinstance(expr, ir.Ref) and expr.name in self._texts.derived:
            fact = expr.name, objects_of(expr, bound)
            if fact not in expanded and level < DEPTH:
                expanded.add(fact)
                definition, parts, facts = self._expand(*fact)
            elif level >= DEPTH:
                note = TOO_DEEP
        if len(parts) > SHOWN and parts[0].objects:
            note = f"and {len(parts) - SHOWN} more"
            parts = parts[:SHOWN]
        return Proof(
            text=self._texts.of(expr, bound),
            type=expr.type,
            value=value(expr, self.facts, bound),
            definition=definition,
            objects=part.objects,
            note=note,
            span=expr.span,
            children=tuple(
                self._prove(child, facts, expanded, level + 1)
                for child in parts
                if not isinstance(child.expr, ir.Const | ir.Variable)
            ),
        )

    def _expand(self, name: str, objects: Objects) -> tuple[str, list[Part], Facts]:
        """What derives a fact: its text, the parts that decide it, and what they rest on."""
        item = self._texts.derived[name]
        bound = {p.name: label for p, label in zip(item.parameters, objects, strict=True)}
        facts = self._derivations.before((name, objects))
        clauses = item.clauses
        if facts is not self.facts:
            held = self.facts.read(name, objects)
            clauses = tuple(c for c in clauses if truth(c, facts, bound) is held)[:1]
        whole = self._texts.whole[name] if clauses is item.clauses else clauses[0]
        parts = deciding(whole, bound, facts)
        if isinstance(whole, ir.Ref | ir.Const):
            parts = [Part(expr=whole, bound=bound)]
        return self._texts.of(whole, bound), parts, facts

    def failing(self, expr: ir.Expr, bound: Bound = NO_BINDING) -> tuple[Proof, ...]:
        """The literals that keep a condition from holding.

        Of an `and` the parts that are false (or, when none is, unknown), of an `or` all parts.
        Arguments as for `prove`; the condition must not hold.
        """
        if isinstance(expr, ir.And | ir.Or):
            parts = deciding(expr, bound, self.facts)
            return tuple(proof for part in parts for proof in self.failing(part.expr, bound))
        return (self.prove(expr, bound),)


class _Texts:
    """What is the same in all proofs from a rule set.

    Attributes:
        derived: by name.
        whole: by derived name, all its clauses.
        closed: the proofs of what has no variables.
    """

    def __init__(self, ruleset: ir.Ruleset) -> None:
        self.derived = {item.name: item for item in ruleset.derived}
        self.whole = {
            item.name: item.clauses[0] if len(item.clauses) == 1 else ir.Or(operands=item.clauses)
            for item in ruleset.derived
        }
        self.closed = ClosedProofs(ruleset, self.whole)
        self._printed: dict[int, tuple[ir.Expr, str]] = {}

    def of(self, expr: ir.Expr, bound: Bound) -> str:
        """The text of an expression about particular objects."""
        if bound:
            return expression_text(ground(expr, bound))
        if id(expr) not in self._printed:
            if len(self._printed) >= PRINTED:
                self._printed.clear()
            self._printed[id(expr)] = expr, expression_text(expr)  # kept, so is its id
        return self._printed[id(expr)][1]


_texts = once_per_ruleset(_Texts)
