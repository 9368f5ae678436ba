"""Shrinking: the smallest rule set and case that something still goes wrong with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rules.engines.agree.reductions import smaller_cases, smaller_rulesets
from rules.language import ir

__all__ = ["shrink"]

Found = tuple[ir.Ruleset, Mapping[str, Any]]


def shrink(
    ruleset: ir.Ruleset,
    case: Mapping[str, Any],
    goes_wrong: Callable[[ir.Ruleset, Mapping[str, Any]], bool],
    *,
    seconds: float = 60.0,
) -> Found:
    """Leaves out what can be left out, until nothing can.

    Args:
        ruleset: what something goes wrong with.
        case: the case for which it does.
        goes_wrong: whether it still does; it may raise, which counts as "no".
        seconds: when to stop; what has been found by then is returned.
    """
    deadline = time.monotonic() + seconds
    found: Found = (ruleset, case)
    start = 0  # what could not be left out before is tried again in the end only
    while True:
        for place, candidate in enumerate(_candidates(*found)):
            if time.monotonic() >= deadline:
                return found
            if place >= start and _holds(goes_wrong, candidate):
                found, start = candidate, place
                break
        else:
            if start == 0:
                return found
            start = 0


def _candidates(ruleset: ir.Ruleset, case: Mapping[str, Any]) -> Iterator[Found]:
    for smaller in smaller_rulesets(ruleset):
        yield smaller, case
    for plainer in smaller_cases(case):
        yield ruleset, plainer


def _holds(goes_wrong: Callable[[ir.Ruleset, Mapping[str, Any]], bool], candidate: Found) -> bool:
    try:
        return goes_wrong(*candidate)
    except Exception:  # a smaller rule set that is none, a case that does not fit it
        return False
