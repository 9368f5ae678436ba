from __future__ import annotations

import dataclasses
import itertools
import sys
from typing import Any

import pytest

from rules.engines.reference import evaluate
from rules.engines.rete import Answer, Rete, ReteMissingError, Server, Verdict
from tests.rules.engines.rete.policies import GUARANTORS, INCOME


@pytest.fixture(scope="module")
def incomes(server: Server) -> Rete:
    return Rete(INCOME, server=server)


def test_batches(incomes: Rete) -> None:
    told = [{"income": number % 30, "amount": number % 7} for number in range(600)]
    expected = [evaluate(INCOME, case) for case in told]
    assert list(incomes.decide(told)) == [(one.outcome, one.rule) for one in expected]
    assert [one.truths for one in incomes.evaluate(told)] == [one.truths for one in expected]


def test_no_cases(incomes: Rete) -> None:
    assert list(incomes.decide([])) == []


def test_cases_are_taken_as_answers_are_asked_for(incomes: Rete) -> None:
    endless = ({"income": number} for number in itertools.count())
    found = list(itertools.islice(incomes.decide(endless), 1000))
    assert found[5] == Verdict("reject", 0)


def test_a_case_that_cannot_be_is_named(incomes: Rete) -> None:
    told: list[dict[str, Any]] = [{"income": 3}, {"income": "much"}, {"income": 30, "amount": 3}]
    found = incomes.decide(told)
    assert next(found) == ("reject", 0)
    with pytest.raises(TypeError, match="input income: found 'much'") as caught:
        next(found)
    assert caught.value.__notes__ == ["in case 2"]
    first, wrong, last = incomes.attempt(told)
    assert isinstance(first, Answer)
    assert isinstance(wrong, TypeError)
    assert isinstance(last, Answer)
    assert last.outcome == "approve"


def test_rules_that_hold_on_some_days() -> None:
    since = INCOME.rules[0]
    dated = dataclasses.replace(
        INCOME, rules=(dataclasses.replace(since, since=20_454), *INCOME.rules[1:])
    )
    with pytest.raises(ValueError, match="rule r0 holds since 2026-01-01; say for which day"):
        Rete(dated)


def test_absent_durable_rules() -> None:
    code = (
        "import sys; sys.path[:] = {path!r}; sys.modules['durable_rules_engine'] = None; "
        "from rules.engines.rete.worker import main; main()"
    )
    command = (sys.executable, "-c", code.format(path=sys.path))
    with (
        Server(command=command) as absent,
        pytest.raises(ReteMissingError, match=r"install it with `pip install rulax\[rete\]`"),
    ):
        Rete(INCOME, server=absent)


def test_several_rule_sets_in_one_process(server: Server) -> None:
    one, other = Rete(INCOME, server=server), Rete(GUARANTORS, server=server)
    assert next(one.decide([{"income": 3}])).outcome == "reject"
    assert next(other.decide([{"late": [1, 2], "Guarantor": []}])).outcome == "reject"
    one.close()
    assert next(other.decide([{"late": [1, 2], "Guarantor": []}])).outcome == "reject"


def test_closed(engine: object) -> None:
    with Rete(INCOME) as own:
        session = own.open()
    with pytest.raises(ValueError, match="this engine is closed; make a new one"):
        session.outcome()
    with pytest.raises(ValueError, match="closed"):
        list(own.decide([{}]))
