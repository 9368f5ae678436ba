"""Programs made from rule sets, kept for the next batch of the same rules."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from rules.engines.arrays import Extras
from rules.language import ir

if TYPE_CHECKING:
    from rules.engines.generated import GeneratedRuleset
    from rules.engines.xla import CompiledRuleset

__all__ = ["compiled", "generated"]

KEPT = 16  # programs; making one takes milliseconds to seconds


class _Identified:
    """A rule set that equals another by identity: comparing trees would take too long."""

    def __init__(self, ruleset: ir.Ruleset) -> None:
        self.ruleset = ruleset

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identified) and self.ruleset.sha256 == other.ruleset.sha256

    def __hash__(self) -> int:
        return hash(self.ruleset.sha256)


def generated(ruleset: ir.Ruleset) -> GeneratedRuleset:
    """The Python function of a rule set."""
    return _generated(_Identified(ruleset))


def compiled(ruleset: ir.Ruleset, extras: Extras) -> CompiledRuleset:
    """The JAX function of a rule set; compiled once for each shape of a batch."""
    return _compiled(_Identified(ruleset), extras)


@functools.lru_cache(maxsize=KEPT)
def _generated(key: _Identified) -> GeneratedRuleset:
    from rules.engines.generated import generate

    return generate(key.ruleset)


@functools.lru_cache(maxsize=KEPT)
def _compiled(key: _Identified, extras: Extras) -> CompiledRuleset:
    from rules.engines.xla import CompiledRuleset

    return CompiledRuleset(ruleset=key.ruleset, extras=extras)
