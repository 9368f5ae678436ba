"""Rule sets that several tests read."""

from __future__ import annotations

import rules
from rules.language import ir

DECISION = """
decide outcome in {reject, refer, approve}
    policy first
    default approve
    unknown refer
"""


def policy(declarations: str, *conditions: str, decision: str = DECISION) -> ir.Ruleset:
    """A rule set with one rule for each condition, which rejects and refers by turns."""
    rest = [
        f'rule r{number} "r{number}"\n    outcome = {("reject", "refer")[number % 2]}\n'
        f"    if {condition}\n"
        for number, condition in enumerate(conditions)
    ]
    return rules.parse(f"ruleset small version 1\n{declarations}\n{decision}\n" + "\n".join(rest))


INCOME = policy("input income: float\ninput amount: float", "income < 10", "amount > income")

GUARANTORS = policy(
    """
entity Guarantor max 8
entity Month in 1..12
input earns(Guarantor): float
input late(Month): bool
input owes(Guarantor, Guarantor): bool
input kind: string
derive rich(g) if earns(g) > 80_000
derive bound(x, y) if owes(x, y)
derive bound(x, z) if owes(x, y) and bound(y, z)
derive n_late: int = count m: late(m)
""",
    "n_late >= 2 and not some g: rich(g)",
    'some g: bound(g, g) or kind = "odd"',
)
