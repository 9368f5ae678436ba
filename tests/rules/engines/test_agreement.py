"""Every engine gives the reference's answer, on random rule sets and edge cases."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engines.arrays import Extras, decide_numpy
from rules.engines.xla import compile_ruleset
from rules.language import ir
from tests.effort import examples
from tests.rules.engines.agreement import assert_agrees
from tests.rules.engines.strategies import columns, rulesets

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=examples(200), suppress_health_check=SLOW)
@given(rulesets(), st.integers(0, 2**32 - 1))
def test_numpy_agrees_with_the_reference(ruleset: ir.Ruleset, seed: int) -> None:
    derived = tuple(item.name for item in ruleset.derived)
    batch = columns(ruleset, seed, 24)
    extras = Extras(fired=True, margin=True, derived=derived)
    assert_agrees(ruleset, batch, decide_numpy(ruleset, batch, extras))


@settings(max_examples=examples(40), suppress_health_check=SLOW)
@given(rulesets(), st.integers(0, 2**32 - 1))
def test_xla_agrees_with_the_reference(ruleset: ir.Ruleset, seed: int) -> None:
    derived = [item.name for item in ruleset.derived]
    batch = columns(ruleset, seed, 64)
    decider = compile_ruleset(ruleset, fired=True, margin=True, derived=derived)
    assert_agrees(ruleset, batch, decider(batch))


@settings(max_examples=examples(12), suppress_health_check=SLOW)
@given(rulesets(), st.integers(0, 2**32 - 1))
def test_gradients_of_margins_are_never_nan(ruleset: ir.Ruleset, seed: int) -> None:
    batch = columns(ruleset, seed, 64)
    decider = compile_ruleset(ruleset, margin=True)

    def total(floats: dict[str, jax.Array]) -> jax.Array:
        margin = decider({**batch, **floats}).margin
        return jnp.where(jnp.isfinite(margin), margin, 0).sum()

    slopes = jax.jit(jax.grad(total))({name: batch[name] for name in ("x", "y", "p")})
    for name, slope in slopes.items():
        assert not jnp.isnan(slope).any(), name
