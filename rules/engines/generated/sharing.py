"""Where the code of a derived value goes: where it is read, into a local variable, or before."""

from __future__ import annotations

from collections.abc import Mapping

from rules.language import ir
from rules.language.walk import children

__all__ = ["Sharing"]

DEPTH = 40  # levels of a name to write out where it is used, rather than compute beforehand


class Sharing:
    """Derived values of one function, each computed once at most.

    Attributes:
        lazy: the local variables that start as PENDING.
        statements: local variables to compute beforehand, with their code.
    """

    def __init__(self, uses: Mapping[str, int]) -> None:
        """Args: how often each name is read."""
        self.lazy: list[str] = []
        self.statements: list[tuple[str, str]] = []
        self._uses = uses
        self._depth: dict[str, int] = {}

    def define(self, item: ir.Derived) -> None:
        """Takes note of how deep the code of a derived value is, after what it reads."""
        self._depth[item.name] = 2 + max(map(self._levels, item.clauses))

    def _levels(self, expr: ir.Expr) -> int:
        if isinstance(expr, ir.Ref):
            depth = self._depth.get(expr.name, 0)
            return 0 if depth > DEPTH else depth
        return 1 + max(map(self._levels, children(expr)), default=0)

    def read(self, name: str, local: str, code: str) -> str:
        """What stands where a defined value is read.

        Args:
            name: of the derived value.
            local: the variable that would hold it.
            code: that computes it.
        """
        if self._depth[name] > DEPTH:
            self.statements.append((local, code))
            return local
        if self._uses[name] <= 1:
            return code
        self.lazy.append(local)
        return f"({local} if {local} is not PENDING else ({local} := {code}))"
