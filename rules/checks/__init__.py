"""Checks of a rule set before it ships."""

from rules.checks.findings import Finding, check, render

__all__ = ["Finding", "check", "render"]
