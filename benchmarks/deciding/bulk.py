"""Decisions of many cases: 8 columns, three strata, 10 to 5,000 rules."""

from __future__ import annotations

from typing import Any

from benchmarks.contest import OURS, PEERS, Contestant, Row

# Cases of the slow ones, by rules: some tenths of a second.
AMOUNTS: dict[str, dict[int, int]] = {
    "Python": {10: 131_072, 100: 65_536, 1000: 4096, 5000: 512},
    "SWI-Prolog": {10: 16_384, 100: 8192, 1000: 4096, 5000: 1024},
    "zen-engine": {10: 4096, 100: 4096, 1000: 512, 5000: 64},
    "CLIPS": {10: 4096, 100: 1024, 1000: 512, 5000: 64},
    "clingo": {10: 4096, 100: 1024, 1000: 512, 5000: 64},
    "durable_rules": {10: 512, 100: 512},
    "DuckDB": {5000: 2048},
}
IMPOSSIBLE = {"durable_rules": (1000, 5000)}  # it never returns from taking so many rules
MODULES = {
    "NumPy": "numpy_rules",
    "Polars": "polars_rules",
    "DuckDB": "duckdb_rules",
    "Python": "python_rules",
    "SWI-Prolog": "prolog_rules",
    "zen-engine": "zen_rules",
    "CLIPS": "clips_rules",
    "clingo": "clingo_rules",
    "durable_rules": "durable_rules",
}
COLUMNAR = ("NumPy", "Polars", "DuckDB")
UNPACKAGED = ("NumPy", "Python", "SWI-Prolog")  # these need no peer's package
NOTE = (
    "Ours tells unknown from false in every comparison; the peers have complete cases and "
    "two values. The slow ones decide fewer of the cases. The outcome alone is taken within "
    "another jit, whose vectors have XLA's own 256 bits."
)


def rows() -> tuple[Row, ...]:
    return (
        *(_row(rules, 1 << 17, tuple(MODULES)) for rules in (10, 100, 1000, 5000)),
        *(_row(rules, 1 << 20, COLUMNAR) for rules in (10, 100)),
        _row(10, 1 << 23, COLUMNAR),
    )


def peer(name: str, function: str, /, **options: Any) -> Contestant:
    """A contestant of `benchmarks/peers`."""
    return Contestant(
        name=name,
        entry=f"benchmarks.peers.{MODULES[name]}:{function}",
        options=options,
        environment=OURS if name in UNPACKAGED else PEERS,
    )


def _row(rules: int, cases: int, peers: tuple[str, ...]) -> Row:
    return Row(
        name=f"{rules:,} rules, {cases:,} cases",
        unit="decisions",
        amount=cases,
        block=0.2,
        contestants=(
            _ours("ours: outcome, deciding rule", rules, cases),
            _ours("ours: outcome alone", rules, cases, what="outcome"),
            _ours("ours: and all rules that fire", rules, cases, what="fired"),
            _ours("ours: 2 % missing", rules, cases, missing=0.02),
            *(
                peer(name, "bulk", count=rules, rows=AMOUNTS.get(name, {}).get(rules, cases))
                for name in peers
                if rules not in IMPOSSIBLE.get(name, ())
            ),
        ),
        note=NOTE,
    )


def _ours(name: str, rules: int, cases: int, **options: Any) -> Contestant:
    return Contestant(
        name=name,
        entry="benchmarks.deciding.ours:bulk",
        options={"count": rules, "rows": cases, **options},
    )
