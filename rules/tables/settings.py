"""What a table says about itself, besides its header and its rows."""

from __future__ import annotations

__all__ = ["SETTINGS"]

SETTINGS = ("ruleset", "version", "table", "policy", "default", "unknown", "dated")
