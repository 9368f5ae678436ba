"""What an engine returns for a batch of cases: arrays, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

__all__ = ["CONFLICT", "DEFAULT", "STATUS", "UNKNOWN", "Decisions"]

DEFAULT, UNKNOWN, CONFLICT = -1, -2, -3
# What stands in place of a rule's name.
STATUS: Mapping[int, str] = MappingProxyType(
    {DEFAULT: "default", UNKNOWN: "unknown", CONFLICT: "conflict"}
)


class Decisions(NamedTuple):
    """Decisions for cases with any leading shape `[...]` (usually `[B]`).

    Attributes:
        outcome: int32 `[...]`, index into `ruleset.decision.outcomes`; under the hit
            policy `collect` a bit set (bit i for outcome i).
        rule: int32 `[...]`, rank of the deciding rule in `ruleset.ranked`, or `DEFAULT`
            (no rule fired), `UNKNOWN` (a missing input could change the outcome) or
            `CONFLICT` (rules that fire contradict the hit policy). Under `UNKNOWN` and
            `CONFLICT` the outcome is the one declared by `unknown`.
        fired: uint32 `[..., ceil(R / 32)]`, bit r % 32 of word r // 32 is set when the
            rule of rank r fires; None unless asked for.
        margin: float32 `[...]`, how far the nearest comparison that could change the
            outcome is from flipping (see docs/numbers.md); None unless asked for.
        derived: values by name, as encoded in `rules.cases`; empty unless asked for.
    """

    outcome: Any
    rule: Any
    fired: Any = None
    margin: Any = None
    derived: dict[str, Any] = {}  # noqa: RUF012 (a mapping proxy is no pytree)
