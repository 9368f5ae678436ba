import pytest

import rules
from rules.language import ir
from tests.rules.checks.building import failure

HEAD = "ruleset a version 1\n"


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        (
            "entity E max 8",
            ir.Entity(name="E", type=ir.ObjectType(entity="E"), maximum=8),
        ),
        ("entity E", ir.Entity(name="E", type=ir.ObjectType(entity="E"))),
        ("entity E in 1..12", ir.Entity(name="E", type=ir.IntType(low=1, high=12))),
        ("entity E in -2..-2", ir.Entity(name="E", type=ir.IntType(low=-2, high=-2))),
        (
            'entity E in {left, "far right"}',
            ir.Entity(name="E", type=ir.EnumType(members=("left", "far right"))),
        ),
    ],
)
def test_entities(text: str, entity: ir.Entity) -> None:
    assert rules.parse(HEAD + text).entities == (entity,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("entity E max 0", "max is a whole number from 1 on | for example entity E max 8"),
        ("entity E max 1.5", "max is a whole number"),
        ("entity E max 2_000_000", "2000000 objects are too many"),
        ("entity E in 0..2_000_000", "2000001 objects are too many"),
        ("entity E in 5..1", "this range is empty"),
        ("entity E in 1..1.5", "the bounds of an int are ints"),
        ("entity E in 1..9_999_999_999", "this bound does not fit an int32"),
        ("entity E in {a, b, a}", "the object a is listed twice"),
        ("entity E max 3\nentity E max 3", "E is declared twice, first in line 2"),
        ("entity E max 3\ninput E: bool", "E is declared twice"),
        ("entity E max 3\ninput r(E, E, E, E, E): bool", "at most 4 are possible"),
        ("entity E max 3\ninput r(F): bool", "there is no entity F | declare it"),
        ("entity E max 3\ninput r(e): bool", "there is no entity e | did you mean E?"),
        ("entity E max 3\ninput min(E): bool", "min is a function"),
        ("entity E max 3\ninput x: E", "E is no type: each case names its objects"),
        ("entity E in 1..3\ninput x: E > 2", "E has bounds already"),
        ("entity E in 1..3\ninput x: e", "there is no type e | did you mean E?"),
        ("entity E in 3..1\ninput x: E", "this range is empty"),
        (
            "entity E max 3\nderive r(a in E, b in E, c in E, d in E, f in E) if true",
            "r is about 5 objects, at most 4",
        ),
        ("entity E in 1..3\nderive d: E = 2", "a derived value has no bounds of its own"),
    ],
)
def test_errors(text: str, message: str) -> None:
    assert message in failure(HEAD + text)


def test_entities_with_a_fixed_domain_are_types() -> None:
    ruleset = rules.parse(
        f"{HEAD}entity M in 1..3\nentity S in {{l, r}}\ninput m: M\ninput s: S\nparam p: S = r\n"
        "derive t: S = if m > 2 then s else p\nderive same if s = l"
    )
    assert ruleset.types == {
        "p": ir.EnumType(members=("l", "r")),
        "m": ir.IntType(low=1, high=3),
        "s": ir.EnumType(members=("l", "r")),
        "t": ir.EnumType(members=("l", "r")),
        "same": ir.BOOL,
    }


def test_relations() -> None:
    (item,) = rules.parse(f"{HEAD}entity E max 3\ninput r(E, E): float > 0 [actionable]").inputs
    assert item.parameters == ("E", "E") and item.actionable and item.weight == 1.0


def test_annotations_of_inputs() -> None:
    (item,) = rules.parse(f"{HEAD}input x: float [weight 2.5, actionable]").inputs
    assert (item.actionable, item.weight) == (True, 2.5)
    text = f"{HEAD}input x: float "
    assert "there is no annotation prio | one of actionable" in failure(text + "[prio 3]")
    assert "there is no annotation actonable | did you" in failure(text + "[actonable]")
    assert "actionable takes no value" in failure(text + "[actionable true]")
    assert "a weight is a number above zero" in failure(text + "[weight -1]")
    assert "a weight is a number above zero" in failure(text + "[weight]")
    assert "weight is given twice" in failure(text + "[weight 1, weight 1]")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("float = 3", 3.0),
        ("prob = 40%", 0.4000000059604645),
        ("int in -5..5 = -5", -5),
        ("bool = true", True),
        ("{a, b} = b", "b"),
        ('string = "DE"', "DE"),
        ("date = 1970-01-02", 1),
    ],
)
def test_params(text: str, value: object) -> None:
    (param,) = rules.parse(f"{HEAD}param p: {text}").params
    assert param.value == value and type(param.value) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prob = 1.5", "this value is outside the bounds of p"),
        ("date < 2000-01-01 = 2001-01-01", "this value is outside the bounds of p"),
        ("int = 1.5", "declared as an int, but the value is a float"),
        ("{a, b} = c", "'c' is not one of {a, b}"),
        ("float = q", "there is no input or derived name q"),
        ("int = true", "declared as an int, but the value is a bool"),
        ("string = DE", 'write a text in quotes: "DE"'),
    ],
)
def test_bad_params(text: str, message: str) -> None:
    assert message in failure(f"{HEAD}param p: {text}")


def test_params_are_read_like_inputs() -> None:
    ruleset = rules.parse(f"{HEAD}param p: int in 0..5 = 3\ninput x: int in 0..9\nderive d = x + p")
    assert ruleset.derived[0].clauses[0] == ir.Arithmetic(
        op="+",
        left=ir.Ref(name="x", type=ir.IntType(low=0, high=9)),
        right=ir.Ref(name="p", type=ir.IntType(low=0, high=5)),
        type=ir.IntType(),
    )
