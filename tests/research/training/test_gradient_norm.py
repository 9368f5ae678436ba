import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.training.gradient_norm import gradient_norm

SHAPES = ((), (1,), (3, 5), (2**14,), (2**14 + 1,), (130, 130))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_it_is_the_norm_of_all_numbers_together(shapes, seed):
    random = np.random.default_rng(seed)
    leaves = [random.normal(size=shape).astype(np.float32) for shape in shapes]
    expected = np.sqrt(sum((leaf.astype(np.float64) ** 2).sum() for leaf in leaves))
    assert float(gradient_norm([jnp.asarray(leaf) for leaf in leaves])) == pytest.approx(
        expected, rel=1e-5
    )


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_shows_wherever_it_is(dtype, bad):
    for shape in ((3,), (2**14 + 1,)):
        tree = {"good": jnp.ones(4), "bad": jnp.ones(shape, dtype).at[-1].set(bad)}
        assert not np.isfinite(gradient_norm(tree))


def test_dtypes_are_those_of_optax():
    for dtypes in (["float32"], ["bfloat16"], ["bfloat16", "float32"], ["float16", "bfloat16"]):
        tree = [jnp.full((3,), 2.0, dtype) for dtype in dtypes]
        found, expected = gradient_norm(tree), optax.tree.norm(tree)
        assert (found.dtype, float(found)) == (expected.dtype, pytest.approx(float(expected)))


def test_nothing_has_the_norm_of_optax():
    assert float(gradient_norm({})) == float(optax.tree.norm({})) == 0


def test_sums_of_small_leaves_are_one():
    tree = [jnp.ones(8) for _ in range(5)]
    lowered = jax.jit(gradient_norm).lower(tree).as_text()
    assert lowered.count("stablehlo.reduce(") == 1
