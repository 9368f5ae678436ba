import dataclasses
from pathlib import Path

import pytest

import rules
from rules.checks import render
from rules.checks.findings import CODES

EXAMPLE = Path(__file__).parents[1] / "example.rules"
HEAD = "ruleset a version 1\ninput x: float\ninput flag: bool\n"
USE = "derive used if x > 1 and flag\n"
DECIDE = "decide o in {yes, no, maybe} policy POLICY default no unknown maybe\n"


def findings(text: str, policy: str = "priority") -> list[tuple[str, str]]:
    ruleset = rules.parse((HEAD + text).replace("POLICY", policy))
    return [(finding.code, finding.message) for finding in rules.check(ruleset)]


def rule(name: str, outcome: str, condition: str, notes: str = "") -> str:
    return f'rule {name} "t" {notes} o = {outcome} if {condition}\n'


def test_the_example_has_none() -> None:
    assert rules.check(rules.load(EXAMPLE)) == ()


def test_unused_inputs() -> None:
    assert findings("derive y if x > 1") == [("W001", "the input flag is never used")]


def test_names_used_in_reasons_only_are_used() -> None:
    text = DECIDE + 'rule r "t" o = yes if x > 1 because "{flag}"'
    assert findings(text) == []


def test_unused_derived_names_where_something_is_decided() -> None:
    text = USE + "derive unused = x * 2\n" + DECIDE + rule("r", "yes", "used")
    assert findings(text) == [("W002", "unused is derived but no rule uses it")]
    assert findings(USE) == []


def test_outcomes_that_nothing_gives() -> None:
    text = USE + DECIDE + rule("r", "no", "used")
    assert findings(text) == [("W003", "no rule gives the outcome yes, nor does a fall-back")]


def test_constant_conditions() -> None:
    text = USE + DECIDE + rule("r", "yes", "used or 1 > 2") + rule("s", "yes", "1 > 2 or true")
    assert findings(text) == [("W004", "the condition of rule s does not depend on the case")]
    assert findings(USE + "derive y if true") == [
        ("W004", "the condition of derived y does not depend on the case")
    ]


def test_repeated_rules() -> None:
    text = USE + DECIDE + rule("r", "yes", "used") + rule("s", "yes", "(used)")
    assert findings(text) == [("W005", "s repeats r: same condition, same outcome")]


@pytest.mark.parametrize(
    ("policy", "notes", "message"),
    [
        ("priority", "", "both have priority 0, so the text order lets the first win"),
        ("priority", "[priority -1]", "s can never decide"),
        ("first", "", "s can never decide"),
        ("unique", "", "whenever they fire they conflict under policy unique"),
        ("any", "", "whenever they fire they conflict under policy any"),
        ("collect", "", None),
    ],
)
def test_contradicting_rules(policy: str, notes: str, message: str | None) -> None:
    text = USE + DECIDE + rule("r", "yes", "used") + rule("s", "no", "used", notes)
    found = findings(text, policy)
    prefix = "s has the condition of r and another outcome: "
    assert found == ([("W006", prefix + message)] if message else [])


@pytest.mark.parametrize(
    ("type_", "condition", "answer"),
    [
        ("int in 18..120", "y > 120", "false"),
        ("int in 18..120", "y >= 18", "true"),
        ("int in 18..120", "y >= 19", None),
        ("int in 18..120", "120 >= y", "true"),
        ("int in 18..120", "18 > y", "false"),
        ("int in 18..120", "y = 5", "false"),
        ("int in 18..120", "y != 5", "true"),
        ("int in 18..120", "y = 18", None),
        ("float > 0", "y > 0", "true"),
        ("float > 0", "y <= 0", "false"),
        ("float >= 0", "y > 0", None),
        ("float < 1", "y >= 1", "false"),
        ("prob", "y > 1", "false"),
        ("prob", "y <= 100%", "true"),
        ("float", "y > 1", None),
        ("int", "y > 1.5", None),
        ("bool", "y = true", None),
    ],
)
def test_comparisons_that_bounds_settle(type_: str, condition: str, answer: str | None) -> None:
    found = findings(f"input y: {type_}\nderive z if {condition} or flag or x > 1")
    message = f"within its declared bounds this is always {answer}"
    assert found == ([("W007", message)] if answer else [])


OBJECTS = """\
ruleset a version 1
entity P max 4
entity M in 1..12
input v(P): float > 0
input late(M): bool
"""


def found(text: str) -> list[tuple[str, str]]:
    ruleset = rules.parse(OBJECTS + text)
    return [(finding.code, finding.message) for finding in rules.check(ruleset)]


USED = "derive used if late(m) and v(p) > 1\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("entity Q max 3", [("W008", "the entity Q is never used")]),
        ("entity S in {l, r}\ninput s: S\nderive d if s = l", []),
        ("entity Q max 3\nderive d(q in Q) if flag\ninput flag: bool", []),
        (
            "entity Q max 3\nderive d = count q in Q: true",
            [("W010", "the variable q is never used")],
        ),
        ("param c: prob = 0.5", [("W009", "the param c is never used")]),
        ("param c: prob = 0.5\nderive d if v(p) > c", []),
        ("derive d if some p, m in M: v(p) > 1", [("W010", "the variable m is never used")]),
        (
            "derive d = sum p where 1 > 2: v(p)",
            [("W004", "this where does not depend on the case")],
        ),
        ("derive d = sum p where v(p) > 3: v(p)", []),
        ("derive d = sum m in M where m > 6: m", []),
        ("derive d(m in M) if m > 6", []),
        ("derive d if some m in M: m > 6", [("W004", "the condition of derived d does not depen")]),
        (
            "param c: prob = 0.5\nderive d if c > 0.2",
            [("W004", "the condition of derived d does n")],
        ),
        ("derive d if v(p) > 0", [("W007", "within its declared bounds this is always true")]),
        ("derive d(m) if late(m) and m > 12", [("W007", "within its declared bounds this is alw")]),
        ("input t: date > 2020-01-01\nderive d if t > 2019-01-01", [("W007", "within its declar")]),
    ],
)
def test_findings_about_objects(text: str, expected: list[tuple[str, str]]) -> None:
    came = found(USED + text)
    assert [code for code, _ in came] == [code for code, _ in expected]
    for (_, message), (_, start) in zip(came, expected, strict=True):
        assert message.startswith(start)


def test_findings_about_constraints_and_dates() -> None:
    text = USED + DECIDE.replace("POLICY", "first").replace(
        "unknown maybe", "unknown maybe dated t"
    )
    text += "input t: date\nparam c: float = 3\n"
    text += rule("r", "yes", "used", "[since 2026-01-01]")
    text += rule("s", "yes", "used", "[until 2025-12-31]")
    text += 'constraint "x" if used then o in {yes, no, maybe}\n'
    text += 'constraint "y" if 1 > c then o = no\n'
    assert found(text) == [
        ("W011", "the constraint 'x' allows every outcome"),
        ("W004", "the condition of the constraint 'y' does not depend on the case"),
    ]


def test_rules_of_different_times_do_not_repeat_each_other() -> None:
    text = USE + DECIDE + rule("r", "yes", "used", "[since 2026-01-01]")
    assert findings(text + rule("s", "no", "used", "[until 2025-12-31]")) == []
    assert findings(text + rule("s", "no", "used", "[since 2026-01-01]"))[0][0] == "W006"


def test_findings_come_in_the_order_of_the_text_and_show_it() -> None:
    ruleset = rules.parse(HEAD + DECIDE.replace("POLICY", "any"), filename="p.rules")
    found = rules.check(ruleset)
    assert [item.code for item in found] == ["W001", "W001", "W003"]
    assert render(found[0], ruleset) == (
        "p.rules:2:1: warning W001: the input x is never used\n"
        "    input x: float\n    ^~~~~~~~~~~~~~"
    )


def test_rulesets_without_a_text_have_findings_too() -> None:
    ruleset = rules.parse(HEAD, filename="p.rules")
    inputs = tuple(dataclasses.replace(item, span=None) for item in ruleset.inputs)
    bare = dataclasses.replace(ruleset, inputs=inputs, text="")
    assert render(rules.check(bare)[0], bare) == "p.rules: warning W001: the input x is never used"


def test_codes_are_unique_and_documented() -> None:
    codes = [code for code, _ in CODES]
    assert len(set(codes)) == len(codes)
    docs = (Path(__file__).parents[3] / "docs" / "rules.md").read_text()
    assert all(code in docs for code in codes)
