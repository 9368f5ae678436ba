from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rules
from experiments.report import Tone, rule_table, rule_usage
from experiments.report.rule_table import rule_source

TEXT = """
ruleset lending version 1
input p: prob

decide outcome in {approve, reject}
    policy priority
    default approve
    unknown reject

rule low "Risk <1%> & calm" [priority 10]
    outcome = approve
    if p < 1%

rule high "High risk" [priority 20]
    outcome = reject
    if p >= 40%
    because "risk {p:.0%}"
"""
TONES = {"approve": Tone.GOOD, "reject": Tone.BAD}
RULESET = rules.parse(TEXT)
FIRED = st.lists(st.sampled_from([[], ["high"], ["low"], ["high", "low"]]), max_size=30)


def table_of(fired: list[list[str]], deciders: list[str], event: list[bool]) -> str:
    usage = rule_usage(RULESET, fired=fired, deciders=deciders, event=np.array(event, bool))
    return rule_table(RULESET, usage, TONES, event="default")


@given(FIRED, st.randoms(use_true_random=False))
def test_usage_adds_up(fired: list[list[str]], random: object) -> None:
    deciders = [names[0] if names else "default" for names in fired]
    event = np.array([random.random() < 0.5 for _ in fired], bool)  # type: ignore[attr-defined]
    usage = rule_usage(RULESET, fired=fired, deciders=deciders, event=event)
    assert [use.name for use in usage][:2] == ["high", "low"]  # by precedence, not as written
    assert sum(use.decided.cases for use in usage) == len(fired)
    assert sum(use.decided.events for use in usage) == event.sum()
    assert sum(use.fired or 0 for use in usage) == sum(map(len, fired))


def test_the_table_shows_counts_and_escapes() -> None:
    fired = [["high"]] * 15 + [["high", "low"]] * 5 + [[]]
    found = table_of(fired, ["high"] * 20 + ["default"], [True] * 5 + [False] * 16)
    assert "Risk &lt;1%&gt; &amp; calm" in found
    assert "25%" in found
    assert "No rule fires" in found
    assert "0 of 1" in found  # too few cases for a percentage
    assert "Default rate" in found
    assert found.index("High risk") < found.index("Risk &lt;1%&gt;")


def test_small_rates_keep_a_decimal() -> None:
    found = table_of([["high"]] * 200, ["high"] * 200, [True] + [False] * 199)
    assert ">0.5%<" in found


def test_the_fallback_of_an_unknown_is_its_outcome() -> None:
    found = table_of([[]], ["unknown"], [False])
    row = found[found.index("A missing input") :]
    assert "✕" in row
    assert "reject" in row


def test_rule_text_is_cut_out_exactly() -> None:
    assert rule_source(RULESET, RULESET.rules[0]) == (
        'rule low "Risk <1%> & calm" [priority 10]\n    outcome = approve\n    if p < 1%'
    )
    assert rule_source(RULESET, RULESET.rules[1]).endswith('because "risk {p:.0%}"')


def test_only_newlines_count_as_lines() -> None:
    # Python's splitlines also breaks at these; the parser, and so the spans, do not.
    odd = rules.parse(TEXT.replace("ruleset", "# one\x0c two\u2028 three\nruleset", 1))
    assert rule_source(odd, odd.rules[0]) == rule_source(RULESET, RULESET.rules[0])
    windows = rules.parse(TEXT.replace("\n", "\r\n"))
    assert rule_source(windows, windows.rules[0]) == rule_source(RULESET, RULESET.rules[0])


def test_a_rule_set_without_text_shows_names_only() -> None:
    bare = dataclasses.replace(RULESET, text="")
    assert rule_source(bare, bare.rules[0]) == ""
    usage = rule_usage(bare, fired=[], deciders=[], event=np.zeros(0, bool))
    found = rule_table(bare, usage, TONES, event="default")
    assert "<details" not in found
    assert "<code>high</code>" in found


def test_priorities_show_only_where_they_count() -> None:
    usage = rule_usage(RULESET, fired=[], deciders=[], event=np.zeros(0, bool))
    assert "Priority" in rule_table(RULESET, usage, TONES, event="default")
    first = rules.parse(
        TEXT.replace("policy priority", "policy first")
        .replace("[priority 10]", "")
        .replace("[priority 20]", "")
    )
    usage = rule_usage(first, fired=[], deciders=[], event=np.zeros(0, bool))
    assert [use.name for use in usage] == ["low", "high"]
    assert "Priority" not in rule_table(first, usage, TONES, event="default")


def test_a_rule_set_that_decides_nothing() -> None:
    bare = dataclasses.replace(RULESET, decision=None, rules=())
    usage = rule_usage(bare, fired=[[]], deciders=["default"], event=np.zeros(1, bool))
    assert "No rule fires" in rule_table(bare, usage, TONES, event="default")


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="found 1, 0 and 0"):
        rule_usage(RULESET, fired=[[]], deciders=[], event=np.zeros(0, bool))
    with pytest.raises(ValueError, match=r"name the rule 'medium', .* 'lending' does not have"):
        rule_usage(RULESET, fired=[["medium"]], deciders=["high"], event=np.zeros(1, bool))
