"""Attention as products beside jax's own: values, gradients, gradients of gradients."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.models import ops
from research.models.ops.attention import plain, products
from tests.effort import examples
from tests.research.models.ops.test_convolution import assert_equal

pytestmark = pytest.mark.filterwarnings("error")


def heads(seed, *shape, dtype="float32"):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), dtype)


def once(form, arrays, *masks):
    """The values, and the gradients of their weighted sum."""

    def loss(arrays):
        values = form(*arrays, *masks)
        return (values * jnp.cos(jnp.arange(values.size)).reshape(values.shape)).sum()

    return jax.jit(lambda arrays: (form(*arrays, *masks), jax.grad(loss)(arrays)))(arrays)


def twice(form, arrays, *masks):
    """The gradients of the gradients' squares."""

    def square(arrays):
        gradients = jax.grad(lambda arrays: jnp.sin(form(*arrays, *masks)).sum())(arrays)
        return sum((gradient**2).sum() for gradient in gradients)

    return jax.jit(jax.grad(square))(arrays)


@settings(max_examples=examples(3))
@given(
    queries=st.integers(1, 5),
    keys=st.integers(1, 5),
    groups=st.integers(1, 2),
    shared=st.integers(1, 3),
    causal=st.booleans(),
    lengths=st.none() | st.tuples(*[st.integers(0, 5)] * 2),
    seen=st.none() | st.sampled_from([1, 2]),
)
def test_any_attention(queries, keys, groups, shared, causal, lengths, seen):
    arrays = (
        heads(0, 2, queries, groups * shared, 4),
        heads(1, 2, keys, groups, 4),
        heads(2, 2, keys, groups, 4),
    )
    masks = (
        None if lengths is None else jnp.array(lengths),
        None if seen is None else heads(3, seen, queries, keys) > -0.5,
    )
    ours, theirs = (functools.partial(form, causal=causal) for form in (products, plain))
    assert_equal(once(ours, arrays, *masks), once(theirs, arrays, *masks))
    assert_equal(twice(ours, arrays, *masks), twice(theirs, arrays, *masks))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_have_a_softmax_of_float32(dtype):
    arrays = [heads(seed, 2, 64, 2, 8, dtype=dtype) for seed in range(3)]
    attended = ops.attention(*arrays, causal=True)
    exact = ops.attention(*(part.astype("float32") for part in arrays), causal=True)
    assert attended.dtype == dtype
    np.testing.assert_allclose(np.float32(attended), exact, atol=2 * jnp.finfo(dtype).eps)


def test_large_scores_stay_finite():
    arrays = [300 * heads(seed, 1, 6, 1, 4) for seed in range(3)]
    ours, theirs = (functools.partial(form, causal=True) for form in (products, plain))
    # The gradients are differences of terms of about 300 * 300, rounded as such.
    rounding = 300 * 300 * 4 * float(jnp.finfo(jnp.float32).eps)
    assert_equal(once(ours, arrays, None, None), once(theirs, arrays, None, None), rounding)


@pytest.mark.parametrize(("platform", "most"), [("cpu", 6), ("tpu", 6)])
def test_nothing_is_computed_twice(platform, most):
    """Two products forward, four backward, whichever form: what the other keeps is dropped."""
    arrays = [jax.ShapeDtypeStruct((2, 8, 2, 4), jnp.float32)] * 3
    gradient = jax.grad(lambda *a: ops.attention(*a, causal=True).sum(), range(3))
    exported = jax.export.export(jax.jit(gradient), platforms=[platform])(*arrays)
    assert exported.mlir_module().count("stablehlo.dot_general") <= most
