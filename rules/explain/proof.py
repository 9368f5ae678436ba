"""Proof trees: how the value of an expression comes about, down to the inputs.

Of an `and`, an `or`, a quantifier or an aggregate the tree has the parts that decide it: one
object for a `some` that holds, the object that fails an `all`. A recursive fact rests on facts
that were derived before it, never on itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from rules.engines.prepared import once_per_ruleset
from rules.engines.semantics import NO_BINDING, Bound, Facts, truth, value
from rules.engines.values import Value
from rules.engines.world import Objects
from rules.explain.deciding import Part, deciding
from rules.explain.derivations import Derivations
from rules.explain.formats import format_value, object_text, plain_value
from rules.explain.grounding import ground, objects_of
from rules.language import ir
from rules.language.printer import expression_text

__all__ = ["Proof", "Prover"]

DEPTH = 100  # levels down to which names are expanded; with an expression below, 200 in all
PRINTED = 10_000  # texts kept for the next proof
SHOWN = 5  # objects shown where each of many counts


@dataclasses.dataclass(frozen=True, kw_only=True)
class Proof:
    """An expression, its value, and where the value comes from.

    Attributes:
        text: the expression, or the name of an input or derived value.
        type: of the value.
        value: of a condition True or False, of a date the number of the day; None is unknown.
        definition: of a derived value, the text of what derives it; else None.
        objects: what the variables of a quantifier stand for in this part, by name.
        note: what the rest does not tell, such as how many more objects there are.
        span: the place in the rule text.
        children: the parts of the expression that decide it; none for inputs and constants.
    """

    text: str
    type: ir.Type
    value: Value | None
    definition: str | None = None
    objects: Bound = dataclasses.field(default_factory=dict)
    note: str | None = None
    span: ir.Span | None = None
    children: tuple[Proof, ...] = ()

    @property
    def condition(self) -> bool:
        """Whether this is a condition, so that the value is its truth."""
        return isinstance(self.type, ir.BoolType)

    @property
    def truth(self) -> bool | None:
        """Whether the condition holds; None is unknown, or no condition."""
        return self.value if isinstance(self.value, bool) and self.condition else None

    @property
    def shown(self) -> str:
        """The value as text."""
        return format_value(self.value, "", self.type)

    @property
    def sentence(self) -> str:
        """What is proved, in one line: `strong: some g: earns(g) > 50_000`, `x = 3`."""
        text = f"{self.text}{': ' if self.condition else ' = '}{self.definition}"
        text = self.text if self.definition is None else text
        text = text if self.condition else f"{text} = {self.shown}"
        if self.objects:
            about = [f"{name} = {object_text(label)}" for name, label in self.objects.items()]
            text = f"{', '.join(about)}: {text}"
        return text if self.note is None else f"{text} ({self.note})"

    def lines(self, indent: int = 0) -> Iterator[str]:
        """The tree as indented text."""
        yield f"{'  ' * indent}{self}"
        for child in self.children:
            yield from child.lines(indent + 1)

    def __str__(self) -> str:
        mark = {True: "yes", False: "no ", None: "?  "}[self.truth] if self.condition else "   "
        return f"{mark}  {self.sentence}"

    def to_json(self) -> dict[str, Any]:
        """Plain data: text, value, and where there are any definition, for, note, at, children."""
        told: dict[str, Any] = {"text": self.text}
        if self.definition is not None:
            told["definition"] = self.definition
        if self.objects:
            told["for"] = dict(self.objects)
        told["value"] = plain_value(self.value, self.type)
        if self.note is not None:
            told["note"] = self.note
        if self.span is not None:
            told["at"] = {"line": self.span.line, "column": self.span.column}
        if self.children:
            told["children"] = [child.to_json() for child in self.children]
        return told


class Prover:
    """Proofs about one case."""

    def __init__(self, ruleset: ir.Ruleset, facts: Facts) -> None:
        """Args: a checked rule set, and every param, input and derived value of a case."""
        self.facts = facts
        self._texts = _texts(ruleset)
        self._derivations = Derivations(ruleset, facts)

    def prove(self, expr: ir.Expr, bound: Bound = NO_BINDING) -> Proof:
        """The proof tree of an expression.

        A derived value that several parts use is expanded where it comes first, and not below
        100 levels.

        Args:
            expr: any expression.
            bound: what its free variables stand for.
        """
        return self._prove(Part(expr=expr, bound=bound), self.facts, set(), 0)

    def _prove(
        self, part: Part, facts: Facts, expanded: set[tuple[str, Objects]], level: int
    ) -> Proof:
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
                note = "not shown below this level"
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
    """

    def __init__(self, ruleset: ir.Ruleset) -> None:
        self.derived = {item.name: item for item in ruleset.derived}
        self.whole = {
            item.name: item.clauses[0] if len(item.clauses) == 1 else ir.Or(operands=item.clauses)
            for item in ruleset.derived
        }
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
