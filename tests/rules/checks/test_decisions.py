import pytest

import rules
from rules.errors import RuleError
from rules.language import ir

HEAD = "ruleset a version 1\ninput x: float\n"
DECIDE = "decide o in {yes, no} policy priority default no unknown no\n"
RULE = 'rule r "t" o = yes if x > 1\n'


def messages(text: str) -> list[str]:
    with pytest.raises(RuleError) as caught:
        rules.parse(text)
    return [f"{error.message} | {error.hint}" for error in caught.value.errors]


def test_a_decision() -> None:
    text = 'decide o in {yes, "not now"} unknown "not now" policy first default yes'
    assert rules.parse(HEAD + text).decision == ir.Decision(
        name="o",
        outcomes=("yes", "not now"),
        policy="first",
        default="yes",
        unknown="not now",
    )


def test_collect_needs_no_default() -> None:
    decision = rules.parse(f"{HEAD}decide o in {{a, b}} policy collect unknown a").decision
    assert decision is not None and decision.default is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("decide o in {a} default a unknown a", "does not say which rule wins when several fire"),
        ("decide o in {a} policy any unknown a", "does not say what is decided when no rule fires"),
        ("decide o in {a} policy any default a", "when a missing input could change the outcome"),
        ("decide o in {a} policy collect", "when a missing input could change the outcome"),
        (
            "decide o in {a} policy frist default a unknown a",
            "no hit policy frist | did you mean f",
        ),
        ("decide o in {a} policy best default a unknown a", "one of unique, any, first, priority"),
        ("decide o in {abc} policy any default abd unknown abc", "abd is not an outcome | did you"),
        ("decide o in {a} policy any default zzz unknown a", "zzz is not an outcome | one of a"),
        ("decide o in {a, a} policy any default a unknown a", "the outcome a is listed twice"),
        ("decide o in {a} policy any default a default a unknown a", "default is given twice"),
    ],
)
def test_bad_decisions(text: str, message: str) -> None:
    (found,) = messages(HEAD + text)
    assert message in found


def test_collect_takes_31_outcomes() -> None:
    outcomes = [f"o{index}" for index in range(32)]
    text = f"{HEAD}decide o in {{{', '.join(outcomes)}}} policy collect unknown o1"
    (found,) = messages(text)
    assert "collect takes at most 31 outcomes, these are 32" in found
    rules.parse(text.replace(", o31", ""))


def test_one_decision_for_now() -> None:
    second = "decide other in {a} policy any default a unknown a"
    (found,) = messages(HEAD + DECIDE + second)
    assert found.startswith("a rule set makes one decision, o (line 3); this is the second")


def test_a_rule() -> None:
    text = """rule r "t" [priority -5, owner "me", tags "a b"] o = yes if x > 1
        because "{x:.1f} is {{large}}" """
    (rule,) = rules.parse(HEAD + DECIDE + text).rules
    assert (rule.priority, rule.owner, rule.tags) == (-5, "me", ("a", "b"))
    assert rule.because == (ir.Field(name="x", spec=".1f"), " is {large}")
    assert rule.outcome == "yes"


def test_the_title_is_the_reason_where_there_is_no_because() -> None:
    (rule,) = rules.parse(HEAD + DECIDE + 'rule r "as {is}" o = yes if x > 1').rules
    assert rule.because == ("as {is}",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('rule r "t" [prio 3] o = yes if x > 1', "there is no annotation prio | did you mean prio"),
        ('rule r "t" [from "x"] o = yes if x > 1', "one of priority, owner, tags, since, until"),
        ('rule r "t" [since "x"] o = yes if x > 1', "since takes a date | for example since 2026"),
        ('rule r "t" [until 3] o = yes if x > 1', "until takes a date"),
        ('rule r "t" [since] o = yes if x > 1', "since takes a date"),
        ('rule r "t" [weight 0] o = yes if x > 1', "a weight is a number above zero"),
        ('rule r "t" [since 2026-02-02, until 2026-02-01] o = yes if x > 1', "never in force"),
        ('rule r "t" [priority 1, priority 2] o = yes if x > 1', "priority is given twice"),
        ('rule r "t" [priority 1.5] o = yes if x > 1', "a priority is a whole number"),
        ('rule r "t" [priority "1"] o = yes if x > 1', "a priority is a whole number"),
        ('rule r "t" [priority 3000000000] o = yes if x > 1', "does not fit an int32 | priorities"),
        ('rule r "t" [owner me] o = yes if x > 1', "owner takes a text in quotes | for example"),
        ('rule r "t" [tags 3] o = yes if x > 1', "tags takes a text in quotes"),
        ('rule r " " o = yes if x > 1', "a rule needs a title"),
        ('rule r "t" o = yess if x > 1', "yess is not an outcome | did you mean yes?"),
        ('rule r "t" out = yes if x > 1', "out is not decided here | write o = yes"),
        ('rule r "t" o = yes if x', "x is a float, a condition needs a truth"),
        (RULE + RULE, "rule r is declared twice, first in line 4"),
    ],
)
def test_bad_rules(text: str, message: str) -> None:
    (found,) = messages(HEAD + DECIDE + text)
    assert message in found


def test_everything_wrong_with_a_rule_is_told() -> None:
    text = 'rule r "" [prio 1] p = maybe if y because "{z}"'
    assert len(messages(HEAD + DECIDE + text)) == 5


def test_rules_need_a_decision() -> None:
    (found,) = messages(HEAD + RULE)
    assert found == "o is not decided here | add a declaration: decide outcome in {...}"


def test_an_error_of_the_decision_is_told_once() -> None:
    (found,) = messages(HEAD + DECIDE.replace("priority", "prioritty") + RULE)
    assert "prioritty" in found


@pytest.mark.parametrize("policy", ["unique", "any", "first", "collect"])
def test_priorities_belong_to_policy_priority(policy: str) -> None:
    decide = DECIDE.replace("policy priority", f"policy {policy}")
    (found,) = messages(HEAD + decide + RULE.replace('"t"', '"t" [priority 3]'))
    assert f"priority means nothing under policy {policy}" in found


def test_a_ruleset_may_only_derive() -> None:
    ruleset = rules.parse(f"{HEAD}derive y = x + 1")
    assert ruleset.decision is None and ruleset.rules == ()


@pytest.mark.parametrize("name", ["default", "conflict"])
def test_a_rule_is_not_called_like_a_decision_without_one(name: str) -> None:
    text = HEAD + DECIDE + f'rule {name} "t" o = yes if x > 1\n'
    assert messages(text) == [
        f"a rule may not be called {name} | decisions without a deciding rule are listed under "
        "that word"
    ]


def test_dated_decisions() -> None:
    head = f"{HEAD}input day: date\n"
    ruleset = rules.parse(head + DECIDE.rstrip() + " dated day\n" + RULE)
    assert ruleset.decision is not None and ruleset.decision.dated == "day"
    (found,) = messages(head + DECIDE.rstrip() + " dated x\n" + RULE)
    assert found == "dated takes a date input of the case, x is none | declare it: input x: date"
    (found,) = messages(head + DECIDE.rstrip() + " dated dax\n" + RULE)
    assert found.endswith("did you mean day?")


def test_all_annotations_of_a_rule() -> None:
    notes = '[priority -3, owner "me", tags "eu, retail  b", since 2026-01-01, until 2026-12-31, '
    (rule,) = rules.parse(HEAD + DECIDE + RULE.replace('"t"', f'"t" {notes}weight 0.5]')).rules
    assert (rule.priority, rule.owner, rule.tags) == (-3, "me", ("eu", "retail", "b"))
    assert (rule.since, rule.until, rule.weight) == (20454, 20818, 0.5)


def test_everything_wrong_with_annotations_is_told() -> None:
    notes = "[priority 1.5, owner 3, tags 4, since 5, weight 0]"
    assert len(messages(HEAD + DECIDE + RULE.replace('"t"', f'"t" {notes}'))) == 5
