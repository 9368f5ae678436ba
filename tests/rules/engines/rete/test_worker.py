"""The worker in this process, so that its lines are seen."""

from __future__ import annotations

import io
import os
import pickle
import sys
from types import ModuleType
from typing import Any

import pytest

from rules.engines.rete import network, worker
from rules.engines.rete.compile import compile_program
from rules.engines.rete.errors import ReteLimitError
from rules.engines.rete.matcher import Answer
from rules.engines.rete.worker import FRAME, Worker, main, memory, pack
from rules.engines.world import World, admit_case
from tests.rules.engines.rete.policies import INCOME


class Talk:
    def __init__(self, engine: ModuleType) -> None:
        self.replies: list[Any] = []
        self.worker = Worker(engine, self.replies.append)

    def say(self, *request: Any) -> list[Any]:
        self.replies.clear()
        self.worker.handle(request)  # type: ignore[arg-type]
        *told, (kind, held) = self.replies
        assert kind == "done"
        assert held == pytest.approx(memory(), rel=0.2)
        return told


def world(**told: float) -> World:
    return admit_case(INCOME, told)


def test_a_system_that_does_not_tell_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", absent)
    assert memory() == 0


def test_requests(engine: ModuleType) -> None:
    talk = Talk(engine)
    assert talk.say("load", 1, compile_program(INCOME)) == []
    told = talk.say("decide", 1, [world(income=3), world(income=30)])
    assert [(kind, answer.outcome) for kind, answer in told] == [
        ("answer", "reject"),
        ("answer", "refer"),
    ]
    ((kind, answer),) = talk.say("ask", (1, 5), world(income=30, amount=3))
    assert (kind, answer.outcome) == ("answer", "approve")
    ((kind, answer),) = talk.say("ask", (1, 5), world(income=30, amount=40))
    assert (kind, answer.outcome) == ("answer", "refer")


def test_a_program_that_is_refused(engine: ModuleType) -> None:
    ((kind, error),) = Talk(engine).say("load", 1, "nothing")
    assert kind == "refused"
    assert str(error) == "durable_rules: AttributeError: 'str' object has no attribute 'steps'"


def test_limits_are_told(engine: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk(engine)
    talk.say("load", 1, compile_program(INCOME))
    monkeypatch.setattr(network, "MAX_FACTS", 2)
    told = talk.say("decide", 1, [world(income=3, amount=3), world(income=3)])
    assert [type(answer) for _, answer in told] == [ReteLimitError, Answer]
    ((_, error),) = talk.say("ask", (1, 1), world(income=3, amount=3))
    assert isinstance(error, ReteLimitError)
    ((_, answer),) = talk.say("ask", (1, 1), world(income=3))
    assert isinstance(answer, Answer)


def test_the_oldest_case_makes_room(engine: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MAX_KEPT", 2)
    talk = Talk(engine)
    talk.say("load", 1, compile_program(INCOME))
    for case in (1, 2, 1, 3):
        talk.say("ask", (1, case), world(income=case))
    assert list(talk.worker._kept) == [(1, 1), (1, 3)]


def serve(monkeypatch: pytest.MonkeyPatch, requests: bytes) -> list[Any]:
    """What `main` replies, with pipes in place of the standard streams."""

    class Input:
        buffer = io.BytesIO(requests)

    receive, send = os.pipe()
    saved = os.dup(1)
    os.dup2(send, 1)
    os.close(send)
    monkeypatch.setattr(sys, "stdin", Input)
    try:
        main()
    finally:
        os.dup2(saved, 1)
        os.close(saved)
    with open(receive, "rb") as pipe:  # noqa: PTH123
        replies = []
        while head := pipe.read(FRAME.size):
            replies.append(pickle.loads(pipe.read(*FRAME.unpack(head))))
        return replies


def test_main_answers_until_there_are_no_more(
    engine: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = pack(("load", 1, compile_program(INCOME))) + pack(("decide", 1, [world(income=3)]))
    replies = serve(monkeypatch, requests)
    assert [kind for kind, _ in replies] == ["done", "done", "answer", "done"]
    assert replies[2][1].outcome == "reject"


def test_main_without_durable_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "durable_rules_engine", None)
    ((kind, error),) = serve(monkeypatch, b"")
    assert kind == "refused"
    assert "pip install rulax[rete]" in str(error)
