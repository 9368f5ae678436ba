"""Rules found in the credit data decide as the tree and the model they come from."""

import numpy as np
import pytest

from experiments.discovery import Growing, fidelity, found_rules
from research.data.datasets import credit as dataset
from research.models.classical import DecisionTree, unstacked

OUTCOMES = ("repaid", "default")


@pytest.fixture(scope="module")
def parts(credit):
    order = np.random.default_rng(0).permutation(len(credit))

    def part(rows):
        return {name: values[rows] for name, values in credit.columns.items()}, credit.target[rows]

    return part(order[:3000]), part(order[3000:])


def found(columns, labels, **growing):
    return found_rules(
        columns,
        dataset.SCHEMA,
        labels,
        outcomes=OUTCOMES,
        unknown="person",
        name="found",
        note="Grown in a test.",
        growing=Growing(**growing),
    )


def matrix(columns):
    """What the tree is grown on: numbers, then a 0 or 1 per member."""
    parts = [
        columns[c.name][:, None] == np.arange(len(c.categories))
        if c.categories
        else columns[c.name][:, None]
        for c in dataset.SCHEMA.columns
    ]
    return np.concatenate(parts, axis=1)


def test_the_rules_are_the_tree(parts):
    pytest.importorskip("z3", reason="needs z3-solver")
    (columns, labels), (others, _) = parts
    rules = found(columns, labels, max_depth=4)
    difference = rules.difference()
    assert difference.complete and not difference.changes
    model = DecisionTree(max_depth=4, min_samples_leaf=30)
    (tree,) = unstacked(model.fit(matrix(columns), labels, 0).params)
    decided = tree.value[tree.apply(matrix(others))].argmax(1)
    assert fidelity(rules.ruleset, others, dataset.SCHEMA, decided) == 1


def test_a_model_is_distilled(parts):
    (columns, _), (others, _) = parts

    def model(columns):
        owed = np.nan_to_num(columns["amount"]) / np.maximum(np.nan_to_num(columns["income"]), 1)
        return (owed > 12).astype(np.int64)

    small = found(columns, model(columns), max_depth=2)
    large = found(columns, model(columns), max_depth=7, min_cases=5)
    faithful = [
        fidelity(rules.ruleset, others, dataset.SCHEMA, model(others)) for rules in (small, large)
    ]
    assert len(small.boxes) < len(large.boxes)
    assert 0.7 < faithful[0] < faithful[1] < 1


def test_labels_that_tell_nothing(parts):
    (columns, labels), _ = parts
    with pytest.raises(ValueError, match="decides repaid for every case"):
        found(columns, labels, max_depth=1, min_cases=1400)
