"""Our contestants on batches: the compiled rule set, by its public call."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import rules
from benchmarks.contest import Work
from benchmarks.deciding.cases import CHECKED, answer, columns, with_missing
from benchmarks.deciding.policy import policy
from benchmarks.deciding.ruleset import ruleset
from rules.engines.arrays import decide_numpy


def bulk(count: int, rows: int, *, what: str = "rule", missing: float = 0.0) -> Work:
    """A policy over cases.

    Args:
        count: rules.
        rows: cases.
        what: "outcome" alone, "rule": outcome and deciding rule, "fired": all rules that fire,
            besides.
        missing: the share of missing values.
    """
    plain = policy(count)
    decider = rules.compile(ruleset(plain), fired=what == "fired")
    host = with_missing(columns(rows), missing)
    given = {name: jnp.asarray(column) for name, column in host.items()}
    decide: Any = decider if what != "outcome" else jax.jit(lambda given: decider(given).outcome)
    some = {name: column[: CHECKED[-1]] for name, column in host.items()}
    if missing:
        _confirm(decider(given), decide_numpy(decider.ruleset, some))
    return Work(
        run=lambda: jax.block_until_ready(decide(given)),
        answer=lambda: {} if missing else answer(plain, np.asarray(decider(given).rule)),
    )


def _confirm(decisions: rules.Decisions, reference: rules.Decisions) -> None:
    """No peer knows missing values: the slower engine is asked."""
    for name in ("outcome", "rule"):
        expected = np.asarray(getattr(reference, name))
        np.testing.assert_array_equal(
            np.asarray(getattr(decisions, name))[: len(expected)], expected
        )
