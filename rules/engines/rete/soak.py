"""Many cases through durable_rules, each answer compared with the NumPy engine.

    python -m rules.engines.rete.soak --cases 1000000

Ends with status 1 at the first wrong answer, which it prints with its case.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import time
from collections.abc import Iterator, Sequence

import numpy as np

from rules.engines.agree.cases import cases
from rules.engines.agree.columns import encode_worlds
from rules.engines.arrays import Extras, decide_numpy
from rules.engines.rete.engine import Rete
from rules.engines.rete.server import Server
from rules.engines.rete.worker import memory
from rules.engines.world import admit_case
from rules.language import ir
from rules.language.load import parse

__all__ = ["Progress", "main", "soak"]

ROUND = 1000  # cases of each rule set between two comparisons
SHARES = (3, 1)  # of the rounds, for each of the two rule sets

ROWS = """
ruleset rows version 1
input p_default: prob
input income: float > 0
input amount: float >= 0
input age: int in 18..120
input guarantor: bool
input purpose: {car, education, other}
param cutoff: prob = 0.4
derive burden: float = amount / income
derive stretched if burden > 3
derive stretched if amount > 1 and not guarantor
decide outcome in {reject, refer, approve}
    policy priority
    default approve
    unknown refer
rule risky "risky" [priority 3]
    outcome = reject
    if p_default >= cutoff and stretched
rule young "young" [priority 2]
    outcome = refer
    if age < 21 and purpose != education
rule large "large" [priority 1]
    outcome = refer
    if amount > income or (purpose = other and not guarantor)
rule silent "no income told" [priority 1]
    outcome = refer
    if income is unknown and amount > 0
constraint "no car for the very young"
    if age < 19 and purpose = car then outcome != approve
"""

JOINS = """
ruleset joins version 1
entity Person max 3
entity Month in 1..4
input owes(Person, Person): bool
input earns(Person): float
input late(Month): bool
input amount: float
derive chain(x, y) if owes(x, y)
derive chain(x, z) if owes(x, y) and chain(y, z)
derive solid(g) if earns(g) > 1 and not chain(g, g)
derive n_late: int = count m: late(m)
derive total: float = sum g where solid(g): earns(g)
decide outcome in {reject, refer, approve}
    policy first
    default approve
    unknown refer
rule late_payer "late"
    outcome = reject
    if n_late >= 2 and not (some g: solid(g))
rule thin "not enough"
    outcome = refer
    if total < amount or (all g in Person: chain(g, g))
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a soak has come.

    Attributes:
        cases: answered and compared.
        seconds: since the start.
        child: bytes of memory of the process of durable_rules.
        parent: bytes of memory of this process.
        restarts: times that the process died.
        died: how it did so the last time.
    """

    cases: int
    seconds: float
    child: int
    parent: int
    restarts: int
    died: str | None

    def __str__(self) -> str:
        return (
            f"{self.cases:>9,} cases, {self.cases / self.seconds:,.0f} cases/s, "
            f"process {self.child / 2**20:.1f} MB, caller {self.parent / 2**20:.1f} MB, "
            f"{self.restarts} crashes" + (f" (the last: {self.died})" if self.died else "")
        )


def soak(count: int, seed: int = 0, server: Server | None = None) -> Iterator[Progress]:
    """Compares random cases, and tells the progress after each round.

    Args:
        count: of cases.
        seed: for other cases.
        server: the process; else one of its own.

    Raises:
        AssertionError: an answer is wrong.
    """
    rulesets = [parse(text) for text in (ROWS, JOINS)]
    turns = itertools.cycle(number for number, share in enumerate(SHARES) for _ in range(share))
    started, done = time.perf_counter(), 0
    with server or Server() as process:
        engines = [Rete(ruleset, server=process) for ruleset in rulesets]
        for turn in itertools.count():
            if done >= count:
                return
            number = next(turns)
            size = min(ROUND, count - done)
            _compare(rulesets[number], engines[number], seed + turn, size)
            done += size
            yield Progress(
                cases=done,
                seconds=time.perf_counter() - started,
                child=process.memory,
                parent=memory(),
                restarts=process.restarts,
                died=process.died,
            )


def _compare(ruleset: ir.Ruleset, engine: Rete, seed: int, count: int) -> None:
    told = cases(ruleset, seed, count)
    worlds = [admit_case(ruleset, case) for case in told]
    columns = encode_worlds(ruleset, worlds, count)
    expected = decide_numpy(ruleset, columns, Extras(violated=True))
    assert ruleset.decision is not None
    outcomes = [ruleset.decision.outcomes[code] for code in np.asarray(expected.outcome)]
    ranks = np.asarray(expected.rule).tolist()
    found = list(engine.decide(told))
    assert len(found) == count, f"{len(found)} answers to {count} cases"
    for case, outcome, rank, verdict in zip(told, outcomes, ranks, found, strict=True):
        assert verdict == (outcome, rank), (
            f"rule set {ruleset.name}, seed {seed}: rete {tuple(verdict)}, numpy "
            f"{(outcome, rank)} for {case!r}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m rules.engines.rete.soak", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=50_000, help="cases between two lines")
    options = parser.parse_args(arguments)
    shown = 0
    for progress in soak(options.cases, options.seed):
        if progress.cases - shown >= options.every or progress.cases in (ROUND, options.cases):
            print(progress, flush=True)
            shown = progress.cases
    print("every answer as the NumPy engine gives it")


if __name__ == "__main__":
    main()
