"""Hit policies against their definition: what all completions of the unknowns decide."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engines import hit_policy
from rules.engines.array_ops import NUMPY, ArrayOps
from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN
from rules.engines.kleene import Truth
from rules.engines.lax_ops import LAX
from rules.engines.verdict import fired_bits, outcome_of, verdict
from rules.language import ir
from tests.effort import examples

NAMES = ("a", "b", "c")
TRUTHS = (True, False, None)


def decision(policy: str, default: str | None = "c") -> ir.Decision:
    return ir.Decision(name="o", outcomes=NAMES, policy=policy, default=default, unknown="b")


def decide_known(policy: str, default: str | None, outcomes: Sequence[str], fires: Sequence[bool]):
    """What a policy means when nothing is unknown, straight from its definition."""
    hits = [outcome for outcome, fired in zip(outcomes, fires, strict=True) if fired]
    match policy:
        case "collect":
            return frozenset(hits) if hits or default is None else frozenset({default})
        case _ if not hits:
            return default
        case "unique":
            return hits[0] if len(hits) == 1 else "CONFLICT"
        case "any":
            return hits[0] if len(set(hits)) == 1 else "CONFLICT"
        case _:
            return hits[0]


def completions(truths: Sequence[bool | None]):
    return itertools.product(*([True, False] if t is None else [t] for t in truths))


@pytest.mark.parametrize("policy", ir.POLICIES)
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_unknown_is_exactly_what_completions_disagree_about(policy: str, count: int) -> None:
    defaults = (*NAMES, None) if policy == "collect" else NAMES
    everything = itertools.product(
        defaults,
        itertools.product(NAMES, repeat=count),
        itertools.product(TRUTHS, repeat=count),
    )
    for default, outcomes, truths in everything:
        results = {decide_known(policy, default, outcomes, fires) for fires in completions(truths)}
        found, rule = hit_policy.decide(decision(policy, default), outcomes, truths)
        told = f"{policy}, default {default}, outcomes {outcomes}, truths {truths}"
        if results == {"CONFLICT"}:
            assert (found, rule) == ("b", CONFLICT), told
        elif len(results) > 1:
            unknown = frozenset({"b"}) if policy == "collect" else "b"
            assert (found, rule) == (unknown, UNKNOWN), told
        else:
            assert results == {found}, told
            first = truths.index(True) if True in truths else DEFAULT
            assert rule == first, told


@settings(max_examples=examples(150))
@given(
    st.sampled_from(ir.POLICIES),
    st.sampled_from((*NAMES, None)),
    st.lists(st.sampled_from(NAMES), max_size=40),
    st.integers(0, 2**32 - 1),
    st.sampled_from((0.02, 0.3)),
)
def test_arrays_agree_with_the_specification(
    policy: str, default: str | None, outcomes: list[str], seed: int, rate: float
) -> None:
    if policy != "collect" and default is None:
        default = "a"
    rng = np.random.default_rng(seed)
    size = (64, len(outcomes))
    true = rng.random(size) < rate
    possible = true | (rng.random(size) < rate)
    static = rng.random(len(outcomes)) < 0.2
    truths = [
        Truth(true[:, r], None if static[r] else possible[:, r]) for r in range(len(outcomes))
    ]
    outcome, rule = verdict(NUMPY, decision(policy, default), outcomes, truths)
    outcome, rule = np.broadcast_to(outcome, 64), np.broadcast_to(rule, 64)
    fired = fired_bits(NUMPY, truths, (64,))
    assert fired.shape == (64, -(-len(outcomes) // 32)) and fired.dtype == np.uint32
    for row in range(64):
        named = [
            True if true[row, r] else None if possible[row, r] and not static[r] else False
            for r in range(len(outcomes))
        ]
        wanted, rank = hit_policy.decide(decision(policy, default), outcomes, named)
        assert rule[row] == rank
        if policy == "collect":
            assert outcome[row] == sum(1 << NAMES.index(name) for name in wanted)
        else:
            assert NAMES[outcome[row]] == wanted
        for r, truth in enumerate(named):
            assert bool(fired[row, r // 32] >> np.uint32(r % 32) & 1) == (truth is True)


@pytest.mark.parametrize(("ops", "as_array"), [(NUMPY, np.asarray), (LAX, jnp.asarray)])
@pytest.mark.parametrize("runs", [2, 127])
def test_outcomes_are_looked_up_by_ranks_of_the_narrowest_type(
    ops: ArrayOps, as_array: Any, runs: int
) -> None:
    outcomes = [NAMES[rank * runs // 127 % 2] for rank in range(127)]
    ranks = np.arange(-4, 127, dtype=np.int8)
    found = outcome_of(ops, decision("first"), outcomes, as_array(ranks))
    wanted = ["b", "b", "b", "c", *outcomes]
    assert [NAMES[code] for code in np.asarray(found)] == wanted


def test_a_policy_without_default_says_so() -> None:
    with pytest.raises(ValueError, match="policy first needs a default outcome"):
        hit_policy.decide(decision("first", None), ["a"], [False])
