"""Recursive truths are the least model, found here by trying all interpretations."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engines.backward import Query
from rules.engines.fixpoint import Rising
from rules.engines.reference import evaluate
from rules.engines.semantics import Facts, derive
from rules.engines.values import Value
from rules.engines.world import Objects, World, admit_case
from rules.language import ir
from tests.rules.engines.building import ref
from tests.rules.engines.relations import (
    ANCESTOR,
    PARENT,
    about,
    bind,
    both,
    derived,
    every,
    relational,
    some,
    var,
)

RANK = {False: 0, None: 1, True: 2}
TREE = relational(PARENT, [ANCESTOR])

# Recursive names: `p` about one person, `q` about two, `t` about none.
INPUTS = {"a": (ir.BOOL, ("Person",)), "e": (ir.BOOL, ("Person", "Person"))}
ARITY = {"a": 1, "e": 2, "p": 1, "q": 2, "t": 0}


@st.composite
def positive(
    draw: st.DrawFn, names: tuple[str, ...], variables: tuple[str, ...], depth: int
) -> ir.Expr:
    """A truth without negation over some names."""
    kinds = ["atom"] * 2 + (["and", "or", "some", "all"] if depth else [])
    match draw(st.sampled_from(kinds)):
        case "and":
            return both(*(draw(positive(names, variables, depth - 1)) for _ in range(2)))
        case "or":
            return ir.Or(operands=tuple(draw(positive(names, variables, depth - 1)) for _ in "ab"))
        case "some" | "all" as kind:
            fresh = f"v{len(variables)}"
            body = draw(positive(names, (*variables, fresh), depth - 1))
            return (some if kind == "some" else every)([bind(fresh)], body)
        case _:
            fitting = [name for name in names if variables or not ARITY[name]]
            name = draw(st.sampled_from(fitting))
            picked = [draw(st.sampled_from(variables)) for _ in range(ARITY[name])]
            return about(name, *map(var, picked))


@st.composite
def programs(draw: st.DrawFn) -> ir.Ruleset:
    """One to three names that may read each other."""
    names = ("a", "e", "p", "q", "t")
    recursive = draw(st.sampled_from([("p",), ("t",), ("p", "t"), ("p", "q"), ("p", "q", "t")]))
    known = tuple(name for name in names if name in (*INPUTS, *recursive))
    items = []
    for name in recursive:
        parameters = tuple(f"v{index}" for index in range(ARITY[name]))
        clauses = (
            [draw(positive(known, parameters, 2)) for _ in range(draw(st.integers(1, 2)))]
            if parameters
            else [some([bind("w")], draw(positive(known, ("w",), 1)))]
        )
        items.append(derived(name, [bind(parameter) for parameter in parameters], *clauses))
    return relational(INPUTS, items)


@st.composite
def cases(draw: st.DrawFn, people: int = 2) -> dict[str, object]:
    labels = ["ann", "bob", "cleo"][:people]
    truths = st.sampled_from([True, False, None])
    case: dict[str, object] = {
        "Person": {label: draw(st.sampled_from([True, True, None])) for label in labels}
    }
    case["a"] = {(x,): draw(truths) for x in labels}
    case["e"] = {(x, y): draw(truths) for x in labels for y in labels}
    return case


def interpretations(
    group: tuple[ir.Derived, ...], facts: World
) -> Iterator[dict[str, dict[Objects, bool | None]]]:
    tuples = [
        (item.name, objects)
        for item in group
        for objects in itertools.product(*(facts.objects[p.entity] for p in item.parameters))
    ]
    for truths in itertools.product(RANK, repeat=len(tuples)):
        made: dict[str, dict[Objects, bool | None]] = {item.name: {} for item in group}
        for (name, objects), held in zip(tuples, truths, strict=True):
            made[name][objects] = held
        yield made


def least_model(
    group: tuple[ir.Derived, ...], facts: World
) -> Mapping[str, dict[Objects, bool | None]]:
    """The one model below all others, among all interpretations."""
    models = []
    for made in interpretations(group, facts):
        world = World(objects=facts.objects, values={**facts.values, **made})
        if all(
            derive(item, objects, world) is held
            for item in group
            for objects, held in made[item.name].items()
        ):
            models.append(made)
    ranks = [[RANK[held] for name in sorted(m) for held in m[name].values()] for m in models]
    least = [min(column) for column in zip(*ranks, strict=True)]
    return models[ranks.index(least)]  # fails if no model is the least


@settings(max_examples=60, deadline=None)
@given(programs(), cases(people=1))
def test_the_least_model_of_all(program: ir.Ruleset, case: dict[str, object]) -> None:
    found = evaluate(program, case)
    facts = admit_case(program, case)
    for group in program.strata:
        model = least_model(group, facts)
        for item in group:
            value = found.values[item.name]
            assert (value if item.parameters else {(): value}) == model[item.name]
        facts = World(
            objects=facts.objects,
            values={**facts.values, **{i.name: found.values[i.name] for i in group}},
        )


def test_the_least_model_of_two_people() -> None:
    """Every graph on two people: 81 cases, each against all 81 interpretations."""
    labels = ("ann", "bob")
    pairs = list(itertools.product(labels, repeat=2))
    for truths in itertools.product((True, False, None), repeat=4):
        case = {"Person": labels, "parent": dict(zip(pairs, truths, strict=True))}
        wanted = least_model((ANCESTOR,), admit_case(TREE, case))
        assert evaluate(TREE, case).values["ancestor"] == wanted["ancestor"]


@settings(max_examples=100, deadline=None)
@given(programs(), cases())
def test_backward_agrees_on_every_fact(program: ir.Ruleset, case: dict[str, object]) -> None:
    found = evaluate(program, case)
    query = Query(program, case)
    for item in reversed(program.derived):
        value = found.values[item.name]
        for objects, held in (value if item.parameters else {(): value}).items():  # type: ignore[union-attr]
            assert query.ask(item.name, *objects) is held
            assert Query(program, case).ask(item.name, *objects) is held


def test_the_true_part_takes_unknown_as_false_and_the_possible_part_as_true() -> None:
    labels = ("ann", "bob", "cleo")
    pairs = list(itertools.product(labels, repeat=2))[1:6]
    for truths in itertools.product((True, False, None), repeat=5):
        parent = dict(zip(pairs, truths, strict=True))
        found = evaluate(TREE, {"Person": labels, "parent": parent}).values["ancestor"]
        for part in (False, True):
            total = {pair: part if held is None else held for pair, held in parent.items()}
            world = evaluate(TREE, {"Person": labels, "parent": total}).values["ancestor"]
            assert {pair: part if held is None else held for pair, held in found.items()} == world  # type: ignore[union-attr]


def test_mutual_recursion() -> None:
    step = {"e": (ir.BOOL, ("Person", "Person")), "a": (ir.BOOL, ("Person",))}
    walk = some([bind("y")], both(about("e", var("y"), var("x")), about("even", var("y"))))
    back = some([bind("y")], both(about("e", var("y"), var("x")), about("odd", var("y"))))
    program = relational(
        step,
        [
            derived("even", [bind("x")], about("a", var("x")), back),
            derived("odd", [bind("x")], walk),
        ],
    )
    case = {"a": ["ann"], "e": [["ann", "bob"], ["bob", "cleo"]]}
    found = evaluate(program, case).values
    assert found["even"] == {("ann",): True, ("bob",): False, ("cleo",): True}
    assert found["odd"] == {("ann",): False, ("bob",): True, ("cleo",): False}
    ring = {**case, "e": [["ann", "bob"], ["bob", "cleo"], ["cleo", "ann"]]}
    assert set(evaluate(program, ring).values["odd"].values()) == {True}  # type: ignore[union-attr]


def test_truths_without_parameters_may_be_recursive() -> None:
    p, q = ref("p", ir.BOOL), ref("q", ir.BOOL)
    program = relational(
        {"b": (ir.BOOL, ())},
        [derived("p", [], q, ref("b", ir.BOOL)), derived("q", [], p)],
    )
    for held in (True, False, None):
        found = evaluate(program, {"b": held}).values
        assert (found["p"], found["q"]) == (held, held)


def test_only_what_read_a_truth_that_rose_is_evaluated_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evaluated: list[Objects] = []

    def counted(item: ir.Derived, objects: Objects, facts: Facts) -> Value | None:
        evaluated.append(objects)
        return derive(item, objects, facts)

    counting = functools.partial(Rising, derive=counted)
    monkeypatch.setattr("rules.engines.reference.Rising", counting)
    labels = [f"p{index}" for index in range(3)]
    evaluate(TREE, {"parent": [["p0", "p1"], ["p1", "p2"]]})
    # Each of nine once; p0-p2 read p1-p2, which was found first, or once more when it rose.
    assert len(labels) ** 2 <= len(evaluated) <= len(labels) ** 2 + 1


def test_rising_stops_as_soon_as_it_knows() -> None:
    facts = admit_case(TREE, {"parent": [["a", "b"], ["b", "c"]]})
    rising = Rising({"ancestor": ANCESTOR}, facts)
    rising.read("ancestor", ("a", "b"))
    rising.settle(until=("ancestor", ("a", "b")))
    assert rising.truths == {("ancestor", ("a", "b")): True}
