"""Around the decisions: seconds to ready, rules behind a model, sweeps of a threshold."""

from __future__ import annotations

from typing import Any

from benchmarks.contest import Contestant, Row
from benchmarks.deciding.bulk import peer

SWEPT, CUTOFFS, FEW = 100_000, 10_000, 100


def rows() -> tuple[Row, ...]:
    return (
        *(_ready(rules) for rules in (10, 100, 1000, 5000)),
        _model("credit: 65,536 cases, 15 rules", "credit", 65_536),
        _model("digits: 4,096 images, 2 rules", "digits", 4096),
        Row(
            name=f"sweep of {CUTOFFS:,} thresholds over {SWEPT:,} cases",
            unit="decisions",
            amount=SWEPT * CUTOFFS,
            block=0.1,
            contestants=(
                _ours("ours: one call", "sweep", rows=SWEPT, count=CUTOFFS),
                peer("NumPy", "sweep", rows=SWEPT, count=FEW),
            ),
            note=f"NumPy tries {FEW} of the thresholds.",
        ),
    )


def _ready(rules: int) -> Row:
    peers = ["Python", "zen-engine", "CLIPS", *(["durable_rules"] if rules < 1000 else [])]
    return Row(
        name=f"ready to decide, {rules:,} rules",
        block=0.1,
        contestants=(
            _ours("ours: compiled, cold", "ready", count=rules),
            _ours("ours: compiled, cache on disk", "ready", count=rules, cached=True),
            _ours("ours: generated function", "ready_generated", count=rules),
            *(peer(name, "ready", count=rules) for name in peers),
        ),
        note="From the policy as data to the first answers: 1,024 cases compiled, else one.",
    )


def _model(name: str, function: str, cases: int) -> Row:
    return Row(
        name=name,
        unit="cases",
        amount=cases,
        tolerance=1e-5,
        contestants=(
            _ours("model and rules in one program", function, rows=cases, decided=True),
            _ours("model alone", function, rows=cases, decided=False),
        ),
        note="A ratio of 0.99 means that the rules take 1 % of the time.",
    )


def _ours(name: str, function: str, **options: Any) -> Contestant:
    return Contestant(
        name=name, entry=f"benchmarks.deciding.ours_compiling:{function}", options=options
    )
