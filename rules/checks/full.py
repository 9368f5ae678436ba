"""All checks together: what is found at a glance, by the solver, and what somebody accepted."""

from __future__ import annotations

from rules.checks.finding import CODES, Finding
from rules.checks.findings import check, in_order, render
from rules.checks.solver import CODES as SOLVER_CODES
from rules.checks.solver import check_by_solver
from rules.checks.suppressions import suppressed
from rules.checks.witness import test_text
from rules.language import ir

__all__ = ["full_check", "render_with_witness"]

# What the solver finds of rules that are alike is told already.
_TOLD = {"W105": ("W005", "W006"), "W112": ("W011",)}


def full_check(
    ruleset: ir.Ruleset, *, solver: bool = True, timeout: float = 60.0
) -> tuple[Finding, ...]:
    """Every finding that is not accepted by `# rulax: ignore CODE because ...`.

    Args:
        ruleset: a checked rule set.
        solver: whether to look at all cases, see `rules.checks.solver.check_by_solver`.
        timeout: seconds for the solver.

    Raises:
        ModuleNotFoundError: the solver is asked for and not installed.
    """
    quick = check(ruleset)
    told = {(finding.code, finding.span) for finding in quick}
    by_solver = check_by_solver(ruleset, timeout=timeout) if solver else ()
    new = [
        finding
        for finding in by_solver
        if not any((code, finding.span) in told for code in _TOLD.get(finding.code, ()))
    ]
    codes = [code for code, _ in (*CODES, *(SOLVER_CODES if solver else ()))]
    return in_order(suppressed(ruleset, (*quick, *new), codes))


def render_with_witness(finding: Finding, ruleset: ir.Ruleset) -> str:
    """A finding as errors are shown, and the case that shows it as a test block."""
    text = render(finding, ruleset)
    if finding.witness is None:
        return text
    return f"{text}\n{test_text(ruleset, finding.witness)}"
