"""A rule text with objects, aggregates, dates, texts, params and constraints."""

TEXT = """\
ruleset lending version 4

param cutoff: prob = 0.4

entity Guarantor max 3
entity Month in 1..12

input p_default: prob
input p_fraud: prob
input income: float > 0
input country: string
input signed_on: date
input earns(Guarantor): float
input late(Month): bool

derive rich(g in Guarantor) if earns(g) > 50_000
derive strong if some g: rich(g)
derive n_late: int = count m: late(m)
derive total: float = sum g: earns(g)

decide outcome in {reject, refer, approve}
    policy  priority
    default approve
    unknown refer

rule risky "risky" [priority 100]
    outcome = reject
    if p_default >= cutoff and not strong
    because "risk {p_default:.0%} in {country}, guarantors earn {total:,.0f}"

rule late_payer "late payer" [priority 50]
    outcome = refer
    if n_late >= 2

constraint "fraud is never approved"
    if p_fraud >= 0.9 then outcome != approve

constraint "few are rejected abroad" [weight 2.0]
    if country != "DE" then outcome != reject

test "a guarantor rescues"
    given p_default = 0.62, p_fraud = 0, income = 30_000, earns(anna) = 80_000, no late
    expect outcome = approve, rich(anna), risky does not fire because strong

test "two months late"
    given p_default = 0.1, no Guarantor, late(3) = true, late(5) = true
    expect outcome = refer, n_late = 2
"""

CASE = {
    "p_default": 0.62,
    "p_fraud": 0.0,
    "income": 30_000,
    "country": "FR",
    "signed_on": "2026-03-01",
    "earns": {"anna": 20_000, "bob": 30_000},
    "late": [3],
}
CASES = [
    CASE,
    {**CASE, "earns": {"anna": 80_000}},
    {**CASE, "earns": {"anna": None}, "late": [3, 5]},
    {**CASE, "p_default": 0.1, "p_fraud": 0.95},
]
OUTCOMES = ["reject", "approve", "refer", "refer"]
RULES = ["risky", "default", "unknown", "violated"]
