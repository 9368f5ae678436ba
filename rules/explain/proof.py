"""Proof trees: how the value of an expression comes about, down to the inputs.

Of an `and`, an `or`, a quantifier or an aggregate the tree has the parts that decide it: one
object for a `some` that holds, the object that fails an `all`. A recursive fact rests on facts
that were derived before it, never on itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from rules.engines.semantics import Bound
from rules.engines.values import Value
from rules.explain.formats import format_value, object_text, plain_value
from rules.language import ir

__all__ = ["Proof"]


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
