"""The whole language over arrays: random rule sets against the reference, and its corners."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import rules
from rules.engines.agree import cases, generate
from rules.engines.agree.columns import encode_worlds
from rules.engines.agree.comparison import Said, differences
from rules.engines.agree.engines import opened
from rules.engines.arrays import Extras, decide_numpy
from rules.engines.decisions import DEFAULT, UNKNOWN, VIOLATED
from rules.engines.reference import evaluate
from rules.engines.world import admit_case
from rules.engines.xla import compile_ruleset
from rules.language import ir
from rules.language.settings import undated
from tests.effort import examples

SEED = 20_000


def decidable(first: int, count: int) -> list[tuple[int, ir.Ruleset]]:
    made = ((seed, generate(seed)) for seed in range(first, first + count))
    return [
        (seed, item)
        for seed, item in made
        if not undated(item) and all(entity.size is not None for entity in item.entities)
    ]


@pytest.mark.parametrize(("engine", "count"), [("numpy", 400), ("xla", 16)])
def test_random_rule_sets_agree_with_the_reference(engine: str, count: int) -> None:
    with opened([engine]) as engines:
        for seed, ruleset in decidable(SEED, examples(count)):
            some = cases(ruleset, seed, 6)
            wanted = engines["reference"](ruleset, some)
            found = engines[engine](ruleset, some)
            for row, (expected, got) in enumerate(zip(wanted, found, strict=True)):
                where = f"seed {seed}, case {row}"
                assert isinstance(expected, Said) and isinstance(got, Said), f"{where}: {got}"
                told = differences(expected, got)
                assert not told, f"{where}: {'; '.join(map(str, told))}"


def text(rest: str, policy: str = "first", default: str = "approve") -> ir.Ruleset:
    return rules.parse(
        f"""
ruleset small version 1
entity Side in {{left, right}}
entity Month in 3..5
entity Person max 3
input x: float
input late(Month): bool
input open(Side): bool
input parent(Person, Person): bool
input near(Side, Month): float
input day: date
input country: string
input region: string
decide outcome in {{reject, refer, approve}}
    policy {policy}
    default {default}
    unknown refer
{rest}
"""
    )


BATCH: dict[str, Any] = {
    "x": np.array([0.1, 0.6, 0.9, np.nan], np.float32),
    "late": np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0]], np.int8),
    "open": np.array([[1, 0], [0, 1], [1, 1], [0, -1]], np.int8),
    "Person": np.array([[1, 1, 0], [1, 1, 1], [1, -1, 0], [0, 0, 0]], np.int8),
    "parent": np.ones((4, 3, 3), np.int8),
    "near": np.arange(24, dtype=np.float32).reshape(4, 2, 3),
    "day": np.array([20_000, 2_932_896, -719_162, -(2**31)], np.int32),
    "country": np.array([0, 1, 2, -1], np.int32),
    "region": np.array([2, 1, 7, 0], np.int32),
}


def derive(lines: str, *names: str) -> list[list[Any]]:
    ruleset = text(lines)
    host = decide_numpy(ruleset, BATCH, Extras(derived=names))
    device = compile_ruleset(ruleset, derived=names)(BATCH)
    for name in names:
        np.testing.assert_array_equal(host.derived[name], device.derived[name])
    return [np.asarray(host.derived[name]).tolist() for name in names]


def test_constants_of_fixed_domains_are_places() -> None:
    (april, right, cell) = derive(
        "derive april if late(4)\n"
        "derive right_ if open(right)\n"
        "derive cell: float = near(right, 5)",
        "april",
        "right_",
        "cell",
    )
    assert april == [0, 1, 0, 0]
    assert right == [0, 1, 1, -1]
    assert cell == [5.0, 11.0, 17.0, 23.0]


def test_the_same_variable_twice_is_a_diagonal() -> None:
    columns = {**BATCH, "parent": np.zeros((4, 3, 3), np.int8)}
    columns["parent"][:, 0, 1] = 1
    columns["parent"][1, 2, 2] = 1
    ruleset = text("derive own(p) if parent(p, p)\nderive any_own if some p: parent(p, p)")
    for decisions in (
        decide_numpy(ruleset, columns, Extras(derived=("own", "any_own"))),
        compile_ruleset(ruleset, derived=["own", "any_own"])(columns),
    ):
        own = np.asarray(decisions.derived["own"])
        assert own.tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]
        assert np.asarray(decisions.derived["any_own"]).tolist() == [0, 1, 0, 0]


def test_objects_are_values() -> None:
    (later, apart, in_left) = derive(
        "derive later if some m: late(m) and m > 3\n"
        "derive apart: int = count p, q in Person: p != q\n"
        "derive in_left if some s: open(s) and s = left",
        "later",
        "apart",
        "in_left",
    )
    assert later == [0, 1, 1, 0]
    assert apart == [2, 6, -(2**31), 0]
    assert in_left == [1, 0, 1, 0]


def test_nobody_there() -> None:
    """All of nobody holds, some of nobody does not; who may be there makes it unknown."""
    (everyone, someone, number) = derive(
        "derive everyone if all p in Person: x > 5\n"
        "derive someone if some p in Person: x < 5\n"
        "derive number: int = count p in Person: x < 5",
        "everyone",
        "someone",
        "number",
    )
    assert everyone == [0, 0, 0, 1]
    assert someone == [1, 1, 1, 0]
    assert number == [2, 3, -(2**31), 0]


def test_dates_and_texts() -> None:
    (soon, beyond, between, home, same) = derive(
        "derive soon if day + 7 days >= 2024-10-11\n"
        "derive beyond: date = day + 1 days\n"
        "derive between: int = day - 2024-10-04\n"
        'derive home if country = "DE"\n'
        'derive same if country = region and country != "FR"',
        "soon",
        "beyond",
        "between",
        "home",
        "same",
    )
    assert soon == [1, -1, 0, -1]
    assert beyond == [20_001, -(2**31), -719_161, -(2**31)]
    assert between[0] == 0 and between[3] == -(2**31)
    assert home == [1, 0, 0, -1]
    assert same == [0, 0, 0, -1]


RULE = 'rule r "r"\n    outcome = reject\n    if x > 0.5\n'


@pytest.mark.parametrize("compiled", [True, False])
def test_constraints_after_the_verdict(compiled: bool) -> None:
    ruleset = text(
        RULE
        + 'constraint "late in May"\n    if late(5) then outcome != reject\n'
        + 'constraint "open" [weight 1.0]\n    if open(right) then outcome in {refer, approve}\n'
        + 'constraint "April"\n    if late(3) then outcome = approve\n'
    )
    late = np.array([[0, 0, 1], [0, 0, 1], [-1, 0, 1], [-1, 0, 0], [1, 0, 1], [-1, 0, 0]], np.int8)
    columns = {name: np.repeat(column[:1], 6, axis=0) for name, column in BATCH.items()}
    columns |= {
        "x": np.array([0.9, 0.1, 0.9, 0.9, np.nan, 0.2], np.float32),
        "late": late,
        "open": np.ones((6, 2), bool),
    }
    extras = Extras(violated=True, margin=True)
    if compiled:
        decisions = compile_ruleset(ruleset, violated=True, margin=True)(columns)
    else:
        decisions = decide_numpy(ruleset, columns, extras)
    assert np.asarray(decisions.rule).tolist() == [
        VIOLATED,
        DEFAULT,
        VIOLATED,
        UNKNOWN,
        UNKNOWN,
        DEFAULT,
    ]
    assert np.asarray(decisions.outcome).tolist() == [1, 2, 1, 1, 1, 2]
    assert np.asarray(decisions.violated).tolist() == [[3], [0], [3], [2], [0], [0]]
    assert np.asarray(decisions.margin)[[0, 2, 3, 4]].tolist() == [0, 0, 0, 0]


def test_under_collect_every_outcome_must_be_allowed() -> None:
    ruleset = text(
        RULE
        + 'rule s "s"\n    outcome = approve\n    if x > 0.2\n'
        + 'constraint "never"\n    if x > 0.55 then outcome != reject\n',
        policy="collect",
        default="approve",
    )
    for decisions in (decide_numpy(ruleset, BATCH), compile_ruleset(ruleset)(BATCH)):
        assert np.asarray(decisions.rule).tolist() == [DEFAULT, VIOLATED, VIOLATED, UNKNOWN]
        assert np.asarray(decisions.outcome).tolist() == [4, 2, 2, 2]


def test_more_than_thirty_two_constraints() -> None:
    ruleset = text(RULE)
    one = ir.Constraint(
        title="c",
        condition=ruleset.rules[0].condition,
        allowed=("approve",),
        weight=1.0,
    )
    many = dataclasses.replace(ruleset, constraints=(one,) * 40)
    for violated in (
        decide_numpy(many, BATCH, Extras(violated=True)).violated,
        compile_ruleset(many, violated=True)(BATCH).violated,
    ):
        bits = np.asarray(violated)
        assert bits.shape == (4, 2) and bits.dtype == np.uint32
        assert bits[1].tolist() == [2**32 - 1, 2**8 - 1] and bits[0].tolist() == [0, 0]


def test_a_case_brings_its_day() -> None:
    ruleset = dataclasses.replace(text(RULE.replace('"r"', '"r" [since 2024-10-05]', 1)))
    assert ruleset.decision is not None
    dated = dataclasses.replace(
        ruleset, decision=dataclasses.replace(ruleset.decision, dated="day")
    )
    columns = {**BATCH, "x": np.full(4, 0.9, np.float32)}
    for decisions in (decide_numpy(dated, columns), compile_ruleset(dated)(columns)):
        assert np.asarray(decisions.rule).tolist() == [DEFAULT, 0, DEFAULT, UNKNOWN]


@pytest.mark.parametrize(
    "body",
    [
        "some p, q: parent(p, q) and parent(q, p)",
        "some p, q, r: parent(p, q) and parent(q, r) and parent(r, p)",
        "some p, q, r, s: parent(p, q) and parent(q, r) and parent(r, s) and parent(q, s)",
        "some p: (some q: parent(p, q)) and (all r: parent(r, p) or parent(p, r))",
        "all p: some q: parent(p, q) and not parent(q, p)",
        "some p, q: parent(p, q) and x > 0.5",
        "all p, q: parent(p, q) or x > 0.5",
    ],
)
def test_joins_agree_with_the_reference(body: str) -> None:
    ruleset = text(f"derive found if {body}")
    some = cases(ruleset, 5, 60)
    columns = encode_worlds(ruleset, [admit_case(ruleset, case) for case in some], 60)
    expected = [evaluate(ruleset, case).values["found"] for case in some]
    wanted = [-1 if held is None else int(bool(held)) for held in expected]
    assert len(set(wanted)) == 3
    for decisions in (
        decide_numpy(ruleset, columns, Extras(derived=("found",))),
        compile_ruleset(ruleset, derived=["found"])(columns),
    ):
        assert np.asarray(decisions.derived["found"]).tolist() == wanted
