"""A rule set over whole columns: expressions, hit policy, constraints, margin, put together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from rules.engines.array_constraints import constrain, violated_bits
from rules.engines.array_margin import margin
from rules.engines.array_ops import NUMPY, Array, ArrayOps
from rules.engines.columns import check_columns, entity_size, presence_names, sizes
from rules.engines.decisions import Decisions
from rules.engines.hit_policy import required_decision
from rules.engines.lowering import Lowering
from rules.engines.verdict import fired_bits, outcome_of, rank_type, verdict
from rules.errors import did_you_mean
from rules.language import ir
from rules.language.settings import refuse_undated

__all__ = [
    "Extras",
    "check_asked",
    "check_decides",
    "decide_columns",
    "decide_numpy",
    "spread_columns",
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Extras:
    """What to return beside outcome and rule; each costs memory traffic.

    Attributes:
        fired: the bits of all rules that fire.
        margin: the distance to the nearest flip that could change the outcome.
        derived: names of derived values.
        violated: the bits of all constraints that the rules' outcome breaks.
    """

    fired: bool = False
    margin: bool = False
    derived: tuple[str, ...] = ()
    violated: bool = False


def check_decides(ruleset: ir.Ruleset, extras: Extras) -> None:
    """Checks that the array engines can decide a rule set.

    Raises:
        ValueError: as `check_asked`, or when it has an entity without bound.
    """
    check_asked(ruleset, extras)
    for entity in ruleset.entities:
        entity_size(ruleset, entity.name)


def check_asked(ruleset: ir.Ruleset, extras: Extras) -> None:
    """Checks that a rule set says what is asked for.

    Raises:
        ValueError: when it has no decision, collects too many outcomes, does not derive a name
            that is asked for, or holds on some days only and nothing says which day it is.
    """
    decision = required_decision(ruleset)
    refuse_undated(ruleset)
    outcomes = decision.outcomes
    if decision.policy == "collect" and len(outcomes) > ir.MAX_COLLECTED:
        raise ValueError(
            f"decision {decision.name} collects among {len(outcomes)} outcomes, expected "
            f"at most {ir.MAX_COLLECTED} (they are bits of an int32); split the decision"
        )
    derived = [item.name for item in ruleset.derived]
    for name in extras.derived:
        if name not in derived:
            hint = did_you_mean(name, derived)
            raise ValueError(
                f"rule set {ruleset.name} does not derive {name}; it derives: "
                f"{', '.join(derived) or 'nothing'}" + (f"; {hint}" if hint else "")
            )


def decide_columns(
    ruleset: ir.Ruleset,
    columns: Mapping[str, Array],
    ops: ArrayOps,
    extras: Extras,
    shape: tuple[int, ...],
) -> Decisions:
    """Decides a batch.

    Args:
        ruleset: a rule set that `check_decides` accepts.
        columns: by name, as `check_columns` accepts them.
        ops: the primitives to compute with.
        extras: what to return beside outcome and rule.
        shape: the common shape of the columns, `[...]`.
    """
    decision = ruleset.decision
    assert decision is not None
    lowering = Lowering(ruleset, spread_columns(ruleset, columns, ops, shape), ops, shape)
    truths = [lowering.truth(rule.condition) for rule in ruleset.ranked]
    outcomes = [rule.outcome for rule in ruleset.ranked]
    outcome, rule = verdict(ops, decision, outcomes, truths)
    limits = [lowering.truth(item.condition) for item in ruleset.constraints]
    outcome, rule, violated = constrain(ops, decision, ruleset.constraints, limits, outcome, rule)
    rule = ops.settle(ops.convert(rule, rank_type(ruleset)))
    if decision.policy != "collect":
        outcome = outcome_of(ops, decision, outcomes, rule)
    distance = margin(ruleset, lowering, outcome, rule) if extras.margin else None
    spread = ops.spread
    return Decisions(
        outcome=spread(outcome, shape),
        rule=spread(rule, shape),
        fired=fired_bits(ops, truths, shape) if extras.fired else None,
        margin=None if distance is None else spread(distance, shape),
        derived={name: lowering.encoded(name) for name in extras.derived},
        violated=violated_bits(ops, violated, shape) if extras.violated else None,
    )


def spread_columns(
    ruleset: ir.Ruleset, columns: Mapping[str, Array], ops: ArrayOps, shape: tuple[int, ...]
) -> dict[str, Array]:
    """The columns of inputs and open entities, all of one batch shape, floats as float32."""
    spread: dict[str, Array] = {}
    for item in ruleset.inputs:
        column = columns[item.name]
        if isinstance(item.type, ir.FloatType):
            column = ops.convert(column, np.float32)
        spread[item.name] = ops.spread(column, (*shape, *sizes(ruleset, item)))
    for name in presence_names(ruleset):
        spread[name] = ops.spread(columns[name], (*shape, entity_size(ruleset, name)))
    return spread


def decide_numpy(
    ruleset: ir.Ruleset, columns: Mapping[str, Array], extras: Extras | None = None
) -> Decisions:
    """Decides a batch on the host, without JAX.

    Args:
        ruleset: a rule set that decides.
        columns: as `rules.cases.encode` makes them.
        extras: what to return beside outcome and rule.

    Raises:
        ValueError, TypeError: as `check_decides` and `check_columns` tell.
    """
    extras = extras or Extras()
    check_decides(ruleset, extras)
    shape = check_columns(ruleset, columns)
    with np.errstate(all="ignore"):
        return decide_columns(ruleset, columns, NUMPY, extras, shape)
