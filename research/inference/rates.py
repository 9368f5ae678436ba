"""Shares of cases, and how sure they are."""

from __future__ import annotations

import dataclasses
import math

__all__ = ["Rate", "wilson_interval"]

Z_95 = 1.959963984540054  # the 97.5 % point of the standard normal distribution


def wilson_interval(events: int, cases: int, *, z: float = Z_95) -> tuple[float, float]:
    """The score interval of a proportion (Wilson, 1927), sound for few cases and rare events.

    Args:
        events: how many of the cases had the event.
        cases: how many there were; 0 gives (0, 1), since nothing is known.
        z: standard normal quantile; the default gives a 95 % interval.

    Raises:
        ValueError: not 0 <= events <= cases.
    """
    if not 0 <= events <= cases:
        raise ValueError(f"expected 0 <= events <= cases, found {events} events in {cases} cases")
    if cases == 0:
        return 0.0, 1.0
    share, weight = events / cases, z * z / cases
    centre = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / cases + weight / (4 * cases)) / (1 + weight)
    # At 0 and 1 the bound is exact; rounding must not move it past the share.
    low = 0.0 if events == 0 else max(0.0, centre - half)
    high = 1.0 if events == cases else min(1.0, centre + half)
    return low, high


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rate:
    """How often something happened in a group of cases.

    Raises:
        ValueError: not 0 <= events <= cases.
    """

    events: int
    cases: int

    def __post_init__(self) -> None:
        wilson_interval(self.events, self.cases)

    @property
    def share(self) -> float:
        """Events per case; NaN when there are no cases."""
        return self.events / self.cases if self.cases else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % Wilson interval."""
        return wilson_interval(self.events, self.cases)
