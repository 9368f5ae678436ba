"""Rules found in data: a tree grown on labels, or on what a model decides, and read as rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

import rules
from research.data.schema import Schema
from research.data.tabular import missing
from research.models.classical import DecisionTree, Tree, unstacked
from rules import Ruleset
from rules.discovery import AtMost, Discovered, Feature, Is, Leaf, Node, Split, discover

Columns = Mapping[str, NDArray[np.generic]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Growing:
    """How large a tree may be: small enough that somebody reads its rules.

    Attributes:
        max_depth: questions on the longest way.
        min_cases: training cases in every leaf.
        seed: of ties between equally good questions.
    """

    max_depth: int = 5
    min_cases: int = 30
    seed: int = 0


def found_rules(
    columns: Columns,
    schema: Schema,
    labels: NDArray[np.integer],
    *,
    outcomes: Sequence[str],
    unknown: str,
    name: str,
    note: str,
    growing: Growing | None = None,
) -> Discovered:
    """Grows a tree on the columns as they are, and reads it as rules.

    Args:
        columns: of training cases, by the schema; NaN and negative codes are missing.
        schema: names, kinds and categories.
        labels: int `[N]`, positions in `outcomes`: what was true, or what a model decides.
        outcomes: by label.
        unknown: decided where a column is missing that never was.
        name: of the rule set.
        note: what it was grown on, for the top of the file.
        growing: of the tree.

    Raises:
        ArgumentError: when the labels lack an outcome.
        ValueError: when no question tells the outcomes apart.
    """
    growing = growing or Growing()
    tree = DecisionTree(max_depth=growing.max_depth, min_samples_leaf=growing.min_cases)
    fitted = tree.fit(_matrix(columns, schema), labels, growing.seed)
    (grown,) = unstacked(fitted.params)
    return discover(
        _node(grown, 0, _meanings(schema), outcomes),
        name=name,
        inputs={column.name: column.categories or None for column in schema.columns},
        outcomes=outcomes,
        unknown=unknown,
        complete=[c.name for c in schema.columns if not missing(columns[c.name]).any()],
        note=note,
    )


def fidelity(
    ruleset: Ruleset, columns: Columns, schema: Schema, decided: NDArray[np.integer]
) -> float:
    """Share of cases that the rules decide as somebody else did.

    Args:
        ruleset: of `found_rules`.
        columns: of cases that it was not grown on.
        schema: of the columns.
        decided: int `[N]`, positions in the rule set's outcomes.
    """
    names = {item.name for item in ruleset.inputs}
    cases = {c.name: _named(columns[c.name], c.categories) for c in schema.columns}
    outcomes = rules.decide(ruleset, {n: v for n, v in cases.items() if n in names}).outcomes
    assert ruleset.decision is not None
    return float(np.mean(np.array(ruleset.decision.outcomes)[decided] == np.array(outcomes)))


def _meanings(schema: Schema) -> list[tuple[str, str | None]]:
    """Column of each input of the tree, and the member that it stands for."""
    return [
        (column.name, member)
        for column in schema.columns
        for member in (column.categories or (None,))
    ]


def _matrix(columns: Columns, schema: Schema) -> NDArray[np.float32]:
    """Numbers as they are; of a categorical column one 0 or 1 for each member."""
    parts = []
    for column in schema.columns:
        values = columns[column.name]
        if column.categories:
            values = values[:, None] == np.arange(len(column.categories))
        parts.append(np.asarray(values, np.float32).reshape(len(values), -1))
    return np.concatenate(parts, axis=1)


def _node(
    tree: Tree, index: int, meanings: Sequence[tuple[str, str | None]], outcomes: Sequence[str]
) -> Node:
    if tree.feature[index] < 0:
        counts = tree.value[index] * tree.support[index]
        return Leaf(cases=dict(zip(outcomes, np.rint(counts).astype(int).tolist(), strict=True)))
    left, right = (
        _node(tree, int(child), meanings, outcomes)
        for child in (tree.left[index], tree.right[index])
    )
    column, member = meanings[tree.feature[index]]
    if member is None:
        question: Feature = AtMost(
            column=column,
            bound=float(tree.threshold[index]),
            missing=bool(tree.missing_left[index]),
        )
        return Split(question=question, yes=left, no=right)
    return Split(question=Is(column=column, member=member), yes=right, no=left)


def _named(values: NDArray[np.generic], categories: Sequence[str]) -> list[object]:
    if not categories:
        return [None if np.isnan(value) else float(value) for value in values]
    return [categories[code] if code >= 0 else None for code in np.asarray(values, int)]
