"""Questions about one case: 100 clauses, five levels, two ways to each of 50 truths."""

from __future__ import annotations

from benchmarks.contest import OURS, PEERS, Contestant, Row

CASES, MANY, FEW = 512, 65_536, 64


def rows() -> tuple[Row, ...]:
    ours, prolog = "benchmarks.deciding.ours_one", "benchmarks.peers.prolog_rules"
    return (
        Row(
            name="goal of a case, without proof",
            unit="queries",
            block=0.2,
            contestants=(
                _one("ours: goal by goal", f"{ours}:proving", CASES),
                _one(f"ours: {MANY:,} cases at once, compiled", f"{ours}:proving_all", MANY),
                _one("SWI-Prolog", f"{prolog}:proving", 4096),
                _one(f"clingo: {CASES} at once", "benchmarks.peers.clingo_rules:proving", CASES),
                _one(f"ProbLog: {FEW} at once", "benchmarks.peers.problog_rules:proving", FEW),
            ),
            note="SWI-Prolog has two values; ours has three, and finds each truth once.",
        ),
        Row(
            name="goal of a case, with the tree of its proof",
            unit="queries",
            block=0.2,
            contestants=(
                _one("ours: goal by goal", f"{ours}:proving", CASES, proof=True),
                _one("ours: failures, too", f"{ours}:proving", FEW, proof=True, failures=True),
                _one("SWI-Prolog, meta-interpreter", f"{prolog}:proving", CASES, proof=True),
            ),
            note="The meta-interpreter has no tree for what fails.",
        ),
    )


def _one(name: str, entry: str, cases: int, **options: bool) -> Contestant:
    with_packages = "clingo" in entry or "problog" in entry
    return Contestant(
        name=name,
        entry=entry,
        options={"rows": cases, **options},
        environment=PEERS if with_packages else OURS,
    )
