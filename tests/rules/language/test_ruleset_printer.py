"""Whole rule sets as text, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

import rules
from rules.language import ir
from rules.language.ruleset_printer import ruleset_text, type_text

EXAMPLES = sorted(Path(__file__).parents[1].glob("example*.rules"))

# What the printer makes of it, so nothing in it is left to guess.
PRINTED = """\
ruleset printed version 2

entity Guarantor max 3
entity Person
entity Month in -1..12
entity Side in {left, "to do"}

param cutoff: prob = 0.4
param start: date >= 2000-01-01 = 2020-02-29
param home: string = "DE \\"\\\\"
param hand: {left, "to do"} = "to do"
param strict: bool = true

input x: float > 0 and < 10 [actionable, weight 2.5]
input n: int >= 3
input kind: {left, outcome, rich}
input day: date
input earns(Guarantor): float
input on(Side): bool
input late(Month): bool
input knows(Person, Person): bool

derive rich(g in Guarantor) if earns(g) > 3
derive rich(g in Guarantor) if all m in Month: not late(m)
derive share(g in Guarantor): float = earns(g) / 2
derive due: date = day + 30
derive hand_of: {left, "to do"} = if strict then left else hand
derive meets(x0 in Person, y in Person) if knows(x0, y)
derive meets(x0 in Person, y in Person) if some z in Person: knows(x0, z) and meets(z, y)
derive chosen if (if strict then late(-1) else on("to do"))
derive odd if kind = "outcome" or kind = "rich" or kind = left

decide outcome in {yes, no, "ask me"}
    policy  priority
    default yes
    unknown "ask me"
    dated   day

rule r0 "a {title}" [priority -1, owner "me", since 2026-01-01, until 2026-12-31, weight 0.5,
    tags "a, b"]
    outcome = "ask me"
    if day - 2026-01-31 <= 3 and some s in Side: on(s) and s != left
    because "{x:.2f} is {{not}} {kind}"

constraint "one"
    if odd then outcome = yes

constraint "all but one" [weight 2]
    if (some g in Guarantor: rich(g)) and odd then outcome != no

test "t"
    given x = 3.5, n = unknown, earns("rich") = 1, no late, day = 2026-02-01, on(left) = false
    expect outcome is unknown, r0 fires, r0 does not fire because odd, rich("rich")

test "nothing given"
    expect outcome != yes
"""


def test_every_construct_is_printed_as_written() -> None:
    printed = ruleset_text(rules.parse(PRINTED))
    assert printed == PRINTED
    assert rules.parse(printed) == rules.parse(PRINTED)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples(path: Path) -> None:
    ruleset = rules.load(path)
    printed = rules.parse(ruleset_text(ruleset))
    assert printed == ruleset
    assert printed.sha256 == ruleset.sha256


def test_a_rule_set_without_a_decision() -> None:
    text = "ruleset a version 1\n\ninput x: float\n\nderive y if x > 1\n"
    assert ruleset_text(rules.parse(text)) == text


def test_collect_without_a_default() -> None:
    text = "ruleset a version 1\ndecide o in {a, b} policy collect unknown a"
    assert "default" not in ruleset_text(rules.parse(text))
    assert rules.parse(ruleset_text(rules.parse(text))) == rules.parse(text)


def test_consequences_are_as_short_as_they_can_be() -> None:
    frame = "ruleset a version 1 input x: bool decide o in {a, b, c} policy any default a unknown b"
    for allowed, shown in (("a", "= a"), ("b, c", "!= a"), ("c, a", "!= b")):
        text = f'{frame} constraint "t" if x then o in {{{allowed}}}'
        assert f"then o {shown}\n" in ruleset_text(rules.parse(text))


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (ir.FloatType(), "float"),
        (ir.PROB, "prob"),
        (ir.FloatType(0.0, 2.0), "float in 0..2"),
        (ir.FloatType(0.0, 1.0, low_open=True), "float > 0 and <= 1"),
        (ir.FloatType(None, 1e20, high_open=True), "float < 1e20"),
        (ir.IntType(), "int"),
        (ir.IntType(0, 30_000), "int in 0..30_000"),
        (ir.IntType(high=-1), "int <= -1"),
        (ir.DateType(low=0), "date >= 1970-01-01"),
        (ir.DateType(0, 1), "date in 1970-01-01..1970-01-02"),
        (ir.BOOL, "bool"),
        (ir.StringType(), "string"),
        (ir.EnumType(("a", "if")), '{a, "if"}'),
        (ir.ObjectType("Person"), "Person"),
    ],
)
def test_types(type_: ir.Type, text: str) -> None:
    assert type_text(type_) == text
