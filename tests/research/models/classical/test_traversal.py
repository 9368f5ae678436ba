import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.models.classical import Tree, traversal
from research.models.classical.traversal import arrays_of, leaves, totals
from tests.research.models.classical.test_trees import leaf, random_tree, small

EDGES = np.array(
    [-np.inf, -1, -1e-42, -0.0, 0.0, 1e-42, 2e-42, 0.5, np.nextafter(0.5, 1), np.inf, np.nan],
    np.float32,
)


def inputs_at_edges(random, count):
    return random.choice(EDGES, size=(count, 3)).astype(np.float32)


def reached(arrays, inputs):
    return np.asarray(jax.jit(leaves)(arrays, inputs))


@pytest.mark.parametrize("form", ["comparisons", "gathers"])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), inner=st.sampled_from([(7, 3), (0,), (1, 0, 4)]))
def test_every_example_reaches_the_leaf_that_it_reaches_on_the_host(form, seed, inner):
    random = np.random.default_rng(seed)
    trees = [random_tree(random, count) for count in inner]
    inputs = inputs_at_edges(random, 24)
    arrays = arrays_of(trees)
    if form == "gathers":
        arrays = {name: array for name, array in arrays.items() if name != "kept"}
    expected = [tree.apply(inputs) for tree in trees]
    np.testing.assert_array_equal(reached(arrays, inputs), expected)


@pytest.mark.parametrize("inner", [31, 32, 70])
def test_bit_sets_of_several_words(inner):
    random = np.random.default_rng(inner)
    trees = [random_tree(random, inner), small(), leaf()]
    arrays = arrays_of(trees)
    assert arrays["kept"].shape == (3, inner, inner // 32 + 1)
    inputs = inputs_at_edges(random, 200)
    np.testing.assert_array_equal(reached(arrays, inputs), [t.apply(inputs) for t in trees])


def test_large_trees_are_followed_by_gathers():
    random = np.random.default_rng(0)
    tree = random_tree(random, 128)
    assert len(tree.leaves) == 129
    arrays = arrays_of([tree])
    assert "kept" not in arrays
    inputs = inputs_at_edges(random, 50)
    np.testing.assert_array_equal(reached(arrays, inputs)[0], tree.apply(inputs))


def test_flat_trees_of_many_leaves_are_followed_by_gathers():
    def full(first, depth):
        """Rows of a complete tree: feature, and children counted from its own first node."""
        if depth == 0:
            return [(-1, first, first)]
        left = full(first + 1, depth - 1)
        right = full(first + 1 + len(left), depth - 1)
        return [(depth % 3, first + 1, first + 1 + len(left)), *left, *right]

    for depth, form in ((6, True), (7, False)):
        feature, left, right = np.transpose(full(0, depth))
        zeros = np.zeros(len(feature))
        tree = Tree.of(
            feature=feature,
            threshold=zeros,
            left=left,
            right=right,
            missing_left=zeros,
            value=zeros[:, None],
            support=zeros,
        )
        arrays = arrays_of([tree])
        assert ("kept" in arrays) == form
        inputs = inputs_at_edges(np.random.default_rng(depth), 40)
        np.testing.assert_array_equal(reached(arrays, inputs)[0], tree.apply(inputs))


def test_totals_are_those_of_the_leaves():
    random = np.random.default_rng(1)
    trees = [random_tree(random, 5), leaf(), random_tree(random, 2)]
    inputs = inputs_at_edges(random, 9)
    arrays = arrays_of(trees)
    found = jax.jit(lambda a, x: totals(a, leaves(a, x)))(arrays, inputs)
    expected = sum(tree.value[tree.apply(inputs)] for tree in trees)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_keys_have_the_order_of_numbers():
    finite = EDGES[~np.isnan(EDGES)]
    keys = np.asarray(traversal._key(jnp.asarray(finite)))
    for i, one in enumerate(finite):
        for j, other in enumerate(finite):
            assert (keys[i] <= keys[j]) == (one <= other)
