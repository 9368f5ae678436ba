"""A compiled function as a program of its own, and as a part of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rules.engines.wide_vectors import WideJit

double = WideJit(lambda x: 2 * x)


@pytest.mark.parametrize(
    "call",
    [
        double,
        jax.jit(double),
        jax.vmap(double),
        jax.jit(jax.vmap(double)),
        jax.jit(lambda x: x - x + double(np.arange(3.0, dtype=np.float32))),
        lambda x: jax.lax.map(double, x),
        lambda x: jax.jvp(double, (x,), (x,))[1],
        jax.grad(lambda x: (x * jax.lax.stop_gradient(double(x))).sum()),
    ],
)
def test_it_works_in_every_transformation(call: Callable[[Any], Any]) -> None:
    np.testing.assert_array_equal(call(jnp.arange(3.0)), [0, 2, 4])


def test_static_arguments_are_compiled_in() -> None:
    power = WideJit(lambda n, x: x**n, static=(0,))
    for exponent in (2, 3, 2):
        assert power(exponent, jnp.float32(3)) == 3**exponent
    assert power.programs == 2
