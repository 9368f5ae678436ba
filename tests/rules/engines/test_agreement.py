"""Every engine gives the reference's answer, on random rule sets and edge cases."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engines.arrays import Extras, decide_numpy
from rules.engines.xla import compile_ruleset
from rules.language import ir
from tests.rules.engines.agreement import assert_agrees
from tests.rules.engines.strategies import columns, rulesets

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(rulesets(), st.integers(0, 2**32 - 1))
def test_numpy_agrees_with_the_reference(ruleset: ir.Ruleset, seed: int) -> None:
    derived = tuple(item.name for item in ruleset.derived)
    batch = columns(ruleset, seed, 24)
    extras = Extras(fired=True, margin=True, derived=derived)
    assert_agrees(ruleset, batch, decide_numpy(ruleset, batch, extras))


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(rulesets(), st.integers(0, 2**32 - 1))
def test_xla_agrees_with_the_reference(ruleset: ir.Ruleset, seed: int) -> None:
    derived = [item.name for item in ruleset.derived]
    batch = columns(ruleset, seed, 64)
    decider = compile_ruleset(ruleset, fired=True, margin=True, derived=derived)
    assert_agrees(ruleset, batch, decider(batch))
