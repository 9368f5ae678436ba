"""The functions of the language on float32 numbers of NumPy and ints of Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from rules.engines.agree.oracles.facts import number_of, ordinal

__all__ = ["FUNCTIONS"]

_Floats = Callable[..., "np.float32"]


def _on_floats(function: _Floats) -> Callable[..., int | None]:
    """A function of floats as one of their ordinals; None where the result is no number."""

    def of_ordinals(*arguments: int) -> int | None:
        with np.errstate(all="ignore"):
            result = function(*(np.float32(number_of(item)) for item in arguments))
        return ordinal(float(result)) if np.isfinite(result) else None

    return of_ordinals


def _to_float(number: int) -> int:
    return ordinal(float(np.float32(number)))


def _mod(left: int, right: int) -> int | None:
    if right == 0:
        return None
    rest = abs(left) % abs(right)
    rest = rest if left >= 0 else -rest  # of the division that truncates
    return rest + right if rest and (rest < 0) != (right < 0) else rest


FUNCTIONS: Mapping[str, Callable[..., int | None]] = MappingProxyType(
    {
        "to_float": _to_float,
        "float_add": _on_floats(np.add),
        "float_subtract": _on_floats(np.subtract),
        "float_multiply": _on_floats(np.multiply),
        "float_divide": _on_floats(np.divide),
        "float_floor": _on_floats(np.floor),
        "float_ceil": _on_floats(np.ceil),
        "float_round": _on_floats(np.rint),
        "float_abs": abs,
        "float_min": min,
        "float_max": max,
        "int_add": lambda left, right: left + right,
        "int_subtract": lambda left, right: left - right,
        "int_multiply": lambda left, right: left * right,
        "int_mod": _mod,
        "int_abs": abs,
        "int_min": min,
        "int_max": max,
        "is_less": lambda left, right: int(left < right),
        "is_at_most": lambda left, right: int(left <= right),
        "is_greater": lambda left, right: int(left > right),
        "is_at_least": lambda left, right: int(left >= right),
    }
)
