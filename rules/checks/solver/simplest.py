"""The plainest value within an interval: what a person would have written into a witness."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from rules.checks.solver.keys import key_of, number_of
from rules.engines.values import canonical

__all__ = ["simplest_date", "simplest_float", "simplest_int"]

_A_DAY = 20_454  # 2026-01-01
_DIGITS = 9  # name every float32


def simplest_int(low: int, high: int) -> int:
    """The int in low..high with the fewest digits that are not zero, small ones first."""
    if low <= 0 <= high:
        return 0
    if high < 0:
        return -simplest_int(-high, -low)
    step = 10 ** len(str(high))
    while -(-low // step) * step > high:
        step //= 10
    return -(-low // step) * step


def simplest_date(low: int, high: int) -> int:
    """2026-01-01 where that is possible, else the day nearest to it."""
    return min(max(low, _A_DAY), high)


def simplest_float(low: int, high: int) -> float:
    """The number with the fewest digits between two keys, both of numbers."""
    first, last = number_of(low), number_of(high)
    if first <= 0 <= last:
        return 1.0 if last >= 1 and first < 0 else 0.0
    if last < 0:
        return -simplest_float(-high, -low)
    for number in itertools.chain([1.0], _decimals(first, last)):
        found = canonical(number)
        if found is not None and low <= key_of(found) <= high:
            return number
    return first


def _decimals(low: float, high: float) -> Iterator[float]:
    """Decimals near the ends of an interval of positive numbers, short ones first."""
    for digits in range(_DIGITS):
        for number, round_ in ((low, math.ceil), (high, math.floor)):
            exponent = math.floor(math.log10(number)) - digits
            scaled = number / 10.0**exponent if exponent > -300 else 0.0
            yield float(f"{round_(scaled)}e{exponent}")
