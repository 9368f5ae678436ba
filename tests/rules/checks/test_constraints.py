import pytest

import rules
from tests.rules.checks.building import failure, failures

HEAD = """\
ruleset a version 1
input x: float
decide o in {yes, no, "not now"} policy first default no unknown no
"""


@pytest.mark.parametrize(
    ("consequence", "allowed"),
    [
        ("o = yes", ("yes",)),
        ("o != yes", ("no", "not now")),
        ('o in {"not now", yes}', ("yes", "not now")),
        ('o = "not now"', ("not now",)),
        ("o in {yes, yes}", ("yes",)),
    ],
)
def test_allowed_outcomes(consequence: str, allowed: tuple[str, ...]) -> None:
    (item,) = rules.parse(f'{HEAD}constraint "c" if x > 1 then {consequence}').constraints
    assert item.allowed == allowed and item.weight is None and item.title == "c"


def test_weights_make_constraints_soft() -> None:
    (item,) = rules.parse(f'{HEAD}constraint "c" [weight 2.5] if x > 1 then o = no').constraints
    assert item.weight == 2.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"c" if x > 1 then o = yess', "yess is not an outcome | did you mean yes?"),
        ('"c" if x > 1 then o in {yes, maybe}', "maybe is not an outcome"),
        ('"c" if x > 1 then o > yes', "a constraint says which outcomes are allowed"),
        ('"c" if x > 1 then x > 2', "a constraint says which outcomes are allowed"),
        ('"c" if x > 1 then o = yes or o = no', "write o = ..., o != ... or o in {..., ...}"),
        ('"c" if x > 1 then yes = o', "a constraint says which outcomes are allowed"),
        ('"" if x > 1 then o = yes', "a constraint needs a title"),
        ('"c" [priority 1] if x > 1 then o = yes', "there is no annotation priority | one of wei"),
        ('"c" [weight 0] if x > 1 then o = yes', "a weight is a number above zero"),
        ('"c" if x then o = yes', "x is a float, a condition needs a truth"),
        ('"c" if o = yes then o = yes', "o is what is decided, so no condition can read it"),
    ],
)
def test_errors(text: str, message: str) -> None:
    assert message in failure(f"{HEAD}constraint {text}")


def test_constraints_need_a_decision() -> None:
    text = 'ruleset a version 1 input x: float constraint "c" if x > 1 then o = yes'
    assert failure(text).startswith("a constraint is about a decision, and there is none here")


def test_the_only_outcome_may_not_be_forbidden() -> None:
    text = "ruleset a version 1 decide o in {yes} policy first default yes unknown yes"
    assert "this allows no outcome" in failure(f'{text} constraint "c" if true then o != yes')


def test_an_error_of_the_decision_is_told_once() -> None:
    text = HEAD.replace("policy first", "policy frist") + 'constraint "c" if x > 1 then o = yes'
    assert "frist" in failure(text)


def test_titles_are_not_repeated() -> None:
    constraint = 'constraint "c" if x > 1 then o = yes\n'
    assert failure(HEAD + constraint * 2).startswith("constraint c is declared twice")


def test_everything_wrong_is_told() -> None:
    assert len(failures(f'{HEAD}constraint "" [weight 0] if z > 1 then o = maybe')) == 4
