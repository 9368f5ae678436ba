import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.models.random import ExampleRngs
from research.models.stochastic_depth import StochasticDepth, depth_rates


def test_an_example_is_dropped_as_a_whole_by_its_own_key():
    layer, branch = StochasticDepth(0.25), jnp.full((400, 2, 3), 3.0)
    keys = jax.random.split(jax.random.key(0), 400)
    dropped = np.asarray(layer(branch, deterministic=False, rngs=ExampleRngs(keys)))
    per_example = dropped[:, 0, 0]
    np.testing.assert_array_equal(dropped, np.broadcast_to(per_example[:, None, None], (400, 2, 3)))
    assert set(per_example.tolist()) == {0.0, 4.0}
    assert abs((per_example == 0).mean() - 0.25) < 0.08
    other = layer(branch[100:], deterministic=False, rngs=ExampleRngs(keys[100:]))
    np.testing.assert_array_equal(other, dropped[100:])


def test_nothing_is_drawn_in_prediction_or_at_a_rate_of_zero():
    branch = jnp.ones((4, 2))
    np.testing.assert_array_equal(StochasticDepth(0.5)(branch, deterministic=True), branch)
    np.testing.assert_array_equal(StochasticDepth(0.0)(branch, deterministic=False), branch)


def test_errors():
    with pytest.raises(ArgumentError, match="stochastic depth is 1.0, expected 0 or more"):
        StochasticDepth(1.0)
    with pytest.raises(ArgumentError, match="given NoneType for rngs, expected ExampleRngs"):
        StochasticDepth(0.5)(jnp.ones((4, 2)), deterministic=False)


def test_rates_grow_with_depth():
    np.testing.assert_allclose(depth_rates(0.2, 5), [0, 0.05, 0.1, 0.15, 0.2])
    assert depth_rates(0.2, 1) == [0]
    assert depth_rates(0.2, 0) == []
