"""Decisions of one case at a time, the mean of some hundred different ones."""

from __future__ import annotations

from benchmarks.contest import Contestant, Row
from benchmarks.deciding.bulk import peer

CASES = 512


def rows() -> tuple[Row, ...]:
    return tuple(_row(rules) for rules in (10, 100, 1000))


def _row(rules: int) -> Row:
    few = {10: CASES, 100: CASES, 1000: 64}[rules]
    return Row(
        name=f"one case, {rules:,} rules",
        unit="decisions",
        block=0.2,
        contestants=(
            _ours("ours: generated function", "generated", rules, CASES),
            _ours("ours: the same, a value missing", "generated", rules, CASES, missing=True),
            _ours("ours: rules.decide", "decide", rules, few),
            _ours("ours: rules.explain, as text", "explain", rules, 16 if rules < 1000 else 1),
            peer("Python", "one", count=rules, rows=CASES),
            peer("zen-engine", "one", count=rules, rows=few),
            peer("CLIPS", "one", count=rules, rows=few),
            *([peer("durable_rules", "one", count=rules, rows=few)] if rules < 1000 else []),
        ),
        note=(
            "From a dictionary to outcome and deciding rule. CLIPS: reset, assert, run for each "
            "case; durable_rules: a session for each."
        ),
    )


def _ours(name: str, function: str, rules: int, cases: int, **options: bool) -> Contestant:
    return Contestant(
        name=name,
        entry=f"benchmarks.deciding.ours_one:{function}",
        options={"count": rules, "rows": cases, **options},
    )
