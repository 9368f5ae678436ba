"""What an engine says about one case, and where two engines differ."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TypeAlias

from rules.engines.hit_policy import Outcome
from rules.engines.values import Value
from rules.engines.world import Objects

__all__ = ["Difference", "Excluded", "Facts", "Failed", "Said", "differences", "show"]

Facts: TypeAlias = Mapping[str, Mapping[Objects, Value | None]]

RELATIVE, ABSOLUTE = 1e-5, 1e-37  # of margins; everything else is equal bit by bit


@dataclasses.dataclass(frozen=True, kw_only=True)
class Said:
    """One engine's answer for one case; what it does not tell is None.

    Attributes:
        outcome: the outcome, or a set of them under `collect`; None when nothing is decided.
        rule: the rank of the deciding rule, or DEFAULT, UNKNOWN, CONFLICT, VIOLATED.
        fired: by rank, whether the rule fires.
        truths: by rank, the truth of the rule's condition; None is unknown.
        violated: for each constraint whether the outcome breaks it.
        margin: how far the decision is from changing.
        derived: by name and objects; names without parameters have the key ().
    """

    outcome: Outcome | None
    rule: int
    fired: tuple[bool, ...] | None = None
    truths: tuple[bool | None, ...] | None = None
    violated: tuple[bool, ...] | None = None
    margin: float | None = None
    derived: Facts | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failed:
    """An engine raised an exception."""

    message: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Excluded:
    """An engine cannot take the rule set or the case, and says why."""

    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that an engine says otherwise than the reference."""

    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what} is {self.found}, expected {self.expected}"


def differences(expected: Said, found: Said | Failed) -> list[Difference]:
    """Where an engine's answer is not the reference's, derived values first.

    Floats must be the same to the last bit, zeros with their sign; only margins have a
    tolerance (a relative 1e-5). What `found` does not tell is not compared.
    """
    if isinstance(found, Failed):
        return [Difference(what="the answer", expected="an answer", found=found.message)]
    told = []
    if found.derived is not None:
        told += _facts(expected.derived or {}, found.derived)
    for name in ("fired", "truths", "violated", "rule", "outcome"):
        wanted, got = getattr(expected, name), getattr(found, name)
        if got is not None and wanted != got:
            told.append(Difference(what=name, expected=show(wanted), found=show(got)))
    if found.margin is not None and not _close(expected.margin, found.margin):
        told.append(
            Difference(what="margin", expected=repr(expected.margin), found=repr(found.margin))
        )
    return told


def _facts(expected: Facts, found: Facts) -> list[Difference]:
    told = []
    for name, facts in found.items():
        wanted = expected[name]
        for objects in {**wanted, **facts}:
            left, right = wanted.get(objects, "nothing"), facts.get(objects, "nothing")
            if left is not right and repr(left) != repr(right):
                about = f"{name}({', '.join(map(str, objects))})" if objects else name
                told.append(Difference(what=about, expected=show(left), found=show(right)))
    return told


def _close(expected: float | None, found: float) -> bool:
    return expected is not None and (
        expected == found or math.isclose(expected, found, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    )


def show(value: object) -> str:
    """A value, a truth or an outcome as people read it."""
    if value is None:
        return "unknown"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(value))}}}"
    if isinstance(value, tuple):
        return f"({', '.join(map(show, value))})"
    if isinstance(value, Mapping):
        facts = (
            f"{'' if key == () else f'{show(key)} '}{show(fact)}" for key, fact in value.items()
        )
        return f"{{{', '.join(facts)}}}"
    return str(value).lower() if isinstance(value, bool) else str(value)
