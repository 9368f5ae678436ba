from __future__ import annotations

import itertools
from types import ModuleType

import pytest

from rules.engines.rete import network as module
from rules.engines.rete.compile import compile_program
from rules.engines.rete.errors import ReteLimitError
from rules.engines.rete.matcher import Case, Matcher
from rules.engines.rete.network import MAX_SESSIONS, Network, load_engine
from rules.engines.rete.program import Part
from rules.engines.world import admit_case
from tests.rules.engines.rete.policies import GUARANTORS, INCOME


def network(engine: ModuleType) -> tuple[Network, dict[str, int]]:
    program = compile_program(INCOME)
    (part,) = (step for step in program.steps if isinstance(step, Part))
    return Network(engine, part, "income", program.codes), {
        f"{type_.kind} {type_.name}": code for type_, code in program.codes.items()
    }


def test_names_differ_in_the_32_bits_that_count() -> None:
    names = module._Identifiers()
    made = [names[number] for number in range(3000)]
    told = [*made, *(f"sid-{name}" for name in made[:MAX_SESSIONS])]
    assert len({module._fnv1a(name) for name in told}) == len(told)


def test_names_that_collide_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_fnv1a", lambda text: len(text) if text.isdecimal() else -1)
    monkeypatch.setattr(module, "MAX_SESSIONS", 0)
    names = module._Identifiers()
    assert [names[number] for number in range(3)] == ["0", "10", "100"]


def test_the_hash_is_that_of_the_engine() -> None:
    # From the reference vectors of Fowler, Noll and Vo.
    assert module._fnv1a("") == 0x811C9DC5
    assert module._fnv1a("foobar") == 0xBF9CF968


def test_facts_in_any_order_make_the_same(engine: ModuleType) -> None:
    made, codes = network(engine)
    facts = [(codes["value income"], (), 5), (codes["value amount"], (), 9)]
    found = []
    for order in itertools.permutations(facts):
        memory = made.open()
        for fact in order:
            memory.add([fact])
        found.append(memory.found)
        memory.close()
    assert found[0] == found[1]
    assert (codes["true rule 1"], (), None) in found[0]


def test_the_same_fact_twice_in_two_sessions(engine: ModuleType) -> None:
    made, codes = network(engine)
    first, second = made.open(), made.open()
    fact = (codes["value income"], (), 5)
    first.add([fact])
    assert second.found == set()
    second.add([fact])
    assert first.found == second.found != set()


def test_more_sessions_than_can_be(engine: ModuleType) -> None:
    made, _ = network(engine)
    memories = [made.open() for _ in range(MAX_SESSIONS)]
    with pytest.raises(ReteLimitError, match="1000 sessions are open"):
        made.open()
    memories.pop().close()
    made.open()


def test_more_facts_than_a_session_takes(
    engine: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FACTS", 20)
    case = Case(Matcher(engine, compile_program(GUARANTORS)))
    with pytest.raises(ReteLimitError, match="more than 20 facts, expected fewer"):
        case.answer(admit_case(GUARANTORS, {}))
    case.close()


def test_a_fact_that_is_not_taken(engine: ModuleType) -> None:
    made, codes = network(engine)
    memory = made.open()
    memory._count = 0  # so that the next fact has the name of one that is there
    with pytest.raises(RuntimeError, match=r'did not take the fact \{"id":.*\}: result 2'):
        memory.add([(codes["value income"], (), 5)])


def test_it_is_loaded_again(engine: ModuleType) -> None:
    assert load_engine() is engine


def test_thousands_of_sessions_one_after_the_other(engine: ModuleType) -> None:
    made, codes = network(engine)
    for key in range(5000):
        memory = made.open()
        memory.add([(codes["value income"], (), key)])
        assert len(memory.found) >= 1
        memory.close()


def test_only_what_changed_is_matched_again(engine: ModuleType) -> None:
    matcher = Matcher(engine, compile_program(INCOME))
    case = Case(matcher)
    case.answer(admit_case(INCOME, {"income": 5.0}))
    (before,) = case._sessions.values()
    case.answer(admit_case(INCOME, {"income": 5.0, "amount": 7.0}))
    (after,) = case._sessions.values()
    assert before is after  # facts were only added
    case.answer(admit_case(INCOME, {"income": 6.0, "amount": 7.0}))
    (anew,) = case._sessions.values()
    assert anew is not after
    case.close()
