"""Checks by an SMT solver: z3, the extra `check`."""

from __future__ import annotations

import importlib.util

from rules.checks.findings import Finding
from rules.checks.solver.codes import CODES
from rules.language import ir

__all__ = ["CODES", "check_by_solver", "has_solver", "require_solver"]


def has_solver() -> bool:
    """Whether z3 is installed."""
    return importlib.util.find_spec("z3") is not None


def require_solver(what: str) -> None:
    """Raises ModuleNotFoundError where z3 is not installed.

    Args:
        what: needs it, for the message.
    """
    if not has_solver():
        raise ModuleNotFoundError(
            f"{what} needs the z3 solver, which is not installed: pip install 'rulax[check]'",
            name="z3",
        )


def check_by_solver(ruleset: ir.Ruleset, *, timeout: float = 60.0) -> tuple[Finding, ...]:
    """What is probably a mistake, found or excluded by a solver over all cases.

    Every finding about cases carries one, decided by the reference engine. What is not found
    is excluded: no case of the kind exists. Questions that are left open, because the rules
    leave what the solver handles or because of the time, are told by the code I114.

    Args:
        ruleset: a checked rule set; of one day (see `rules.in_force`) where rules hold on some
            days only and the decision is not `dated`.
        timeout: seconds for all questions together.

    Raises:
        ModuleNotFoundError: z3 is not installed.
    """
    require_solver("this check")
    from rules.checks.solver.check import solver_findings

    return tuple(solver_findings(ruleset, timeout))
