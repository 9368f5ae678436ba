"""Engines: one meaning, several ways to compute it.

`reference` is the specification; `xla` decides batches inside a JAX program.
"""

from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN, Decisions

__all__ = ["CONFLICT", "DEFAULT", "UNKNOWN", "Decisions"]
