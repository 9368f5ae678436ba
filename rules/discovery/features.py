"""What a tree asks of a case: whether a number is at most something, or which of several it is."""

from __future__ import annotations

import dataclasses
import math
from typing import TypeAlias

from rules.language.numbers import round_float32


@dataclasses.dataclass(frozen=True, kw_only=True)
class AtMost:
    """Whether a number is at most a bound, compared as float32 numbers.

    Attributes:
        column: the input.
        bound: compared with; infinite where only missing ones are told from others.
        missing: the answer where the input is missing.
    """

    column: str
    bound: float
    missing: bool

    def __post_init__(self) -> None:
        if math.isfinite(self.bound):
            object.__setattr__(self, "bound", round_float32(self.bound))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Is:
    """Whether a categorical input is a member; where it is missing, it is not.

    Attributes:
        column: the input.
        member: asked for.
    """

    column: str
    member: str


Feature: TypeAlias = AtMost | Is
