import pytest

import rules
from rules.language import ir
from rules.language.ir import Aggregate, Binding
from tests.rules.checks.building import failure, failures

HEAD = """\
ruleset a version 1
entity P max 4
entity Q max 4
entity M in 1..12
input r(P, P): bool
input v(P): float
input k(P): int in 0..9
input c(P): string
input late(M): bool
input flag: bool
"""
P = ir.ObjectType(entity="P")


def typed(text: str) -> ir.Expr:
    return rules.parse(f"{HEAD}derive d = {text}").derived[0].clauses[0]


@pytest.mark.parametrize(
    ("text", "function", "type_"),
    [
        ("count x: v(x) > 3", "count", ir.IntType()),
        ("sum x: v(x)", "sum", ir.FloatType()),
        ("sum x: k(x)", "sum", ir.IntType()),
        ("min x where v(x) > 1: k(x)", "min", ir.IntType()),
        ("max x: v(x) + 1", "max", ir.FloatType()),
        ("mean x: k(x)", "mean", ir.FloatType()),
        ("max x, m in M: k(x) * m", "max", ir.IntType()),
    ],
)
def test_aggregates(text: str, function: str, type_: ir.Type) -> None:
    found = typed(text)
    assert isinstance(found, Aggregate)
    assert (found.function, found.type) == (function, type_)


def test_the_body_of_a_mean_is_converted() -> None:
    found = typed("mean x: k(x)")
    assert isinstance(found, Aggregate) and isinstance(found.body, ir.ToFloat)


def test_where_is_a_truth_about_the_variables() -> None:
    found = typed("sum x where r(x, x): v(x)")
    assert isinstance(found, Aggregate) and isinstance(found.where, ir.Ref)
    assert found.where.arguments[0] == ir.Variable(name="x", entity="P", type=P)


def test_several_variables_and_nesting() -> None:
    found = typed("all x, y: not r(x, y) or (some z: r(z, x) and z != y)")
    assert isinstance(found, ir.Quantified)
    assert found.bindings == (Binding(name="x", entity="P"), Binding(name="y", entity="P"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sum x: r(x, x)", "sum needs numbers, this is a bool | to count what holds, write count"),
        ("(sum x: v(x) > 3)", "to compare the sum write (sum x: v(x)) > 3"),
        ("count x: r(x, x) > 3", "to compare the count write (count x: r(x, x)) > 3"),
        (
            "count x: v(x)",
            "count needs a truth, this is a float | compare it: count x: v(x) > 0; to",
        ),
        ("some x: k(x)", "some needs a truth, this is an int | compare it: some x: k(x) > 0"),
        ("max x: c(x)", "max needs numbers, this is a text"),
        ("max x: x", "nothing tells which objects x stands for"),
        ("max x in P: x", "max needs numbers, this is an object of P"),
        ("count x where r(x, x): v(x) > 1", "write r(x, x) and v(x) > 1 after the colon"),
        ("some x where r(x, x): v(x) > 1", "some takes no where"),
        ("all x where r(x, x): v(x) > 1", "write if r(x, x) then v(x) > 1 else true after the"),
        ("sum x where k(x): v(x)", "this is an int, a condition needs a truth"),
        ("sum x where nope: v(x)", "there is no input or derived name nope"),
        ("some x in P: x is unknown", "x stands for an object, which is never unknown"),
        ("some x in P: x", "x is an object of P, a condition needs a truth"),
        ("some x, y: r(x, y) and x < y", "< needs numbers or dates, this is an object of P"),
        ("some x in P: some y in Q: x = y", "cannot compare an object of P with an object of Q"),
        ("some x in P: x = 3", "objects of P are compared with each other only"),
        ("some x in P: (if flag then x else x) = x", "a choice gives an object of P"),
        ("some x in P: x + 1 > 2", "+ needs numbers, this is an object of P"),
    ],
)
def test_errors(text: str, message: str) -> None:
    assert message in failure(f"{HEAD}derive d = {text}")


def test_an_object_is_never_derived() -> None:
    assert "an object of P is never derived" in failure(f"{HEAD}derive d(x in P) = x")


def test_the_value_of_a_fixed_domain_is() -> None:
    item = rules.parse(f"{HEAD}derive d(m in M): int = m * 2").derived[0]
    assert item.type == ir.IntType() and item.parameters == (Binding(name="m", entity="M"),)


def test_all_errors_of_a_quantifier_are_told() -> None:
    assert len(failures(f"{HEAD}derive d = sum x where nope: v(x) + nada")) == 2


def test_a_quantifier_of_another_language() -> None:
    from rules.checks.quantifiers import quantified
    from rules.checks.scope import Scope
    from rules.errors import RuleError
    from rules.language import syntax

    span = ir.Span(line=1, column=1, end_line=1, end_column=2)
    word = syntax.Word(text="sume", span=span)
    truth = syntax.Truth(value=True, span=span)
    node = syntax.Quantified(kind=word, bindings=(), where=None, body=truth, span=span)
    with pytest.raises(RuleError) as caught:
        quantified(node, Scope(types={}), lambda *_: ir.Const(value=True, type=ir.BOOL))
    assert caught.value.hint == "did you mean sum?"
