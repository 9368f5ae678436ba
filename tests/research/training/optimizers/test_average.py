import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.training.optimizers import ema


@pytest.mark.parametrize("decay", [0.0, 0.9, 0.9999])
def test_the_formula(decay):
    random = np.random.default_rng(0)
    expected = random.normal(size=(3, 2))
    average = {"kernel": jnp.asarray(expected, jnp.float32)}
    update = jax.jit(ema, static_argnums=2)
    for step in range(200):
        params = random.normal(size=(3, 2))
        average = update(average, {"kernel": jnp.asarray(params, jnp.float32)}, decay, step)
        keep = min(decay, (1 + step) / (10 + step))
        expected = keep * expected + (1 - keep) * params
        np.testing.assert_allclose(average["kernel"], expected, rtol=1e-5, atol=1e-5)


def test_a_short_run_forgets_where_it_began():
    average = {"kernel": jnp.full(2, 100.0)}
    for step in range(100):
        average = ema(average, {"kernel": jnp.ones(2)}, 0.9999, step)
    # The product of (1 + s) / (10 + s): below 10^-8 of the start is left.
    np.testing.assert_allclose(average["kernel"], 1.0, atol=1e-5)


def test_constant_parameters_stay():
    average = {"kernel": jnp.full(2, 0.1), "bias": jnp.full(1, 3.0, jnp.bfloat16)}
    params = {"kernel": jnp.full(2, 0.1), "bias": jnp.full(1, 3.0)}
    after = ema(average, params, 0.999, jnp.int32(10_000))
    assert (after["kernel"] == average["kernel"]).all()
    assert after["bias"].dtype == jnp.bfloat16 and float(after["bias"][0]) == 3.0


@pytest.mark.parametrize("decay", [1.0, -0.1, float("nan")])
def test_errors(decay):
    with pytest.raises(ArgumentError, match="ema is .*, expected 0 or more and less than 1"):
        ema({}, {}, decay, 0)
