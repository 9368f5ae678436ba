"""The cases that reach a leaf: for each input a range or some members, and whether it may lack."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from rules.discovery.features import AtMost, Feature
from rules.discovery.tree import Leaf, Node


@dataclasses.dataclass(frozen=True, kw_only=True)
class Range:
    """Numbers above `low` and up to `high`; missing ones if `missing`."""

    low: float = -math.inf
    high: float = math.inf
    missing: bool = True

    def united(self, other: Range) -> Range | None:
        """Both together, if that is a range."""
        for one, rest in ((self, other), (other, self)):
            if one.low >= one.high:
                return dataclasses.replace(rest, missing=one.missing or rest.missing)
        first, second = sorted((self, other), key=lambda part: (part.low, part.high))
        if second.low > first.high:
            return None
        return Range(
            low=first.low,
            high=max(first.high, second.high),
            missing=self.missing or other.missing,
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Members:
    """Some members of a categorical input; a missing one if `missing`."""

    members: frozenset[str]
    missing: bool = True

    def united(self, other: Members) -> Members:
        """Both together, if that is what a condition can say."""
        return Members(members=self.members | other.members, missing=self.missing or other.missing)


Part: TypeAlias = Range | Members


@dataclasses.dataclass(frozen=True, kw_only=True)
class Box:
    """Cases that are decided alike, and what the training cases among them were.

    Attributes:
        parts: by input; all inputs are there.
        cases: training cases by true outcome.
        outcome: what is decided.
    """

    parts: Mapping[str, Part]
    cases: Mapping[str, float]
    outcome: str

    @property
    def support(self) -> float:
        """How many training cases."""
        return sum(self.cases.values())

    @property
    def confidence(self) -> float:
        """Share of them whose true outcome is the one decided."""
        return self.cases.get(self.outcome, 0.0) / self.support if self.support else 0.0

    @property
    def empty(self) -> bool:
        """Whether no case can be in it."""
        return any(_empty(part) for part in self.parts.values())


def boxes(tree: Node, inputs: Mapping[str, Sequence[str] | None]) -> list[Box]:
    """One box per leaf that a case can reach.

    Args:
        tree: whose leaves.
        inputs: the members of each categorical input, None for a number.
    """
    all_cases = {name: everything(members) for name, members in inputs.items()}
    return [box for box in _boxes(tree, all_cases) if not box.empty]


def everything(members: Sequence[str] | None) -> Part:
    """All that an input can be, missing included."""
    return Range() if members is None else Members(members=frozenset(members))


def merged(found: Sequence[Box]) -> list[Box]:
    """Fewer boxes of the same cases: those of one outcome that differ in one input are united."""
    remaining = list(found)
    position = 0
    while position < len(remaining):
        for other in range(position + 1, len(remaining)):
            union = _united(remaining[position], remaining[other])
            if union is not None:
                remaining[position] = union
                del remaining[other]
                position = 0  # what did not fit before may fit now
                break
        else:
            position += 1
    return remaining


def _boxes(node: Node, parts: Mapping[str, Part]) -> Iterator[Box]:
    if isinstance(node, Leaf):
        yield Box(parts=parts, cases=node.cases, outcome=node.outcome)
        return
    column = node.question.column
    yes, no = _split(parts[column], node.question)
    yield from _boxes(node.yes, {**parts, column: yes})
    yield from _boxes(node.no, {**parts, column: no})


def _split(part: Part, question: Feature) -> tuple[Part, Part]:
    if isinstance(part, Range):
        assert isinstance(question, AtMost)
        bound = question.bound
        return (
            dataclasses.replace(
                part, high=min(part.high, bound), missing=part.missing and question.missing
            ),
            dataclasses.replace(
                part, low=max(part.low, bound), missing=part.missing and not question.missing
            ),
        )
    assert not isinstance(question, AtMost)
    chosen = frozenset({question.member})
    return (
        Members(members=part.members & chosen, missing=False),
        Members(members=part.members - chosen, missing=part.missing),
    )


def _empty(part: Part) -> bool:
    nothing = part.low >= part.high if isinstance(part, Range) else not part.members
    return nothing and not part.missing


def _united(one: Box, other: Box) -> Box | None:
    if one.outcome != other.outcome:
        return None
    different = [name for name, part in one.parts.items() if part != other.parts[name]]
    if len(different) > 1:
        return None
    parts = dict(one.parts)
    for name in different:
        mine, theirs = one.parts[name], other.parts[name]
        if isinstance(mine, Range):
            assert isinstance(theirs, Range)
            union: Part | None = mine.united(theirs)
        else:
            assert isinstance(theirs, Members)
            union = mine.united(theirs)
        if union is None:
            return None
        parts[name] = union
    cases = {
        outcome: one.cases.get(outcome, 0.0) + other.cases.get(outcome, 0.0)
        for outcome in {**one.cases, **other.cases}
    }
    return Box(parts=parts, cases=cases, outcome=one.outcome)
