from __future__ import annotations

import dataclasses
import datetime
import json
from typing import Any

import pytest

from rules.engines.agree import checking, generate
from rules.engines.agree.checking import check_ruleset, round_trip
from rules.engines.agree.engines import opened
from rules.engines.agree.reductions import smaller_cases
from rules.engines.agree.telling import tell
from rules.engines.agree.worker import Job, check_program
from rules.language import load
from rules.language.load import parse

RULES = """\
ruleset small version 1
entity Person max 2
input day: date
input knows(Person, Person): bool
decide outcome in {no, yes}
    policy first
    default no
    unknown no
rule r "r"
    outcome = yes
    if day > 2026-01-31 and some x, y: knows(x, y)
"""


def test_a_case_that_the_reference_refuses_is_a_finding() -> None:
    with opened(("python",)) as engines:
        checked = check_ruleset(parse(RULES), [{"day": True}, {}], engines)
        (finding,) = checked.findings
        assert finding.engine == "reference" and finding.told[0].startswith("TypeError: input day")
        assert checked.compared == {"python": 1}
        assert "fails: TypeError" in tell(finding, engines)


def test_an_engine_that_raises_is_a_finding() -> None:
    with opened(("numpy",)) as engines:
        (said,) = engines["numpy"](parse(RULES), [{"day": True}])
    assert "TypeError" in said.message


def test_a_rule_set_that_prints_otherwise_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    ruleset = parse(RULES)
    assert round_trip(ruleset) is None
    other = dataclasses.replace(ruleset, version=2, entities=())
    monkeypatch.setattr(load, "parse", lambda *_, **__: other)
    finding = round_trip(ruleset)
    assert finding is not None and finding.told == ("version, entities come back otherwise",)
    with opened(()) as engines:
        assert tell(finding, engines).startswith("text disagrees: version, entities come back")


def test_a_rule_set_that_cannot_be_printed_is_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from rules.language import ruleset_printer

    def fails(_: object) -> str:
        raise ValueError("no such name")

    monkeypatch.setattr(ruleset_printer, "ruleset_text", fails)
    finding = round_trip(parse(RULES))
    assert finding is not None and finding.told == ("ValueError: no such name",)
    with opened(()) as engines:
        assert "cannot be printed (no such name)" in tell(finding, engines)


def test_tuples_and_dates_of_a_case_are_told() -> None:
    case = {"day": datetime.date(2026, 2, 1), "knows": {("a", "b"): None}, "Person": ["a", "b"]}
    finding = checking.Finding(engine="numpy", ruleset=parse(RULES), case=case, told=("it",))
    with opened(()) as engines:
        text = tell(finding, engines)
    told = json.loads(text.partition("The case: ")[2].splitlines()[0])
    assert told == {"day": "2026-02-01", "knows": {"a, b": None}, "Person": ["a", "b"]}
    assert "given day = 2026-02-01, knows(a, b) = unknown" in text


def test_nobody_is_told_as_no() -> None:
    finding = checking.Finding(engine="x", ruleset=parse(RULES), case={"Person": []}, told=("it",))
    with opened(()) as engines:
        assert "given no Person" in tell(finding, engines)


def test_lists_of_a_case_get_smaller() -> None:
    case: dict[str, Any] = {"n": [7, None], "knows": [["a", "b"]], "d": datetime.date(2026, 1, 1)}
    found = list(smaller_cases(case))
    assert {**case, "n": [None]} in found and {**case, "n": [0, None]} in found
    assert {**case, "knows": []} in found
    assert {**case, "d": datetime.date(1970, 1, 1)} in found


def test_tiny_programs_are_checked_on_all_cases() -> None:
    with opened(("numpy",)) as engines:
        answer = check_program(Job(engines=("numpy",), cases=1, exhaustive=True), 0, engines)
    assert answer["findings"] == [] and answer["compared"]["numpy"] >= 50


def test_rete_answers_alike() -> None:
    pytest.importorskip("durable")
    with opened(("rete",)) as engines:
        for seed in range(5):
            ruleset = checking.settled(generate(seed))
            checked = check_ruleset(ruleset, [{}], engines)
            assert not checked.findings
            assert checked.compared == {"rete": 1}


def test_a_rule_set_beyond_durable_rules_is_left_out() -> None:
    pytest.importorskip("durable")
    from rules.engines.rete import errors

    with opened(("rete",)) as engines, pytest.MonkeyPatch.context() as patch:

        def refuses(*_: object, **__: object) -> None:
            raise errors.ReteLimitError("too many patterns")

        patch.setattr("rules.engines.rete.engine.Rete.__init__", refuses)
        (said,) = engines["rete"](parse(RULES), [{}])
    assert said.reason == "beyond the limits of durable_rules"
