"""Explanations: a sentence per case, the whole proof of one, and why not something else.

Everything is imported when it is first used: proofs need neither jax nor numpy.
"""

from __future__ import annotations

import importlib
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rules.explain.agreement import EnginesDisagreeError
    from rules.explain.html_page import page
    from rules.explain.other_outcome import WhyNot, why_not
    from rules.explain.why import Explanation, explain

__all__ = ["EnginesDisagreeError", "Explanation", "WhyNot", "explain", "page", "why_not"]

_HOMES = types.MappingProxyType(
    {
        "EnginesDisagreeError": "agreement",
        "Explanation": "why",
        "WhyNot": "other_outcome",
        "explain": "why",
        "page": "html_page",
        "why_not": "other_outcome",
    }
)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
