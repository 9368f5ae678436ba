import contextvars
import os
import signal
import threading
import time

import pytest

from research.training.preemption import (
    Preempted,
    StopRequested,
    interruptibly,
    leave,
    stop_requests,
)
from tests.research.training.processes import ended, line_of, start


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_request(number):
    before = signal.getsignal(number)
    with stop_requests() as requested:
        assert not requested()
        os.kill(os.getpid(), number)
        assert requested()
    assert signal.getsignal(number) is before


def test_a_second_interrupt_interrupts():
    with stop_requests() as requested:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        assert requested()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_outside_the_main_thread_nothing_is_caught():
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def run():
        with stop_requests() as requested:
            seen.append((requested(), signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [(False, before)]


def test_a_handler_from_outside_of_python_gives_way_to_the_default(monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    install = signal.signal

    def from_elsewhere(number, handler):
        found = install(number, handler)
        return None if found is before else found

    monkeypatch.setattr(signal, "signal", from_elsewhere)
    try:
        with stop_requests():
            pass
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        install(signal.SIGTERM, before)
        install(signal.SIGINT, signal.default_int_handler)


def test_what_an_interruptible_call_returns_raises_and_sees():
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("set")
    assert interruptibly(lambda: (variable.get(), threading.current_thread().name), bool) == (
        "set",
        "interruptible",
    )
    with pytest.raises(ZeroDivisionError):
        interruptibly(lambda: 1 / 0, bool)


def test_a_call_is_given_up_while_it_goes_on():
    release, ended_at_last = threading.Event(), threading.Event()

    def function():
        release.wait(60)
        ended_at_last.set()

    with stop_requests() as requested:
        timer = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGTERM))
        timer.start()
        with pytest.raises(StopRequested):
            interruptibly(function, requested)
        assert not ended_at_last.is_set()
        calls = []
        with pytest.raises(StopRequested):
            interruptibly(lambda: calls.append(1), requested)
        assert not calls
    release.set()
    assert ended_at_last.wait(60)


def test_the_message_of_a_stop():
    assert str(Preempted(12)) == "stopped at step 12, saved: run the same command to resume"
    assert str(Preempted(0)) == "stopped before the first step: run the same command to resume"


def test_leaving_with_nothing_abandoned_is_an_ordinary_exit():
    with pytest.raises(SystemExit) as raised:
        leave(75)
    assert raised.value.code == 75


def test_leaving_an_abandoned_thread_behind(monkeypatch, capfd):
    class Left(BaseException):
        pass

    def leave_at_once(code):
        raise Left(code)

    release = threading.Event()
    asked = iter([False, True])
    with pytest.raises(StopRequested):
        interruptibly(lambda: release.wait(60), lambda: next(asked))
    monkeypatch.setattr(os, "_exit", leave_at_once)
    print("not flushed yet", end="")
    with pytest.raises(Left, match="75"):
        leave(75)
    assert capfd.readouterr().out == "not flushed yet"
    release.set()


COMPILE = """
import os, socket, sys, threading, time
import jax, jax.numpy as jnp
from research.training.preemption import (
    RESUMABLE, StopRequested, interruptibly, leave, stop_requests)

with socket.socket() as server:
    server.bind(("127.0.0.1", 0))
    port = server.getsockname()[1]
jax.distributed.initialize(f"127.0.0.1:{port}", 1, 0)

@jax.jit
def program(x):  # unrolled, so that XLA has to work for long
    for i in range(1000):
        x = jnp.tanh(x @ x) + jnp.sin(x[::-1]) * i
    return x

lowered = program.lower(jnp.zeros((8, 8)))
with stop_requests() as requested:
    print("compiling", flush=True)
    try:
        interruptibly(lowered.compile, requested)
    except StopRequested:
        print("stopped", "interruptible" in [thread.name for thread in threading.enumerate()])
        leave(RESUMABLE)
print("compiled", flush=True)
"""


@pytest.mark.slow
def test_a_signal_during_a_compilation_under_jax_distributed():
    process = start(COMPILE)
    line_of(process, "compiling")
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    code, out, error = ended(process)
    assert out.split() == ["stopped", "True"], error
    # Python's own way out would wait for nobody, and abort.
    assert code == 75, error
