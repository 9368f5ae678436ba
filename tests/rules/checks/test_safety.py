import pytest

import rules
from rules.errors import RuleError

HEAD = """\
ruleset a version 1
entity P max 4
input r(P, P): bool
input v(P): float
input flag: bool
"""


@pytest.mark.parametrize(
    "text",
    [
        "r(x, y) and not r(y, x)",
        "v(x) > 3",
        "v(x) + v(y) > 3 and x != y",
        "r(x, y) and flag or r(y, x) and v(y) > 3 or r(x, y)",
        "some y: r(x, y)",
        "v(x) is known",
        "v(x) in 1..2 or v(x) in {3, 4}",
        "if r(x, x) then flag else not flag",
        "if flag then r(x, y) else r(y, x)",
        "r(x, x) and (all y: r(x, y))",
        "max(v(x), 3) > 5",
        "(r(x, x)) and (count y: r(x, y)) > 2",
    ],
)
def test_bound_variables(text: str) -> None:
    assert rules.parse(f"{HEAD}derive d if {text}")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("not r(x, x)", "x is bound by nothing: it stands only under not", "not some x: r(x, x)"),
        ("flag and not (v(x) > 3)", "which does not say which x", "not some x: (v(x) > 3)"),
        ("v(x) is unknown", "is unknown does not say which x", "some x: v(x) is unknown"),
        ("flag or v(x) > 3", "only in a part of this or", "(some x: v(x) > 3)"),
        ("r(x, x) or flag", "only in a part of this or", "(some x: r(x, x))"),
        ("all y: r(x, y)", "within all it may be anything", "some x: around the whole"),
        ("(count y: r(x, y)) > 2", "within count it may be anything", "bind it in a condition"),
        ("if flag then r(x, x) else flag", "if-then-else does not say which x", "some x: aroun"),
    ],
)
def test_unsafe_variables(text: str, message: str, hint: str) -> None:
    with pytest.raises(RuleError) as caught:
        rules.parse(f"{HEAD}derive d if {text}")
    (error,) = caught.value.errors
    assert message in error.message
    assert hint in (error.hint or "")


def test_each_unsafe_variable_is_told() -> None:
    with pytest.raises(RuleError) as caught:
        rules.parse(f"{HEAD}derive d if not r(x, y) and v(z) > 3")
    assert [error.message[0] for error in caught.value.errors] == ["x", "y"]


def test_a_name_that_stands_in_no_relation_is_no_variable() -> None:
    with pytest.raises(RuleError, match="there is no input or derived name y"):
        rules.parse(f"{HEAD}derive d(x) if v(x) > 3 and x != y")


def test_parameters_and_written_quantifiers_need_no_atom() -> None:
    assert rules.parse(f"{HEAD}derive d(x) if not v(x) > 3\nderive e if some x in P: not r(x, x)")
