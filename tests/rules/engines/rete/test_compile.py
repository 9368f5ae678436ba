from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

import pytest

from rules.engines.rete.compile import MAX_RULES, MAX_TESTS, compile_program
from rules.engines.rete.errors import ReteLimitError
from rules.engines.rete.matcher import Matcher
from rules.engines.rete.program import Computed, Part
from rules.language import ir
from tests.rules.engines.rete.policies import GUARANTORS, policy
from tests.rules.engines.rete.test_agreement import answer, assert_agrees


def parts(ruleset: ir.Ruleset) -> list[Part]:
    return [step for step in compile_program(ruleset).steps if isinstance(step, Part)]


def test_rules_about_the_case_need_no_negation() -> None:
    small = policy("input x: float\ninput b: bool", "not (x > 3 and b)", "x is unknown or not b")
    (part,) = parts(small)
    assert not part.barrier
    assert {item.dense for item in part.found} == {True}


def test_what_is_denied_comes_first() -> None:
    found = [[item.name for item in part.found] for part in parts(GUARANTORS)]
    places = {name: number for number, names in enumerate(found) for name in names}
    denied = [name for name in places if name.startswith("#")]
    assert denied
    assert max(places[name] for name in denied) < places["rule 0"]


def test_recursion_is_matched_in_one_part() -> None:
    part = next(part for part in parts(GUARANTORS) if "bound" in [item.name for item in part.found])
    assert part.feeds


def test_recursion_through_a_part_of_a_condition(engine: object) -> None:
    either = [f"(b{number} or t(y))" for number in range(6)]
    inputs = "\n".join(f"input b{number}: bool" for number in range(6))
    ruleset = policy(
        f"entity Node max 5\ninput edge(Node, Node): bool\n{inputs}\n"
        f"derive t(x) if edge(x, x) or some y: edge(x, y) and {' and '.join(either)}",
        "some x: t(x)",
    )
    found = next(part for part in parts(ruleset) if "t" in [item.name for item in part.found])
    assert len(found.found) > 1
    matcher = Matcher(engine, compile_program(ruleset))
    ring = [[1, 2], [2, 3], [3, 1]]
    off = {f"b{number}": number < 3 for number in range(6)}
    for told in (
        {"edge": ring, **off},
        {"edge": [*ring, [3, 3]], **off},
        {"edge": {(1, 2): True, (2, 2): None}, **off},
        {"edge": ring},
        {},
    ):
        assert_agrees(ruleset, told, answer(engine, matcher, told))


def test_recursion_through_all_is_computed() -> None:
    ruleset = policy(
        "entity Node max 5\ninput edge(Node, Node): bool\n"
        "derive ends(x in Node) if all y in Node: not edge(x, y) or ends(y)",
        "some x in Node: not ends(x)",
    )
    assert [
        step.items[0].name for step in compile_program(ruleset).steps if isinstance(step, Computed)
    ] == ["ends"]


@pytest.mark.parametrize("word", ["or", "and"])
def test_long_conditions_are_split(engine: object, word: str) -> None:
    terms = [f"x{'>' if word == 'or' else '<'} {number}" for number in range(300)]
    ruleset = policy("input x: float", f" {word} ".join(terms), f"not ({f' {word} '.join(terms)})")
    matcher = Matcher(engine, compile_program(ruleset))
    for told in ({"x": 150.0}, {"x": -1.0}, {"x": 0.5}, {"x": 1e9}, {}):
        assert_agrees(ruleset, told, answer(engine, matcher, told))


def test_many_rules_make_many_parts(engine: object) -> None:
    conditions = [f"x > {number} and y <= {number + 0.5}" for number in range(2 * MAX_TESTS)]
    ruleset = policy("input x: float\ninput y: float", *conditions)
    assert len(parts(ruleset)) > 1
    assert all(len(part.rules) <= MAX_RULES for part in parts(ruleset))
    matcher = Matcher(engine, compile_program(ruleset))
    for told in ({"x": 60.0, "y": 20.0}, {"x": 60.0}, {"y": 5.0, "x": 3.0}, {}):
        assert_agrees(ruleset, told, answer(engine, matcher, told))


NESTED: dict[str, Callable[[str, int], str]] = {
    "condition": lambda e, i: f"(if {e} then {'ab'[i % 2]} else x > {i})",
    "branch": lambda e, i: f"(if x > {i} then {e} else b)",
    "alternating": lambda e, i: f"(({e} or x > {i}) and (b or x < {i + 3}))",
    "denied": lambda e, i: f"not ({e} and x > {i})",
    "quantified": lambda e, i: (
        f"(some s{i} in Side: on(s{i}) and {e})"
        if i % 2
        else f"(all s{i} in Side: on(s{i}) or {e})"
    ),
}


@pytest.mark.parametrize("kind", NESTED)
def test_nesting_costs_no_more_than_its_depth(engine: object, kind: str) -> None:
    depth = 8 if kind == "quantified" else 20  # the reference tries all pairs, again and again
    condition = functools.reduce(NESTED[kind], range(depth), "a")
    ruleset = policy(
        "input a: bool\ninput b: bool\ninput x: float\nentity Side in {left, right}\n"
        "input on(Side): bool",
        condition,
    )
    program = compile_program(ruleset)
    assert sum(len(step.rules) for step in program.steps if isinstance(step, Part)) < 200
    matcher = Matcher(engine, program)
    for told in (
        {"a": True, "b": None, "x": 3.0, "on": ["left"]},
        {"a": False, "b": True, "x": 30.0, "on": []},
        {"b": False, "x": 9.5, "on": {"left": None, "right": True}},
        {},
    ):
        assert_agrees(ruleset, told, answer(engine, matcher, told))


def test_ranges_share_a_part_up_to_its_limit(engine: object) -> None:
    conditions = [f"x > {number} and x <= {number + 40}" for number in range(MAX_TESTS)]
    ruleset = policy("input x: float", *conditions)
    matcher = Matcher(engine, compile_program(ruleset))
    for number in range(0, 100, 9):
        assert_agrees(ruleset, {"x": number}, answer(engine, matcher, {"x": number}))


def test_choices_nested_in_choices(engine: object) -> None:
    choice = "if a then (if b then c else not c) else (if c then b else not b)"
    ruleset = policy(
        "input a: bool\ninput b: bool\ninput c: bool\nentity Side in {left, right}\n"
        "input on(Side): bool",
        f"({choice}) and ({choice.replace('a', 'b', 1)})",
        f"all s in Side: if on(s) then ({choice}) else a",
        "some s in Side: if on(s) then b else c",  # unknown with on(s), though b and c agree
        "all s in Side: if on(s) then b else c",
    )
    matcher = Matcher(engine, compile_program(ruleset))
    truths = (True, False, None)
    for a in truths:
        for b in truths:
            for c in truths:
                told = {"a": a, "b": b, "c": c, "on": {"left": a, "right": c}}
                assert_agrees(ruleset, told, answer(engine, matcher, told))


def test_deep_joins(engine: object) -> None:
    names = "wxyz"
    chain = " and ".join(f"owes({a}, {b})" for a, b in itertools.pairwise(names))
    distinct = " and ".join(f"{a} != {b}" for i, a in enumerate(names) for b in names[i + 1 :])
    ruleset = policy(
        "entity P max 5\ninput owes(P, P): bool",
        f"some {', '.join(f'{name} in P' for name in names)}: {chain} and {distinct}",
        "some x in P: owes(x, x) or some y in P: x != y and owes(x, y) and owes(y, x)",
    )
    matcher = Matcher(engine, compile_program(ruleset))
    ring = [[1, 2], [2, 3], [3, 4], [4, 5]]
    for told in (ring, ring[:3], [*ring[:3], [4, 2]], [[2, 2]], {(1, 2): True, (2, 1): None}, []):
        case = {"owes": told, "P": [1, 2, 3, 4, 5]}
        assert_agrees(ruleset, case, answer(engine, matcher, case))


def test_a_group_that_fits_no_part() -> None:
    size = MAX_RULES
    clauses = [
        f"derive t{number} if b{number % 9} or t{(number + 1) % size}" for number in range(size)
    ]
    inputs = "\n".join(f"input b{number}: bool" for number in range(9))
    ruleset = policy("\n".join([inputs, *clauses]), "t0")
    with pytest.raises(ReteLimitError, match="truths t0, t1, t2 and 497 more are more than"):
        compile_program(ruleset)


def test_a_join_of_too_many_objects() -> None:
    names = [f"v{number}" for number in range(17)]
    relation = " and ".join(f"owes({a}, {b})" for a, b in itertools.pairwise(names))
    ruleset = policy(
        "entity P max 2\ninput owes(P, P): bool",
        f"some {', '.join(f'{name} in P' for name in names)}: {relation}",
    )
    with pytest.raises(ReteLimitError, match=r"needs \d+ patterns, expected at most 16"):
        compile_program(ruleset)


def test_constant_conditions(engine: object) -> None:
    ruleset = policy("input x: float\nparam off: bool = false", "off", "not off")
    matcher = Matcher(engine, compile_program(ruleset))
    assert_agrees(ruleset, {}, answer(engine, matcher, {}))


def test_only_deriving(engine: object) -> None:
    ruleset = policy("input x: float\nderive big if x > 3", decision="")
    matcher = Matcher(engine, compile_program(ruleset))
    assert_agrees(ruleset, {"x": 4.0}, answer(engine, matcher, {"x": 4.0}))
