"""What an engine returns for a batch of cases: arrays, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

__all__ = ["CONFLICT", "DEFAULT", "STATUS", "UNKNOWN", "VIOLATED", "Decisions"]

DEFAULT, UNKNOWN, CONFLICT, VIOLATED = -1, -2, -3, -4
# What stands in place of a rule's name.
STATUS: Mapping[int, str] = MappingProxyType(
    {DEFAULT: "default", UNKNOWN: "unknown", CONFLICT: "conflict", VIOLATED: "violated"}
)


class Decisions(NamedTuple):
    """Decisions for cases with any leading shape `[...]` (usually `[B]`).

    Attributes:
        outcome: int8 (int16 for more than 127 outcomes) `[...]`, index into
            `ruleset.decision.outcomes`; under the hit policy `collect` an int32, a bit set
            (bit i for outcome i).
        rule: int8 (int16 for more than 127 rules, int32 for more than 32,767: every byte
            costs time) `[...]`, rank of the deciding rule in `ruleset.ranked`, or `DEFAULT`
            (no rule fired), `UNKNOWN` (a missing input could change the outcome), `CONFLICT`
            (rules that fire contradict the hit policy) or `VIOLATED` (the outcome would break
            a constraint without weight). Under the last three the outcome is the one
            declared by `unknown`.
        fired: uint32 `[..., ceil(R / 32)]`, bit r % 32 of word r // 32 is set when the
            rule of rank r fires; None unless asked for.
        margin: float32 `[...]`, how far the nearest comparison that could change the
            outcome is from flipping (see docs/numbers.md); None unless asked for.
        derived: values by name, as encoded in `rules.cases`, `[...]` and one axis per
            parameter; empty unless asked for.
        violated: uint32 `[..., ceil(C / 32)]`, bit c % 32 of word c // 32 is set when the
            decision, as the rules make it, breaks constraint c; None unless asked for.
    """

    outcome: Any
    rule: Any
    fired: Any = None
    margin: Any = None
    derived: dict[str, Any] = {}  # noqa: RUF012 (a mapping proxy is no pytree)
    violated: Any = None
