"""One question at a time: lazily, with tabling, and with the answers of the reference."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Callable

import pytest

from rules.engines.agree import cases, generate
from rules.engines.backward import Query
from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN, VIOLATED
from rules.engines.joining import Joining
from rules.engines.reference import evaluate
from rules.errors import RuleError
from rules.language import ir
from rules.language.load import parse
from rules.language.settings import in_force, undated
from tests.rules.engines.building import above, arithmetic, compare, const, derives, ref, rule
from tests.rules.engines.building import ruleset as flat
from tests.rules.engines.relations import (
    ANCESTOR,
    PARENT,
    PERSON,
    about,
    bind,
    derived,
    relational,
    some,
    var,
)

CROWDED = {"Person": ir.Entity(name="Person", type=PERSON.type)}
TREE = relational(PARENT, [ANCESTOR])
LARGE_TREE = relational(PARENT, [ANCESTOR], entities=CROWDED)
INT = ir.IntType()


@pytest.mark.parametrize("block", range(4))
def test_backward_decides_as_the_reference(block: int) -> None:
    for seed in range(60 * block, 60 * (block + 1)):
        ruleset = generate(seed)
        if undated(ruleset):
            ruleset = in_force(ruleset, datetime.date(2025, 1, 1))
        for case in cases(ruleset, seed, 3):
            wanted = evaluate(ruleset, case)
            query = Query(ruleset, case)
            if ruleset.decision is not None:
                assert query.decide() == (wanted.outcome, wanted.rule), (seed, case)
            for rank, item in enumerate(ruleset.ranked):
                assert query.holds(item.name) is wanted.truths[rank], (seed, case)
            for item in reversed(ruleset.derived):
                value = wanted.values[item.name]
                pairs = value.items() if item.parameters else [((), value)]  # type: ignore[union-attr]
                for objects, one in pairs:
                    found = query.ask(item.name, *objects)
                    assert found == one and type(found) is type(one), (seed, item.name, objects)


def test_rules_after_the_deciding_one_are_not_looked_at() -> None:
    items = [derives(f"d{index}", above("x", index)) for index in range(4)]
    rules = [rule(f"r{index}", "reject", ref(f"d{index}", ir.BOOL)) for index in range(4)]
    query = Query(flat(rules, derived=items), {"x": 0.5, "y": 0.0})
    assert query.decide() == ("reject", 0)
    assert query.goals == {("d0", ())} and query.conditions == {0: True}
    query = Query(flat(rules, derived=items, policy="unique"), {"x": 1.5, "y": 0.0})
    assert query.decide() == ("refer", CONFLICT)
    assert set(query.conditions) == {0, 1}
    query = Query(flat(rules, derived=items, policy="collect"), {"x": 2.5, "y": 0.0})
    assert query.decide() == (frozenset({"reject"}), 0)
    assert set(query.conditions) == {0}
    query = Query(flat(rules, derived=items), {"x": -1.0, "y": 0.0})
    assert query.decide() == ("approve", DEFAULT) and len(query.goals) == 4


def test_connectives_and_quantifiers_stop_early() -> None:
    rich = derived("rich", [bind("g")], about("flag", var("g")))
    anyone = derived("anyone", [], some([bind("g")], about("rich", var("g"))))
    program = relational({"flag": (ir.BOOL, ("Person",))}, [rich, anyone])
    query = Query(program, {"flag": ["anna", "bob", "cleo"]})
    assert query.ask("anyone") is True
    assert query.goals == {("anyone", ()), ("rich", ("anna",))}
    assert query.ask("rich", "bob") is True and len(query.goals) == 3


def test_a_fact_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []

    def counted(joining: Joining, item: ir.Derived, objects: object, facts: object) -> object:
        found.append(item.name)
        return derive(joining, item, objects, facts)

    derive: Callable[..., object] = Joining.derive
    monkeypatch.setattr(Joining, "derive", counted)
    program = relational(
        {"flag": (ir.BOOL, ("Person",))},
        [
            derived("rich", [bind("x")], about("flag", var("x"))),
            *(derives(f"d{k}", some([bind("x")], about("rich", var("x")))) for k in range(5)),
        ],
    )
    query = Query(program, {"flag": [], "Person": ["anna", "bob"]})
    assert [query.ask(f"d{index}") for index in range(5)] == [False] * 5
    assert sorted(found) == ["d0", "d1", "d2", "d3", "d4", "rich", "rich"]


def test_a_single_value_is_found_once() -> None:
    class Counted(dict[str, object]):
        def __setitem__(self, name: str, value: object) -> None:
            found.append(name)
            super().__setitem__(name, value)

    found: list[str] = []
    base = derives("base", arithmetic(ref("x"), "+", ref("y")))
    items = [base, *(derives(f"d{index}", above("base", index)) for index in range(5))]
    rules = [rule(f"r{index}", "reject", ref(f"d{index}", ir.BOOL)) for index in range(5)]
    query = Query(flat(rules, derived=items), {"x": -1.0, "y": 0.0})
    query._known = Counted(query._known)
    assert query.decide() == ("approve", DEFAULT) == query.decide()
    assert sorted(found) == ["base", "d0", "d1", "d2", "d3", "d4"]
    assert query.goals == {(name, ()) for name in found}


@pytest.mark.parametrize("values", [{"x": 2.0, "y": 1.0}, {"x": 2.0}, {"y": 1.0}, {}])
def test_single_values_beside_chains_too_long_for_functions(values: dict[str, float]) -> None:
    """The first 40 of a chain are functions; what reads more of them is not."""
    items = [derives("d0", arithmetic(ref("x"), "+", ref("y")))]
    for index in range(1, 60):
        items.append(derives(f"d{index}", arithmetic(ref(f"d{index - 1}"), "+", ref("y"))))
    items.append(derives("both", above("d59", 1.0), above("d20", 1.0)))
    program = flat([rule("r", "reject", ref("both", ir.BOOL))], derived=items)
    expected = evaluate(program, values)
    query = Query(program, values)
    assert query.ask("d50") == expected.values["d50"]
    assert query.ask("d20") == expected.values["d20"]
    assert Query(program, values).decide() == (expected.outcome, expected.rule)
    asked = Query(program, values)
    assert asked.ask("d30") == expected.values["d30"]
    assert asked.goals == {(f"d{index}", ()) for index in range(31)}


def test_only_the_facts_of_a_recursion_that_are_reached() -> None:
    chain = [[f"p{index}", f"p{index + 1}"] for index in range(30)]
    query = Query(LARGE_TREE, {"parent": [*chain, ["q", "p0"]]})
    assert query.ask("ancestor", "p25", "p30") is True
    assert query.goals == {("ancestor", (f"p{index}", "p30")) for index in range(25, 30)}
    assert query.ask("ancestor", "p25", "p20") is False


def test_cycles_end() -> None:
    ring = [["a", "b"], ["b", "c"], ["c", "a"]]
    query = Query(TREE, {"parent": ring})
    assert query.ask("ancestor", "a", "a") is True
    query = Query(TREE, {"parent": {("a", "b"): True, ("b", "a"): True, ("c", "c"): None}})
    assert query.ask("ancestor", "a", "c") is False
    assert query.ask("ancestor", "c", "c") is None


def test_a_long_chain_of_objects() -> None:
    chain = [[f"p{index}", f"p{index + 1}"] for index in range(200)]
    query = Query(LARGE_TREE, {"parent": chain})
    assert query.ask("ancestor", "p0", "p200") is True
    assert len(query.goals) == 200


@pytest.mark.parametrize("held", [True, False, None])
def test_a_recursion_of_a_thousand_steps(held: bool | None) -> None:
    steps = [derives("d0", ref("b", ir.BOOL), ref("d999", ir.BOOL))]
    steps += [derives(f"d{index}", ref(f"d{index - 1}", ir.BOOL)) for index in range(1, 1000)]
    query = Query(relational({"b": (ir.BOOL, ())}, steps), {"b": held})
    assert query.ask("d999") is held
    assert len(query.goals) == 1000


def test_a_thousand_derived_names() -> None:
    items = [derives("d0", ref("x"))]
    for index in range(1, 1000):
        before = ref(f"d{index - 1}")
        items.append(derives(f"d{index}", arithmetic(before, "+", const(1.0))))
    program = flat([rule("r", "reject", above("d999", 998.0))], derived=items)
    assert Query(program, {"x": 0.0}).decide() == ("reject", 0)
    assert Query(program, {"x": 0.0}).ask("d999") == 999.0


def test_deep_conditions_over_deep_facts() -> None:
    deep: ir.Expr = above("x", 0.0)
    for _ in range(100):
        deep = ir.Not(operand=deep)
    items = [derives("t0", deep)]
    for index in range(1, 4):
        whole: ir.Expr = ref(f"t{index - 1}", ir.BOOL)
        for _ in range(100):
            whole = ir.Not(operand=whole)
        items.append(derives(f"t{index}", whole))
    last: ir.Expr = ref("t3", ir.BOOL)
    for _ in range(100):
        last = ir.Not(operand=last)
    program = flat([rule("r", "reject", last)], derived=items)
    assert Query(program, {"x": 1.0}).decide() == ("reject", 0)


def test_constraints_are_asked_only_where_the_outcome_is_excluded() -> None:
    watched = derives("watched", above("y", 0.0))
    limits = [
        ir.Constraint(title="a", condition=ref("watched", ir.BOOL), allowed=("refer", "reject")),
    ]
    import dataclasses

    program = dataclasses.replace(
        flat([rule("r", "reject", above("x", 0.0))], derived=[watched]), constraints=tuple(limits)
    )
    query = Query(program, {"x": 1.0})
    assert query.decide() == ("reject", 0) and not query.goals
    assert Query(program, {"x": -1.0, "y": 1.0}).decide() == ("refer", VIOLATED)
    assert Query(program, {"x": -1.0}).decide() == ("refer", UNKNOWN)
    assert Query(program, {"x": -1.0, "y": -1.0}).decide() == ("approve", DEFAULT)


TEXT = """ruleset family version 1
entity Person max 9
input parent(Person, Person): bool
input age(Person): int in 0..120
derive ancestor(x, z) if parent(x, z)
derive ancestor(x, z) if parent(x, y) and ancestor(y, z)
decide outcome in {yes, no}
    policy first
    default no
    unknown no
rule old "someone old"
    outcome = yes
    if age(x) > 90
"""


def test_conditions_and_proofs() -> None:
    case = {"parent": [["ann", "bob"], ["bob", "ann"]], "age": {"ann": 50, "bob": 91}}
    query = Query(parse(TEXT), case)
    assert query.holds("old") is True
    assert query.holds("some x in Person: ancestor(x, x)") is True
    assert query.holds("all x in Person: age(x) > 50") is False
    assert query.holds("parent(x, y) and age(x) > 90") is True
    with pytest.raises(RuleError, match="age"):
        query.holds("agge(x) > 90")
    proof = query.prove("ancestor", "ann", "ann")
    assert proof.value is True and "ancestor(bob, ann): parent(bob, ann)" in str(
        list(proof.lines())
    )
    assert query.prove("old").children[0].objects == {"x": "bob"}
    with pytest.raises(ValueError, match="found no rule, param, input or derived name agge"):
        query.prove("agge")


def test_backward_needs_neither_numpy_nor_jax() -> None:
    code = (
        "import sys; from rules.engines.backward import Query; from rules.language.load import "
        f"parse; q = Query(parse({TEXT!r}), {{'age': {{'ann': 99}}}}); q.decide(); "
        "print(q.prove('old')); sys.exit(any(m in sys.modules for m in ('numpy', 'jax')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_questions_that_make_no_sense() -> None:
    query = Query(TREE, {"parent": [["ann", "bob"]]})
    with pytest.raises(ValueError, match=r"found no param, .* did you mean parent\?"):
        query.ask("parents", "ann", "bob")
    with pytest.raises(ValueError, match=r"ancestor is about \(Person, Person\): found 1 objects"):
        query.ask("ancestor", "ann")
    with pytest.raises(ValueError, match=r"found no Person bobb, expected one of: ann, bob; did"):
        query.ask("ancestor", "ann", "bobb")
    with pytest.raises(ValueError, match="rule set relational has no text, so no condition can"):
        query.holds("risky")
    with pytest.raises(ValueError, match="rule set relational decides nothing"):
        query.decide()
    number = flat([], inputs={"n": INT})
    with pytest.raises(ValueError, match="n has no parameters: found 1 objects"):
        Query(number, {}).ask("n", "ann")
    assert Query(number, {"n": 3}).ask("n") == 3
    assert Query(number, {"n": 3}).truth(compare(ref("n", INT), "=", const(3, INT))) is True
