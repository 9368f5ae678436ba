"""Rule sets as plain data: every contestant's text is generated from this one description.

Needs the standard library only, so it runs in the peers' environment as well.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from random import Random
from types import MappingProxyType

PROB, FLOAT, INT, BOOL = "prob", "float", "int", "bool"
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "p_fraud": PROB,
        "p_suspicious": PROB,
        "amount": FLOAT,
        "age": INT,
        "region": INT,
        "earlier": INT,
        "is_new": BOOL,
        "is_vip": BOOL,
    }
)
# Values are whole numbers of 1/1024 of the largest: exact as float32, and as integers.
LARGEST = MappingProxyType(
    {
        "p_fraud": 1.0,
        "p_suspicious": 1.0,
        "amount": 10_000.0,
        "age": 90,
        "region": 31,
        "earlier": 20,
    }
)
OUTCOMES = ("block", "review", "approve")
DEFAULT = "approve"


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A field beside a constant; `op` is as in Python, and "==" for a bool."""

    field: str
    op: str
    value: float | int | bool


Condition = tuple["Comparison | str", ...]  # all of them; a text is the name of a truth


@dataclasses.dataclass(frozen=True)
class Truth:
    """Holds if one of its clauses does."""

    name: str
    clauses: tuple[Condition, ...]


@dataclasses.dataclass(frozen=True)
class Rule:
    """Decides for its outcome if its condition holds."""

    name: str
    outcome: str
    priority: int
    condition: Condition


@dataclasses.dataclass(frozen=True)
class Policy:
    """What decides a case.

    Attributes:
        strata: truths in groups, each group reads only those before it.
        rules: the first in order of priority, then as written, decides; without one, `DEFAULT`.
    """

    strata: tuple[tuple[Truth, ...], ...]
    rules: tuple[Rule, ...]

    @property
    def truths(self) -> tuple[Truth, ...]:
        return tuple(truth for stratum in self.strata for truth in stratum)

    @functools.cached_property
    def ranked(self) -> tuple[Rule, ...]:
        return tuple(sorted(self.rules, key=lambda rule: -rule.priority))

    @functools.cached_property
    def codes(self) -> tuple[int, ...]:
        """The outcome by rank of the deciding rule; that of no rule, rank -1, is the last."""
        return (*(OUTCOMES.index(rule.outcome) for rule in self.ranked), OUTCOMES.index(DEFAULT))


def policy(count: int) -> Policy:
    """A policy of so many clauses and rules.

    Ten are written by hand, more are generated: 60 % join two or three comparisons, 20 % a
    comparison and two such truths, 20 % decide.
    """
    return _written() if count == 10 else _generated(count)


def _written() -> Policy:
    def when(*parts: tuple[str, str, float | int | bool] | str) -> Condition:
        return tuple(part if isinstance(part, str) else Comparison(*part) for part in parts)

    risky = Truth(
        "risk_high",
        (
            when(("p_fraud", ">=", 0.75)),
            when(("p_fraud", ">=", 0.5), ("amount", ">", 7500.0), ("is_new", "==", True)),
        ),
    )
    medium = Truth("risk_medium", (when(("p_fraud", ">=", 0.375), ("amount", ">", 2500.0)),))
    uncertain = Truth("uncertain", (when(("p_suspicious", ">=", 0.5), ("p_fraud", "<", 0.375)),))
    vulnerable = Truth("vulnerable", (when(("age", ">=", 75), ("earlier", "<", 3)),))
    needs = Truth(
        "needs_review",
        (when("risk_medium", ("region", "==", 7)), when("risk_medium", "vulnerable")),
    )
    return Policy(
        strata=((risky, medium, uncertain, vulnerable), (needs,)),
        rules=(
            Rule("stop", "block", 30, when("risk_high", ("is_vip", "==", False))),
            Rule("look", "review", 20, when("needs_review")),
            Rule("ask", "review", 15, when("uncertain", ("is_new", "==", True))),
        ),
    )


def _generated(count: int) -> Policy:
    random = Random(count)
    deciding = max(1, count // 5)
    lower = _stratum(random, "a", count - 2 * deciding, [2, 3], [])
    upper = _stratum(random, "b", deciding, [1], [truth.name for truth in lower])
    names = [truth.name for truth in (*lower, *upper)]
    rules = tuple(
        Rule(
            f"r{number}",
            random.choice(OUTCOMES),
            random.randrange(100),
            _condition(random, random.choice((1, 2)), names),
        )
        for number in range(deciding)
    )
    return Policy(strata=(lower, upper), rules=rules)


def proofs() -> Policy:
    """A policy of 100 clauses five levels deep: 50 truths in two ways each; one rule asks.

    A comparison at the bottom holds in a third of the cases, one above in nearly all, so that a
    third of the proofs succeed.
    """
    random = Random(3)
    strata: list[tuple[Truth, ...]] = []
    below: list[str] = []
    for level in range(5):
        share = 0.95 if level else 0.32
        truths = tuple(
            Truth(
                f"t{level}_{number}",
                tuple(
                    (_likely(random, share), *random.sample(below, min(2, len(below))))
                    for _ in range(2)
                ),
            )
            for number in range(10)
        )
        strata.append(truths)
        below = [truth.name for truth in truths]
    return Policy(strata=tuple(strata), rules=(Rule("goal", "block", 0, (below[0],)),))


def _likely(random: Random, share: float) -> Comparison:
    """A comparison that holds in about this share of the cases."""
    field = random.choice([name for name, kind in FIELDS.items() if kind in (PROB, FLOAT)])
    steps = round(1024 * share)
    if random.random() < 0.5:
        return Comparison(field, "<=", steps / 1024 * LARGEST[field])
    return Comparison(field, ">=", (1024 - steps) / 1024 * LARGEST[field])


def _stratum(
    random: Random, prefix: str, clauses: int, comparisons: list[int], below: list[str]
) -> tuple[Truth, ...]:
    truths: list[Truth] = []
    while clauses > 0:
        ways = min(clauses, random.choice((2, 3)))
        joined = tuple(_condition(random, random.choice(comparisons), below) for _ in range(ways))
        truths.append(Truth(f"{prefix}{len(truths)}", joined))
        clauses -= ways
    return tuple(truths)


def _condition(random: Random, comparisons: int, truths: Sequence[str]) -> Condition:
    return (
        *(_comparison(random, field) for field in random.sample(list(FIELDS), comparisons)),
        *random.sample(truths, min(2, len(truths))),
    )


def _comparison(random: Random, field: str) -> Comparison:
    match FIELDS[field]:
        case "bool":
            return Comparison(field, "==", random.choice((True, False)))
        case "int":
            op = "==" if field == "region" else random.choice(("<", "<=", ">", ">="))
            return Comparison(field, op, random.randrange(1, int(LARGEST[field])))
        case _:
            value = random.randrange(1, 1024) / 1024 * LARGEST[field]
            return Comparison(field, random.choice(("<", "<=", ">", ">=")), value)
