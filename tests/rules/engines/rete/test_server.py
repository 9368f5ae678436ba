"""Whatever happens to the process, each case is answered once, and the caller lives."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from rules.engines.rete import Answer, Rete, ReteCrashError, ReteMissingError, Server
from rules.engines.rete import server as module
from tests.rules.engines.rete.crashing import HANG, ONCE, SEGFAULT, STUMBLE
from tests.rules.engines.rete.policies import INCOME

ROOT = Path(__file__).parents[4]
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs signals")
START = (
    "import runpy, sys; sys.path[:] = {path!r}; sys.argv[1:] = [{flag!r}]; "
    "runpy.run_module('tests.rules.engines.rete.crashing', run_name='__main__')"
)


@pytest.fixture
def crashing(engine: ModuleType, tmp_path: Path) -> Iterator[Server]:
    code = START.format(path=[str(ROOT), *sys.path], flag=str(tmp_path / "flag"))
    with Server(command=(sys.executable, "-c", code), timeout=5) as server:
        yield server


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def gone(pid: int) -> bool:
    for _ in range(100):
        if not is_alive(pid):
            return True
        time.sleep(0.05)
    return False


@POSIX
@pytest.mark.parametrize("place", [0, 7, 299])
def test_a_case_that_crashes_fails_alone(crashing: Server, place: int) -> None:
    told = [{"income": float(number), "amount": 3.0} for number in range(300)]
    told[place]["amount"] = SEGFAULT
    with Rete(INCOME, server=crashing) as engine:
        found = list(engine.attempt(told))
    wrong = found.pop(place)
    assert isinstance(wrong, ReteCrashError)
    assert str(wrong).startswith("durable_rules did not survive this case, twice: signal 11;")
    del told[place]
    assert [one.outcome for one in found if isinstance(one, Answer)] == [
        "reject" if case["income"] < 10 else "approve" for case in told
    ]
    assert crashing.restarts == 2
    assert crashing.died == "signal 11"


@POSIX
def test_cases_that_crash_one_after_the_other(crashing: Server) -> None:
    told = [{"income": 3.0, "amount": amount} for amount in (1.0, SEGFAULT, SEGFAULT, 2.0)]
    found = list(Rete(INCOME, server=crashing).attempt(told))
    assert [type(one) for one in found] == [Answer, ReteCrashError, ReteCrashError, Answer]


@POSIX
def test_a_crash_that_does_not_come_again_is_not_noticed(crashing: Server) -> None:
    told = [{"income": 3.0, "amount": amount} for amount in (1.0, ONCE, 2.0)]
    found = list(Rete(INCOME, server=crashing).attempt(told))
    assert [type(one) for one in found] == [Answer] * 3
    assert crashing.restarts == 1


@POSIX
def test_a_session_survives(crashing: Server) -> None:
    session = Rete(INCOME, server=crashing).open()
    session.tell_case({"income": 30.0, "amount": ONCE})
    assert session.outcome() == "refer"
    assert crashing.restarts == 1
    session.tell("amount", value=SEGFAULT)
    with pytest.raises(ReteCrashError, match="signal 11"):
        session.outcome()
    session.tell("amount", value=5.0)
    assert session.outcome() == "approve"


@POSIX
def test_a_process_that_hangs_is_ended(crashing: Server) -> None:
    crashing._timeout = 0.5
    told = [{"income": 3.0, "amount": amount} for amount in (1.0, HANG, 2.0)]
    started = time.monotonic()
    found = list(Rete(INCOME, server=crashing).attempt(told))
    assert time.monotonic() - started < 10
    assert [type(one) for one in found] == [Answer, ReteCrashError, Answer]
    assert "it did not answer for 0.5 s" in str(found[1])


def test_an_error_of_the_engine_is_no_crash(crashing: Server) -> None:
    told = [{"income": 3.0, "amount": amount} for amount in (1.0, STUMBLE, 2.0)]
    found = list(Rete(INCOME, server=crashing).attempt(told))
    assert [type(one) for one in found] == [Answer, RuntimeError, Answer]
    assert "durable_rules: " in str(found[1])
    assert "error code: 204" in str(found[1])
    assert crashing.restarts == 0
    session = Rete(INCOME, server=crashing).open()
    session.tell("amount", value=STUMBLE)
    with pytest.raises(RuntimeError, match="error code: 204"):
        session.outcome()


@POSIX
def test_killed_between_two_questions(engine: ModuleType) -> None:
    with Rete(INCOME) as own:
        session = own.open()
        session.tell("income", value=3)
        assert session.outcome() == "reject"
        pid = own._server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        session.tell("income", value=30)
        assert session.outcome() == "refer"
        assert own._server.pid != pid
    assert own._server.pid is None


@POSIX
def test_killed_again_and_again(engine: ModuleType) -> None:
    with Rete(INCOME) as own:
        stop = threading.Event()

        def kill() -> None:
            while not stop.wait(0.01):
                pid = own._server.pid
                if pid is not None and own._server._cases > 700:
                    with contextlib.suppress(ProcessLookupError):  # ended by itself
                        os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            told = [{"income": float(number % 20), "amount": 1.0} for number in range(3000)]
            found = list(own.attempt(told))
        finally:
            stop.set()
            killer.join()
    answers = [one.outcome if isinstance(one, Answer) else None for one in found]
    expected = ["reject" if case["income"] < 10 else "approve" for case in told]
    assert len(answers) == len(expected)
    # Whoever is hit twice says so; nobody is told something wrong.
    assert all(one in (None, wanted) for one, wanted in zip(answers, expected, strict=True))
    assert own._server.restarts > 0


def test_no_process_can_start(engine: ModuleType) -> None:
    command = (sys.executable, "-c", "raise SystemExit(3)")
    with (
        Server(command=command) as server,
        pytest.raises(ReteCrashError, match="does not start: exit status 3"),
    ):
        Rete(INCOME, server=server)


def test_a_process_that_refuses_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = "import sys; sys.modules['durable_rules_engine'] = None; "
    closed: list[Server] = []
    monkeypatch.setattr(module, "START", absent + module.START)
    monkeypatch.setattr(Server, "close", lambda self: closed.append(self))
    with pytest.raises(ReteMissingError):
        Rete(INCOME)
    assert [server.pid for server in closed] == [None]


@pytest.mark.parametrize(
    ("limit", "value"), [("MAX_CASES", 3), ("MAX_GROWTH", -(10**12)), ("MAX_PROGRAMS", 1)]
)
def test_processes_are_renewed(
    engine: ModuleType, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(module, limit, value)
    with Server() as server:
        one, other = Rete(INCOME, server=server), Rete(INCOME, server=server)
        session, pids = one.open(), []
        for income in (9, 10, 11):
            session.tell("income", value=income)
            assert session.outcome() == ("reject" if income < 10 else "refer")
            assert next(other.decide([{"income": 3}])) == ("reject", 0)
            pids.append(server.pid)
        assert len(set(pids)) > 1
        assert server.restarts == 0
        assert all(gone(pid) for pid in set(pids[:-1]) - {server.pid} if pid is not None)


@POSIX
def test_no_process_is_left(engine: ModuleType) -> None:
    with Rete(INCOME) as own:
        first = own._server.pid
    forgotten = Rete(INCOME)
    second = forgotten._server.pid
    del forgotten
    gc.collect()
    assert first is not None
    assert second is not None
    assert gone(first)
    assert gone(second)


SCRIPT = """
import os, signal, sys, time
from rules.engines.rete import Rete
from tests.rules.engines.rete.policies import INCOME
engine = Rete(INCOME)
print(engine._server.pid, flush=True)
"""


def run(rest: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT + rest],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@POSIX
@pytest.mark.parametrize("rest", ["", "time.sleep(60)"])
def test_no_process_outlives_the_caller(engine: ModuleType, rest: str) -> None:
    caller = run(rest)
    assert caller.stdout is not None
    pid = int(caller.stdout.readline())
    if rest:
        caller.kill()
    caller.communicate(timeout=20)
    assert gone(pid)


@POSIX
def test_an_interrupt_ends_the_question_and_nothing_else(engine: ModuleType) -> None:
    caller = run(
        """
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a shell's background
def endless():
    print("asking", flush=True)
    while True:
        yield {"income": 3}
try:
    for _ in engine.decide(endless()):
        pass
except KeyboardInterrupt:
    print("interrupted", *next(engine.decide([{"income": 3}])), flush=True)
"""
    )
    assert caller.stdout is not None
    pid = int(caller.stdout.readline())
    assert caller.stdout.readline() == "asking\n"
    time.sleep(0.3)
    os.killpg(caller.pid, signal.SIGINT)
    try:
        told, errors = caller.communicate(timeout=20)
    finally:
        caller.kill()
    assert told == "interrupted reject 0\n"
    assert errors == ""
    assert gone(pid)


@POSIX
def test_a_fork_has_a_process_of_its_own(engine: ModuleType) -> None:
    caller = run(
        """
first = next(engine.decide([{"income": 3}]))
child = os.fork()
mine = next(engine.decide([{"income": 30, "amount": 1}]))
if child == 0:
    print(mine.outcome, engine._server.pid, flush=True)
    engine.close()
    os._exit(0)
os.waitpid(child, 0)
print(next(engine.decide([{"income": 4}])).outcome, engine._server.pid, flush=True)
"""
    )
    told, errors = caller.communicate(timeout=30)
    own, child, parent = told.splitlines()
    assert errors == ""
    assert parent == f"reject {own}"
    assert child.startswith("approve ")
    assert child != f"approve {own}"


def test_threads_take_turns(engine: ModuleType) -> None:
    with Rete(INCOME) as own:
        found: dict[int, list[str]] = {}

        def ask(number: int) -> None:
            told = [{"income": float(number), "amount": 0.0}] * 300
            found[number] = [str(one.outcome) for one in own.decide(told)]

        threads = [threading.Thread(target=ask, args=(number,)) for number in (5, 9, 10, 15)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {number: set(outcomes) for number, outcomes in found.items()} == {
        5: {"reject"},
        9: {"reject"},
        10: {"approve"},
        15: {"approve"},
    }
