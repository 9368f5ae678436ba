"""Rule texts with objects, and batches for them."""

from __future__ import annotations

from typing import Any

import numpy as np

import rules
from rules.engines.columns import entity_size, presence_names, sizes
from rules.language import ir

CREDIT = """
ruleset credit version 4
param cutoff: prob = 0.4
param most: int = 2
param home: string = "DE"

entity Guarantor max 4
entity Month in 1..12
entity Person max 5
input p_default: prob
input income: float > 0
input amount: float >= 0
input country: string
input signed_on: date
input earns(Guarantor): float
input owes(Guarantor, Month): bool
input late(Month): bool
input parent(Person, Person): bool

derive stretched if amount > 3 * income
derive strong if some g: earns(g) > 50_000
derive clear if all g, m in Month: not owes(g, m)
derive n_late: int = count m: late(m)
derive total: float = sum g where earns(g) > 10: earns(g) / 7
derive mean_earned: float = mean g: earns(g)
derive score(g in Guarantor): float = earns(g) / 3
derive rich(g) if score(g) > 15_000
derive ancestor(x, y) if parent(x, y)
derive ancestor(x, z) if parent(x, y) and ancestor(y, z)
derive kin(x, y) if parent(p, x) and parent(p, y)
derive kin(x, y) if parent(p, x) and kin(p, q) and parent(q, y)
derive cyclic if some x: ancestor(x, x)

decide outcome in {reject, refer, approve}
    policy priority
    default approve
    unknown refer
    dated signed_on

rule risky "risky" [priority 100]
    outcome = reject
    if p_default >= cutoff and stretched and not strong
rule late_payer "late" [priority 50, since 2026-01-01]
    outcome = refer
    if n_late >= most and late(12) or total > 90_000 and some g: rich(g)
rule knot "knot"
    outcome = reject
    if cyclic or country != home and all x, y: not kin(x, y)
constraint "never approved"
    if p_default >= 0.9 then outcome != approve
constraint "clear ones are not refused" [weight 2.0]
    if clear then outcome != reject
"""


def policy() -> ir.Ruleset:
    return rules.parse(CREDIT)


def derived_names(ruleset: ir.Ruleset) -> tuple[str, ...]:
    return tuple(item.name for item in ruleset.derived)


def batch(ruleset: ir.Ruleset, seed: int, count: int) -> dict[str, np.ndarray]:
    """`count` random cases, with missing values and objects that may be absent."""
    rng = np.random.default_rng(seed)
    columns: dict[str, np.ndarray] = {}
    for name in presence_names(ruleset):
        size = entity_size(ruleset, name)
        columns[name] = rng.choice(np.array([1, 1, 1, 1, 1, 0, -1], np.int8), (count, size))
    for item in ruleset.inputs:
        shape = (count, *sizes(ruleset, item))
        missing = rng.random(shape) < 0.03
        match item.type:
            case ir.FloatType(high=high):
                scale = 100_000 if high is None else high
                column = np.where(missing, np.nan, rng.random(shape) * scale).astype(np.float32)
            case ir.BoolType():
                column = np.where(missing, -1, rng.random(shape) < 0.2).astype(np.int8)
            case ir.DateType():
                column = np.where(missing, -(2**31), rng.integers(20_300, 20_700, shape))
                column = column.astype(np.int32)
            case _:
                column = rng.integers(-1, 3, shape).astype(np.int32)
        columns[item.name] = column
    return columns


def graph(edges: np.ndarray) -> dict[str, Any]:
    """The columns of one relation among people, all present."""
    return {"parent": edges, "Person": np.ones(edges.shape[:-1], bool)}


def people(count: int, text: str) -> ir.Ruleset:
    """Rules about `count` people and who is whose parent."""
    return rules.parse(
        f"""
ruleset people version 1
entity Person max {count}
input parent(Person, Person): bool
{text}
decide outcome in {{no, yes}}
    policy first
    default no
    unknown no
"""
    )
