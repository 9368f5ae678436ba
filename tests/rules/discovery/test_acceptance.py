"""Proposed rules wait for a person."""

import pytest

import rules
from rules.cli import main
from rules.discovery import accept, proposed

TEXT = """# found by a tree
ruleset found version 1

input age: float

decide outcome in {young, old}
    policy  first
    default old
    unknown old

rule one "up to 30 [sic]" [tags "proposed"]  # looks right
    outcome = young
    if age <= 30

rule two "from 60 on" [owner "nobody", tags "tree, proposed"]
    outcome = old
    if age > 60

rule three "in between" [owner "bert"]
    outcome = old
    if age > 30 and age <= 60
"""


def test_each_proposed_rule_gets_an_owner():
    assert proposed(rules.parse(TEXT)) == ("one", "two")
    text = accept(TEXT, owner='Anna "A." Lee')
    ruleset = rules.parse(text)
    assert proposed(ruleset) == ()
    owners = {rule.name: (rule.owner, rule.tags) for rule in ruleset.rules}
    anna = 'Anna "A." Lee'
    assert owners == {"one": (anna, ()), "two": (anna, ("tree",)), "three": ("bert", ())}
    assert "# found by a tree" in text and "# looks right" in text


def test_one_at_a_time():
    assert proposed(rules.parse(accept(TEXT, owner="anna", names=["one"]))) == ("two",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"owner": " "}, "the owner is empty"),
        ({"owner": "anna", "names": ["three"]}, "no proposed rule three: proposed are one, two"),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        accept(TEXT, **options)


def test_nothing_is_proposed():
    with pytest.raises(ValueError, match="everything has an owner"):
        accept(accept(TEXT, owner="anna"), owner="anna")


def test_brackets_it_cannot_edit():
    text = TEXT.replace('[tags "proposed"]', '[  # why\n tags "proposed"  # ]\n]')
    with pytest.raises(ValueError, match="the brackets of one can't be edited"):
        accept(text, owner="anna")


def test_the_check_says_so():
    (finding,) = (f for f in rules.check(rules.parse(TEXT)) if f.code == "W012")
    assert finding.message == (
        "rule one, like 1 more, was proposed by a program; nobody has accepted it"
    )


def test_the_command(tmp_path, capsys):
    file = tmp_path / "found.rules"
    file.write_text(TEXT)
    assert main(["accept", str(file), "--owner", "anna", "--rule", "two"]) == 0
    assert capsys.readouterr().out == f"{file}: anna answers for 1 rule; 1 still proposed\n"
    assert proposed(rules.load(file)) == ("one",)
    assert main(["accept", str(file), "--owner", "anna", "--rule", "two"]) == 2
    assert "found no proposed rule two: proposed are one" in capsys.readouterr().err
