import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.arguments import ArgumentError
from research.models.classical import Tree, stacked, unstacked

NAMES = ("feature", "threshold", "left", "right", "missing_left", "value", "support")


def small(**changes):
    """x1 <= 0.5 ? (x0 <= -2 ? A : B) : C, with inner nodes 0 and 1."""
    arrays = {
        "feature": [1, 0, -1, -1, -1],
        "threshold": [0.5, -2.0, 0, 0, 0],
        "left": [1, 2, 2, 3, 4],
        "right": [4, 3, 2, 3, 4],
        "missing_left": [False, True, False, False, False],
        "value": [[0.5, 0.5], [0.8, 0.2], [1, 0], [0.6, 0.4], [0, 1]],
        "support": [20, 10, 4, 6, 10],
    }
    return Tree.of(**{**arrays, **changes})


def leaf(outputs=2):
    return Tree.of(
        feature=[-1],
        threshold=[0],
        left=[0],
        right=[0],
        missing_left=[False],
        value=[[0.25] * outputs],
        support=[7],
    )


def random_tree(random, inner):
    """Splits a random leaf as often as asked."""
    rows = [[-1, 0.0, 0, 0, False]]
    for _ in range(inner):
        leaves = [i for i, row in enumerate(rows) if row[0] < 0]
        node = int(random.choice(leaves))
        first = len(rows)
        threshold = float(np.float32(random.choice([-np.inf, -1, -0.0, 0.5, 1e-42, np.inf])))
        rows[node] = [
            int(random.integers(3)),
            threshold,
            first,
            first + 1,
            bool(random.integers(2)),
        ]
        rows += [[-1, 0.0, first, first, False], [-1, 0.0, first + 1, first + 1, False]]
    feature, threshold, left, right, missing_left = zip(*rows, strict=True)
    return Tree.of(
        feature=feature,
        threshold=threshold,
        left=left,
        right=right,
        missing_left=missing_left,
        value=random.normal(size=(len(rows), 2)),
        support=random.integers(1, 99, len(rows)),
    )


def same(one, other):
    for name in NAMES:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), strict=True)


def test_a_tree_says_what_it_is():
    tree = small()
    assert (tree.nodes, tree.outputs, tree.depth) == (5, 2, 2)
    assert tree.leaves.tolist() == [2, 3, 4]
    assert tree.levels.tolist() == [0, 1, 2, 2, 1]
    assert leaf().depth == 0


def test_examples_go_their_way():
    nan = np.nan
    inputs = [[-2, 0.5], [-1.9, 0.5], [-9, 0.6], [nan, 0], [0, nan], [nan, nan]]
    assert small().apply(inputs).tolist() == [2, 3, 4, 2, 4, 4]
    assert leaf().apply(inputs).tolist() == [0] * 6


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), inner=st.integers(0, 12))
def test_json_and_stacking_lose_nothing(seed, inner):
    random = np.random.default_rng(seed)
    tree = random_tree(random, inner)
    text = json.dumps(tree.to_json(), allow_nan=False)
    same(Tree.from_json(json.loads(text)), tree)
    trees = [tree, leaf(), random_tree(random, 3)]
    for again, before in zip(unstacked(stacked(trees)), trees, strict=True):
        same(again, before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"support": [1, 2]}, r"support of a tree is \(2,\), expected \[M\]"),
        ({"value": [1, 2, 3, 4, 5]}, r"of a tree is \(5,\)"),
        ({"left": [1, 2, 2, 3, 0]}, "left and right are no tree"),
        ({"right": [1, 3, 2, 3, 4]}, "left and right are no tree"),
        ({"left": [1, 0, 2, 3, 4]}, "a parent|one parent, before it"),
        ({"threshold": [np.nan, 0, 0, 0, 0]}, "thresholds hold NaN"),
    ],
)
def test_what_is_no_tree_is_refused(changes, message):
    with pytest.raises(ArgumentError, match=message):
        small(**changes)


def test_other_data_are_refused():
    data = small().to_json()
    del data["left"], data["value"]
    with pytest.raises(ArgumentError, match="the data of a tree lack left, value"):
        Tree.from_json(data)
    with pytest.raises((ArgumentError, TypeError), match="left"):  # or of the types' checker
        dataclasses.replace(small(), left=np.arange(5))
    with pytest.raises(ArgumentError, match=r"found 2 trees with outputs \[1, 2\]"):
        stacked([leaf(1), leaf(2)])
    with pytest.raises(ArgumentError, match="found 0 trees"):
        stacked([])
