"""Rule sets over so few cases that all of them can be decided."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from random import Random
from typing import Any

import rules
from rules.engines.reference import Evaluation, evaluate
from rules.language import ir

VALUES: dict[str, tuple[Any, ...]] = {
    "n": (0, 1, 2),
    "m": (-1, 0, 1),
    "b": (False, True),
    "c": ("red", "green"),
}
HEAD = """ruleset tiny version 1
input n: int in 0..2
input m: int in -1..1
input b: bool
input c: {red, green}
derive low if n < 1 or m < 0
derive total = n + m
derive ratio: float = n / m
"""


def tiny(seed: int) -> ir.Ruleset:
    """A random rule set over four inputs: 54 cases with missing values, times three."""
    random = Random(seed)
    policy = random.choice(ir.POLICIES)
    default = random.choice(("x", "y"))
    text = [HEAD, f"decide o in {{x, y, z}} policy {policy} default {default} unknown z"]
    for number in range(random.randint(1, 4)):
        notes = f" [priority {random.randint(0, 1)}]" if policy == "priority" else ""
        text.append(f'rule r{number} "r"{notes} o = {random.choice("xyz")} if {_truth(random, 2)}')
    for number in range(random.randint(0, 2)):
        weight = random.choice(("", " [weight 2]"))
        consequence = random.choice(("= x", "= z", "!= y", "in {x, z}"))
        condition = _truth(random, 1)
        text.append(f'constraint "k{number}"{weight} if {condition} then o {consequence}')
    return rules.parse("\n".join(text))


def _truth(random: Random, depth: int) -> str:
    if depth and random.random() < 0.6:
        parts = [_truth(random, depth - 1) for _ in range(2)]
        joined = f" {random.choice(('and', 'or'))} ".join(parts)
        return f"({joined})" if random.random() < 0.7 else f"not ({joined})"
    op = random.choice(("<", "<=", ">", ">=", "=", "!="))
    return random.choice(
        (
            "b",
            "low",
            f"c = {random.choice(('red', 'green'))}",
            f"{random.choice(('n', 'm', 'total', 'ratio', 'n * m', 'n mod m'))} {op} "
            f"{random.randint(-1, 3)}",
            f"n {op} m",
            f"{random.choice(('n', 'm', 'b', 'c'))} is unknown",
        )
    )


def all_cases(*, complete: bool) -> Iterator[dict[str, Any]]:
    """Every case, or every one that lacks nothing."""
    missing = () if complete else (None,)
    for values in itertools.product(*(values + missing for values in VALUES.values())):
        yield dict(zip(VALUES, values, strict=True))


def evaluations(ruleset: ir.Ruleset, *, complete: bool = False) -> list[Evaluation]:
    """What the reference engine says about every case."""
    return [evaluate(ruleset, case, margin=False) for case in all_cases(complete=complete)]
