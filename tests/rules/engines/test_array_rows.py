"""Products and closures of boolean matrices by rows of bits, in every form."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engines.array_costs import MAX_SLOTS, SMALL, by_rows, worth_listing
from rules.engines.array_ops import NUMPY
from rules.engines.array_rows import between, product, star_times, steps_of
from rules.engines.arrays import Extras, decide_numpy
from rules.engines.lax_ops import LAX
from rules.engines.xla import compile_ruleset
from tests.rules.engines.arrays_building import derived_names, graph, people

SIZES = (1, 15, 16, 17, 31, 32, 33, 64, 65, 130)
COMPILED = (33, 130)  # each compiles anew
SHAPES = ("empty", "chain", "cycle", "loops", "tree", "sparse", "dense", "hub")
GENERATIONS = """
derive same(x, y) if parent(p, x) and parent(p, y)
derive same(x, y) if parent(p, x) and same(p, q) and parent(q, y)
"""
COUSINS = """
derive far(x, y) if parent(x, p) and parent(p, q) and parent(q, y)
derive near(x, y) if parent(x, y) and not far(y, x)
derive near(x, z) if near(x, y) and near(y, z) and parent(x, z)
"""


def matrix(shape: str, size: int, seed: int = 0) -> np.ndarray:
    """Bool `[size, size]`."""
    rng = np.random.default_rng(seed)
    made = np.zeros((size, size), bool)
    match shape:
        case "chain":
            return np.eye(size, k=1, dtype=bool)
        case "cycle":
            return np.roll(np.eye(size, dtype=bool), 1, axis=1)
        case "loops":
            return np.eye(size, dtype=bool)
        case "tree":
            made[[rng.integers(0, child) for child in range(1, size)], range(1, size)] = True
        case "sparse":
            return rng.random((size, size)) < 1.5 / size
        case "dense":
            return rng.random((size, size)) < 0.4
        case "hub":
            made[0], made[:, size // 2] = True, True
    return made


def times(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (left.astype(int) @ right.astype(int)) > 0


def least(start: np.ndarray, step: Any) -> np.ndarray:
    """The least solution of `P = start or step(P)`, by rounds."""
    while ((after := start | step(start)) != start).any():
        start = after
    return start


@pytest.mark.parametrize("ops", [NUMPY, LAX], ids=["numpy", "lax"])
def test_products(ops: Any) -> None:
    for size in COMPILED if ops is LAX else SIZES:
        right = matrix("sparse", size, 1)[:, : size // 2 + 1]
        multiply = compiled(ops, lambda left, right=right: times_by_rows(ops, left, right))
        for shape in SHAPES:
            for left in (matrix(shape, size), np.ascontiguousarray(matrix(shape, size).T)):
                found = multiply(left)
                np.testing.assert_array_equal(found, times(left, right), err_msg=f"{shape} {size}")


def times_by_rows(ops: Any, left: np.ndarray, right: np.ndarray) -> Any:
    rows = product(ops, steps_of(ops, left), ops.to_bits(right))
    return ops.from_bits(rows, right.shape[1])


def compiled(ops: Any, function: Any) -> Any:
    return jax.jit(function) if ops is LAX else function


def test_the_form_of_a_product_goes_by_its_entries() -> None:
    for shape in SHAPES:
        listed = bool(steps_of(NUMPY, matrix(shape, 130)).listed)
        assert listed == (shape not in ("dense", "hub")), shape
    assert worth_listing(10**6, np.uint32(MAX_SLOTS))
    assert not worth_listing(10**6, np.uint32(MAX_SLOTS + 1))
    assert not by_rows(10**6, SMALL, 10**6) and by_rows(1000, 1000, 1000)


@pytest.mark.parametrize("ops", [NUMPY, LAX], ids=["numpy", "lax"])
def test_closures(ops: Any) -> None:
    for size in COMPILED if ops is LAX else SIZES:
        base = matrix("sparse", size, 2)[:, : size // 3 + 1]
        close = compiled(ops, lambda steps: star_times(ops, steps, steps))
        lead = compiled(ops, lambda steps, base=base: star_times(ops, steps, base))
        for shape in SHAPES:
            steps = matrix(shape, size)
            wanted = least(steps, lambda found, steps=steps: times(steps, found))
            np.testing.assert_array_equal(close(steps), wanted, err_msg=f"{shape} {size}")
            np.testing.assert_array_equal(lead(steps), base | times(wanted, base))


@pytest.mark.parametrize("ops", [NUMPY, LAX], ids=["numpy", "lax"])
def test_a_batch_of_closures_of_different_shapes(ops: Any) -> None:
    steps = np.stack([matrix(shape, 100) for shape in SHAPES]).reshape(2, 4, 100, 100)
    sparse = steps[:1, :3]
    for batch in (steps, sparse, steps[:0]):
        found = np.asarray(star_times(ops, batch, batch))
        assert found.shape == batch.shape
        for index in np.ndindex(batch.shape[:2]):
            one = batch[index]
            closed = least(one, lambda found, one=one: times(one, found))
            np.testing.assert_array_equal(found[index], closed)


@settings(max_examples=20, deadline=None)
@given(
    size=st.sampled_from(SIZES),
    shapes=st.lists(st.sampled_from(SHAPES), min_size=3, max_size=5),
    seed=st.integers(0, 1000),
)
def test_products_from_both_sides(size: int, shapes: list[str], seed: int) -> None:
    base, *others = (matrix(shape, size, seed + n) for n, shape in enumerate(shapes))
    sides = list(zip(others[::2], others[1::2], strict=False))

    def step(found: np.ndarray) -> np.ndarray:
        made = [times(times(left, found), right.T) for left, right in sides]
        return np.logical_or.reduce(made)

    wanted = least(base, step)
    np.testing.assert_array_equal(between(NUMPY, base, sides), wanted)


@pytest.mark.parametrize("size", [33, 65])
def test_products_from_both_sides_compiled(size: int) -> None:
    tree, other = matrix("tree", size), matrix("dense", size, 3)
    batch = [np.stack(pair) for pair in ((tree, other), (tree.T, tree), (tree.T, other))]
    found = np.asarray(between(LAX, batch[0], [(batch[1], batch[2])]))
    for row in range(2):
        base, left, right = (item[row] for item in batch)
        wanted = least(base, lambda p, a=left, c=right: times(times(a, p), c.T))
        np.testing.assert_array_equal(found[row], wanted)
    none = [item[:0] for item in batch]
    assert between(LAX, none[0], [(none[1], none[2])]).shape == (0, size, size)


@pytest.mark.parametrize("size", [1, 31, 32, 33, 100])
def test_turned_bits(size: int) -> None:
    truths = np.random.default_rng(size).random((2, size, 40)) < 0.5
    for ops in (NUMPY, LAX):
        turned = np.asarray(ops.from_bits(ops.turn(ops.to_bits(truths)), size))
        np.testing.assert_array_equal(turned[:, :40], truths.swapaxes(1, 2))
        assert not turned[:, 40:].any()


@pytest.mark.parametrize("text", [GENERATIONS, COUSINS], ids=["generations", "cousins"])
def test_rule_sets_of_many_people(text: str) -> None:
    size = 2 * SMALL + 1
    ruleset = people(size, text)
    names = derived_names(ruleset)
    edges = np.stack([matrix(shape, size) for shape in ("sparse", "tree", "hub", "dense")]).astype(
        np.int8
    )
    unknown = np.random.default_rng(3).random(edges.shape[1:]) < 1 / size**1.5
    edges[1] = np.where(unknown, np.int8(-1), edges[1])
    columns = graph(edges)
    columns["Person"][1, -5:] = False
    found = compile_ruleset(ruleset, derived=names)(columns).derived
    onhost = decide_numpy(ruleset, columns, Extras(derived=names)).derived
    for name in names:
        np.testing.assert_array_equal(found[name], onhost[name], err_msg=name)
