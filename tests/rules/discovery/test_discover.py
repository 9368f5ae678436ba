"""The rules decide as the tree does: on cases at its edges, and by proof."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rules
from rules.discovery import AtMost, Is, Leaf, Split, discover, plain_translation
from rules.discovery.box import boxes, merged
from rules.discovery.form import Form
from rules.discovery.tree import leaves
from tests.effort import examples
from tests.rules.discovery.trees import INPUTS, OUTCOMES, cases, decide, trees

TREE = Split(
    question=AtMost(column="income", bound=120.5, missing=True),
    yes=Split(
        question=Is(column="job", member="fixed"),
        yes=Leaf(cases={"approve": 30, "reject": 4}),
        no=Split(
            question=AtMost(column="age", bound=30, missing=False),
            yes=Leaf(cases={"approve": 3, "reject": 40}),
            no=Leaf(cases={"approve": 30, "reject": 20}),
        ),
    ),
    no=Split(
        question=Is(column="job", member="other"),
        yes=Leaf(cases={"approve": 500, "reject": 40}),
        no=Leaf(cases={"approve": 44, "reject": 4}),
    ),
)


def found(tree, **options):
    defaults = {"name": "found", "inputs": INPUTS, "outcomes": OUTCOMES, "unknown": "refer"}
    return discover(tree, **defaults | options)


@given(trees, st.lists(cases, min_size=1, max_size=20))
@settings(max_examples=examples(12))
def test_rules_decide_as_the_tree(tree, some):
    expected = [decide(tree, case) for case in some]
    discovered = found(tree)
    assert rules.decide(discovered.ruleset, some).outcomes == expected
    plain = rules.parse(discovered.plain)
    assert rules.decide(plain, some).outcomes == expected


@given(trees)
@settings(max_examples=examples(4))
def test_the_solver_proves_it(tree):
    pytest.importorskip("z3", reason="needs z3-solver")
    difference = found(tree).difference()
    assert difference.complete and not difference.changes


def test_the_proof_is_about_whatever_is_decided():
    pytest.importorskip("z3", reason="needs z3-solver")
    difference = found(TREE, decided="decided").difference()
    assert difference.complete and not difference.changes


def test_the_solver_notices_a_difference():
    pytest.importorskip("z3", reason="needs z3-solver")
    discovered = found(TREE)
    other = discovered.text.replace("120.5", "120.50001")
    changed = rules.diff(rules.parse(discovered.plain), rules.parse(other))
    assert changed.changes


@given(trees)
@settings(max_examples=examples(12))
def test_uniting_boxes_loses_no_training_case(tree):
    before = boxes(tree, INPUTS)
    after = merged(before)
    assert len(after) <= len(before) <= sum(1 for _ in leaves(tree))
    for outcome in OUTCOMES:
        counts = [sum(b.cases[outcome] for b in some) for some in (before, after)]
        assert counts[0] == counts[1]


@given(trees)
@settings(max_examples=examples(10))
def test_the_file_is_as_a_person_would_want_it(tree):
    discovered = found(tree)
    assert rules.format_text(discovered.text) == discovered.text
    assert all(result.passed for result in rules.run_tests(discovered.ruleset))
    codes = {finding.code for finding in rules.check(discovered.ruleset)}
    assert codes - {"W003"} == {"W012"}  # of three outcomes a tree may give two


def test_leaves_that_are_one_condition_become_one_rule():
    discovered = found(TREE, complete=("age", "job", "home"))
    assert discovered.leaves == 5 and len(discovered.boxes) == 4
    first = discovered.ruleset.rules[1]
    assert first.title == "588 training cases, 93% of them approve"
    assert first.tags == ("proposed",)
    assert "if income is known and income > 120.5\n" in discovered.text
    box = discovered.boxes["to_approve_1"]
    assert (box.support, box.confidence) == (588, 544 / 588)


def test_what_was_never_missing_is_demanded():
    discovered = found(TREE, complete=("age", "job", "home"), unknown="ask")
    text = discovered.text
    assert "decide outcome in {approve, reject, refer, ask}" in text
    assert "if age is unknown or job is unknown" in text  # home is not asked about
    assert "job is known" not in text
    lacking, told = rules.decide(
        discovered.ruleset, [{"income": 200.0, "job": "fixed"}, {"age": 20, "job": "fixed"}]
    ).outcomes
    assert (lacking, told) == ("ask", "approve")
    pytest.importorskip("z3", reason="needs z3-solver")
    difference = discovered.difference()
    assert difference.complete and not difference.changes


def test_a_note_and_odd_names():
    tree = Split(
        question=Is(column="job", member="home office"),
        yes=Leaf(cases={"{stop}": 3, "go on": 1}),
        no=Leaf(cases={"go on": 2}),
    )
    discovered = discover(
        tree,
        name="odd",
        inputs={"job": ("home office", "if")},
        outcomes=("{stop}", "go on"),
        unknown="go on",
        decided="what",
        note="Grown on six cases.",
    )
    assert discovered.text.startswith("# Grown on six cases.\nruleset odd version 1\n")
    (reason,) = rules.decide(discovered.ruleset, [{"job": "home office"}]).reasons
    assert reason == "of 3 such cases 100% were {stop}" or reason.startswith("of 4 such cases 75%")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": {"income": None, "age": None}}, "asks about job: add it to inputs"),
        ({"outcomes": ("approve",)}, "decides reject: add it to outcomes"),
        ({"tree": TREE.no}, "decides approve for every case, there are no rules in it"),
    ],
)
def test_what_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        found(**{"tree": TREE} | change)


def test_infinite_bounds_tell_missing_ones_only():
    tree = Split(
        question=AtMost(column="age", bound=float("inf"), missing=False),
        yes=Leaf(cases={"approve": 3}),
        no=Leaf(cases={"reject": 2}),
    )
    discovered = found(tree)
    assert "if age is unknown" in discovered.text and "if age is known" in discovered.text
    form = Form(name="f", inputs={"age": None}, outcomes=OUTCOMES, unknown="refer")
    plain = rules.parse(plain_translation(tree, form))
    for ruleset in (plain, discovered.ruleset):
        assert rules.decide(ruleset, [{"age": 1e30}, {}]).outcomes == ["approve", "reject"]
