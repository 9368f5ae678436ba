"""What the Python builder hands out beside values: relations, and rules for tests."""

from __future__ import annotations

import dataclasses

from rules.language import syntax
from rules.language.builder_places import Places
from rules.language.builder_terms import Handle, Term, Variable, expression

__all__ = ["Firing", "Relation", "Rule"]


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Relation(Handle):
    """A relation, called like a function: `earns(g)`.

    Attributes:
        entities: names of what it is about; None where that is not known here.
    """

    name: str
    entities: tuple[str | None, ...]
    is_truth: bool
    places: Places

    def __call__(self, *arguments: object) -> Term:
        """What is said of some objects: variables, or the names of fixed objects."""
        span = self.places.here()
        if len(arguments) != len(self.entities):
            raise self.places.error(
                f"{self.name} is about {self._about()}: {len(self.entities)} arguments, "
                f"here {len(arguments)}"
            )
        nodes = []
        for item, entity in zip(arguments, self.entities, strict=True):
            if isinstance(item, Variable) and entity not in (None, item.entity.name):
                raise self.places.error(
                    f"{item!r} stands for an object of {item.entity.name}, "
                    f"{self.name} is about {self._about()}",
                    f'a variable for these: R.variables("x", {entity})',
                )
            nodes.append(expression(item, self.places))
        word = syntax.Word(text=self.name, span=span)
        node = syntax.Apply(function=word, arguments=tuple(nodes), span=span)
        return Term(node, self.places, is_truth=self.is_truth)

    def _about(self) -> str:
        return ", ".join(str(entity or "...") for entity in self.entities)

    def advice(self) -> str:
        """What to write instead of using it as a value."""
        variables = ", ".join("xyzw"[: len(self.entities)])
        return f"{self.name} is about {self._about()}: write {self.name}({variables})"

    def __repr__(self) -> str:
        return self.name


@dataclasses.dataclass(frozen=True)
class Firing:
    """Whether a rule fires, for `expect`."""

    node: syntax.Firing


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Rule(Handle):
    """A rule, for what a test expects of it."""

    name: str
    places: Places

    def fires(self) -> Firing:
        """It fires."""
        return Firing(self._node(True, None))

    def does_not_fire(self, *, because: Term | str | None = None) -> Firing:
        """It does not, perhaps because something holds."""
        if isinstance(because, Term):
            because = str(because)
        return Firing(self._node(False, because))

    def _node(self, fires: bool, because: str | None) -> syntax.Firing:
        span = self.places.here()
        fact = None if because is None else syntax.Word(text=because, span=span)
        word = syntax.Word(text=self.name, span=span)
        return syntax.Firing(rule=word, fires=fires, because=fact, span=span)

    def advice(self) -> str:
        """What to write instead of using it as a value."""
        return f"{self.name} is a rule, not a value: its conditions can be derived and named"

    def __repr__(self) -> str:
        return self.name
