import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.models import Dropout, ExampleRngs
from research.models.random import example_keys

KEYS = jax.random.split(jax.random.key(0), 6)


def dropped(keys, inputs, rate=0.4):
    return Dropout(rate)(inputs, deterministic=False, rngs=ExampleRngs(keys))


def test_a_mask_belongs_to_the_example():
    inputs = jax.random.normal(jax.random.key(1), (6, 5, 7))
    whole = dropped(KEYS, inputs)
    np.testing.assert_array_equal(whole[2:4], dropped(KEYS[2:4], inputs[2:4]))
    np.testing.assert_array_equal(whole[::-1], dropped(KEYS[::-1], inputs[::-1]))
    assert len({tuple((example == 0).ravel().tolist()) for example in whole}) == 6


def test_the_rate_is_dropped_and_the_mean_kept():
    out = np.asarray(dropped(KEYS, jnp.ones((6, 10_000)), rate=0.25))
    np.testing.assert_allclose((out == 0).mean(1), 0.25, atol=0.02)
    np.testing.assert_allclose(out[out > 0], 1 / 0.75, rtol=1e-6)


def test_every_call_draws_anew():
    rngs, dropout, ones = ExampleRngs(KEYS), Dropout(0.5), jnp.ones((6, 50))
    first, second = (dropout(ones, deterministic=False, rngs=rngs) for _ in range(2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("options", [{"rate": 0.0}, {"rate": 0.5, "deterministic": True}])
def test_nothing_to_drop(options):
    inputs = jnp.ones((2, 3))
    deterministic = options.get("deterministic", False)
    assert Dropout(options["rate"])(inputs, deterministic=deterministic) is inputs


@pytest.mark.parametrize("rngs", [None, nnx.Rngs(0)])
def test_one_key_for_all_is_refused(rngs):
    with pytest.raises(ValueError, match=f"given {type(rngs).__name__} for rngs, expected Example"):
        Dropout(0.5)(jnp.ones((2, 3)), deterministic=False, rngs=rngs)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_rates_that_are_no_probability(rate):
    with pytest.raises(ValueError, match=f"dropout is {rate}, expected 0 or more and less than 1"):
        Dropout(rate)


def test_position_in_the_batch_and_its_split_do_not_matter():
    inputs = jax.random.normal(jax.random.key(2), (6, 40))
    shares = [dropped(KEYS[at : at + 2], inputs[at : at + 2]) for at in (0, 2, 4)]
    np.testing.assert_array_equal(dropped(KEYS, inputs), np.concatenate(shares))
    order = np.array([3, 0, 5, 1, 4, 2])
    np.testing.assert_array_equal(dropped(KEYS, inputs)[order], dropped(KEYS[order], inputs[order]))


def test_examples_are_dropped_independently():
    keys = jax.random.split(jax.random.key(3), 400)
    masks = np.asarray(dropped(keys, jnp.ones((400, 60)), rate=0.5)) > 0
    correlations = np.corrcoef(masks)[np.triu_indices(400, 1)]
    # Of independent masks: mean 0, spread 1 / sqrt(60).
    assert abs(correlations.mean()) < 0.002
    assert correlations.std() == pytest.approx(60**-0.5, rel=0.05)


def test_the_gradient_is_that_of_the_units_that_stay():
    ones = jnp.ones((6, 30))
    gradient = jax.grad(lambda inputs: dropped(KEYS, inputs).sum())(ones)
    np.testing.assert_array_equal(gradient, dropped(KEYS, ones))
    assert float(gradient.max()) == pytest.approx(1 / 0.6)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_the_type_of_the_inputs_stays(dtype):
    assert dropped(KEYS, jnp.ones((6, 3), dtype)).dtype == dtype


def test_the_stock_dropout_draws_from_them_too():
    ones = jnp.ones((6, 500))

    @jax.jit
    def run(keys):
        rngs, stock = ExampleRngs(keys), nnx.Dropout(0.25)
        first = stock(ones, deterministic=False, rngs=rngs)
        second = stock(ones, deterministic=False, rngs=rngs)
        return first, second, Dropout(0.25)(ones, deterministic=False, rngs=rngs)

    first, second, ours = run(KEYS)
    np.testing.assert_allclose((np.asarray(first) == 0).mean(), 0.25, atol=0.03)
    np.testing.assert_array_equal(first, run(KEYS)[0])
    assert not np.array_equal(first, run(KEYS[::-1])[0])
    masks = [np.asarray(drawn)[0] > 0 for drawn in (first, second, ours)]
    # Of the first example, whose key is the root of the stock streams: still independent.
    correlations = np.corrcoef(masks)[np.triu_indices(3, 1)]
    assert np.abs(correlations).max() < 0.2


def test_keys_depend_on_seed_step_and_position():
    def data(seed, step, positions):
        keys = example_keys(jnp.uint32(seed), jnp.int32(step), jnp.array(positions))
        return jax.random.key_data(keys).tolist()

    assert data(0, 1, [2, 5]) == [data(0, 1, [2])[0], data(0, 1, [5])[0]]
    drawn = [data(0, 1, [2]), data(1, 1, [2]), data(0, 2, [2]), data(0, 1, [3])]
    assert len({str(one) for one in drawn}) == 4
