"""A decision tree as nested questions, whoever has grown it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from rules.discovery.features import Feature


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leaf:
    """Where a tree decides.

    Attributes:
        cases: how many training cases came here, by outcome; the most frequent one, the
            first among equals, is decided.
    """

    cases: Mapping[str, float]

    @property
    def outcome(self) -> str:
        """What is decided."""
        return max(self.cases, key=lambda outcome: self.cases[outcome])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Split:
    """Where a tree asks.

    Attributes:
        question: what it asks.
        yes: where it goes if so.
        no: where it goes if not.
    """

    question: Feature
    yes: Node
    no: Node


Node: TypeAlias = Leaf | Split


def leaves(tree: Node) -> Iterator[Leaf]:
    """From left to right."""
    if isinstance(tree, Leaf):
        yield tree
    else:
        yield from leaves(tree.yes)
        yield from leaves(tree.no)


def questions(tree: Node) -> Iterator[Feature]:
    """All that it asks."""
    if isinstance(tree, Split):
        yield tree.question
        yield from questions(tree.yes)
        yield from questions(tree.no)
