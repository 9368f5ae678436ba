"""A rule set with objects of every kind, and a case for it."""

from __future__ import annotations

from typing import Any

from rules.language.load import parse

TEXT = """ruleset credit version 4
param cutoff: prob = 0.4
entity Guarantor max 4
entity Month in 1..12
entity Person max 6
input p_default: prob
input p_fraud: prob
input income: float > 0
input amount: float >= 0
input signed_on: date
input country: string
input earns(Guarantor): float
input late(Month): bool
input parent(Person, Person): bool
input applicant(Person): bool
input barred(Person): bool

derive stretched if amount > 3 * income
derive strong if some g: earns(g) > 50_000
derive all_paid if all m in Month: not late(m)
derive n_late: int = count m: late(m)
derive total: float = sum g: earns(g)
derive ancestor(x, y) if parent(x, y)
derive ancestor(x, z) if parent(x, y) and ancestor(y, z)
derive tainted if applicant(x) and ancestor(y, x) and barred(y)

decide outcome in {reject, refer, approve}
    policy priority
    default approve
    unknown refer
    dated signed_on

rule family "a barred ancestor" [priority 120]
    outcome = reject
    if tainted

rule risky "risky" [priority 100, since 2026-01-01, until 2026-12-31]
    outcome = reject
    if p_default >= cutoff and stretched and not strong
    because "risk {p_default:.0%}, {total:,.0f} earned, signed {signed_on}, {country}"

rule late_payer "repeated late payments" [priority 50]
    outcome = refer
    if n_late >= 2 and not all_paid

constraint "fraud is never approved"
    if p_fraud >= 0.9 then outcome != approve

constraint "few are rejected" [weight 2.0]
    if income > 20_000 then outcome in {refer, approve}
"""
POLICY = parse(TEXT, filename="policy.rules")


def applicant(**changes: Any) -> dict[str, Any]:
    """A case that the default decides, with some changes."""
    return {
        "p_default": 0.62,
        "p_fraud": 0.1,
        "income": 30_000,
        "amount": 120_000,
        "signed_on": "2026-03-01",
        "country": "Spain",
        "earns": {"anna": 80_000, "bob": 20_000},
        "late": [3],
        "parent": [["eve", "dan"], ["dan", "carl"], ["zoe", "eve"], ["carl", "eve"]],
        "applicant": ["carl"],
        "barred": [],
        **changes,
    }
