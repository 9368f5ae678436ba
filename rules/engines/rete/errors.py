"""What can go wrong between a rule set and durable_rules."""

from __future__ import annotations

__all__ = ["ReteCrashError", "ReteLimitError", "ReteMissingError"]


class ReteMissingError(ImportError):
    """durable_rules is not installed, or cannot be loaded."""


class ReteLimitError(ValueError):
    """A rule set, or a case, is beyond what durable_rules takes."""


class ReteCrashError(RuntimeError):
    """durable_rules crashed, or did not come back, twice on the same case."""
