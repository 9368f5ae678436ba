"""Relations: closures, same generation, sums and joins over objects."""

from __future__ import annotations

from typing import Any

from benchmarks.contest import Contestant, Row
from benchmarks.deciding.bulk import peer

BORROWERS = 100_000
NOTES = {
    "closure": "NumPy by hand: Warshall's algorithm on words.",
    "ancestors": (
        "A random tree. NumPy by hand: Warshall's algorithm on words. Ours and NumPy read and "
        "write matrices, the others lists of pairs."
    ),
    "generations": "NumPy by hand, and only right where everybody has one parent at most.",
}


def rows() -> tuple[Row, ...]:
    every = ("NumPy", "DuckDB", "SWI-Prolog", "clingo")
    return (
        _relation("closure of 200 nodes, 1,000 edges", "closure", {"nodes": 200}, every),
        _relation("closure of 1,000 nodes, 5,000 edges", "closure", {"nodes": 1000}, every),
        _relation("closure of 4,000 nodes, 20,000 edges", "closure", {"nodes": 4000}, every[:2]),
        _relation("ancestors of 4,000 people", "ancestors", {"people": 4000}, every),
        _relation("same generation, 1,000 people", "generations", {"people": 1000}, every),
        _relation("same generation, 4,000 people", "generations", {"people": 4000}, every[:2]),
        Row(
            name=f"{BORROWERS:,} borrowers: sums of open loans, some strong guarantor",
            unit="decisions",
            amount=BORROWERS,
            block=0.2,
            contestants=(
                _ours("joins", rows=BORROWERS),
                peer("NumPy", "joins", rows=BORROWERS),
                peer("DuckDB", "joins", rows=BORROWERS),
                peer("SWI-Prolog", "joins", rows=5000),
                peer("clingo", "joins", rows=1000),
            ),
            note=(
                "Up to 8 loans and 4 guarantors each, who back some of the loans. NumPy has the "
                "padded arrays of ours, DuckDB tables with a row for each loan."
            ),
        ),
    )


def _relation(name: str, function: str, size: dict[str, int], peers: tuple[str, ...]) -> Row:
    return Row(
        name=name,
        block=0.1,
        contestants=(_ours(function, **size), *(peer(other, function, **size) for other in peers)),
        note=NOTES[function],
    )


def _ours(function: str, **options: Any) -> Contestant:
    return Contestant(
        name="ours", entry=f"benchmarks.deciding.ours_graph:{function}", options=options
    )
