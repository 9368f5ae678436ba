"""Who is missing, and why, before JAX is asked."""

import contextlib
import json
import logging
import re
import socket
import threading
import time

import pytest

from research.training import rendezvous
from research.training.hosts import free_port
from research.training.rendezvous import HostsError, Place, meet


class Meeting:
    """Processes as threads: what each came to."""

    def __init__(self):
        self.port = free_port()
        self.outcomes = {}
        self.threads = []

    def join(self, process, *, name=None, processes=2, version="1", timeout=20, host="127.0.0.1"):
        place = Place(host, self.port, processes, process, "as given")
        name = process if name is None else name

        def run():
            try:
                meet(place, version=version, timeout_seconds=timeout)
                self.outcomes[name] = "met"
            except HostsError as error:
                self.outcomes[name] = str(error)

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()
        return self

    def end(self):
        for thread in self.threads:
            thread.join(40)
            assert not thread.is_alive()
        return self.outcomes

    def connect(self):
        """A connection to process 0, as soon as it listens."""
        for _ in range(200):
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", self.port), timeout=5)
            time.sleep(0.02)
        raise AssertionError("nobody listens")


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0)])
def test_all_meet_in_any_order(order):
    meeting = Meeting()
    for process in order:
        meeting.join(process, processes=4)
        time.sleep(0.05)
    assert meeting.end() == dict.fromkeys(range(4), "met")
    # The port is free for JAX at once.
    socket.create_server(("127.0.0.1", meeting.port)).close()


def test_all_learn_who_is_missing():
    outcomes = Meeting().join(0, processes=4, timeout=1).join(2, processes=4).end()
    assert outcomes[0] == outcomes[2]
    assert re.search(r"process 1, 3 did not come: .*processes=4", outcomes[0])


def test_nobody_there():
    outcome = Meeting().join(1, timeout=0.5).end()[1]
    assert outcome.startswith("process 1 of 2 (as given) could not meet process 0 at 127.0.0.1:")
    assert "Connection refused): the host answers, but process 0 does not run there" in outcome


def test_an_unknown_name():
    outcome = Meeting().join(1, timeout=0.5, host="no.such.host.invalid").end()[1]
    assert "the name is not known here: use an address that every host resolves" in outcome


def test_a_host_that_does_not_answer(monkeypatch):
    def silent(*_, **__):
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", silent)
    assert "or a firewall blocks the port" in Meeting().join(1, timeout=0.3).end()[1]


def test_a_port_that_is_taken():
    meeting = Meeting()
    with socket.create_server(("", meeting.port)):
        outcome = meeting.join(0).end()[0]
    assert re.search(r"can't listen on port \d+ \(Address already in use\): choose", outcome)


def test_another_program_at_the_port():
    meeting = Meeting()
    with socket.create_server(("127.0.0.1", meeting.port)) as other:

        def close_at_once():
            with contextlib.suppress(OSError):
                while True:
                    other.accept()[0].close()

        threading.Thread(target=close_at_once, daemon=True).start()
        outcome = meeting.join(1, timeout=0.5).end()[1]
    assert "another program listens there" in outcome


def test_a_program_that_takes_the_connection_and_says_nothing(monkeypatch):
    monkeypatch.setattr(rendezvous, "_GRACE_SECONDS", 0.2)
    meeting = Meeting()
    with socket.create_server(("127.0.0.1", meeting.port)):
        outcome = meeting.join(1, timeout=0.5).end()[1]
    assert "it took the connection, but did not answer): another program listens" in outcome


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"processes": 3}, "was started for 3 processes, process 0 for 2: start all with the same"),
        ({"version": "2"}, "has 2, process 0 has 1: install the same"),
    ],
)
def test_a_process_of_another_run(other, message):
    outcomes = Meeting().join(0).join(1, **other).end()
    assert outcomes[0] == outcomes[1]
    assert message in outcomes[0]


def test_two_processes_of_one_number():
    outcomes = (
        Meeting().join(0, processes=3).join(1, processes=3, name="a").join(1, processes=3).end()
    )
    assert len(set(outcomes.values())) == 1
    assert "have the same number: give each process its own, from 0" in outcomes[0]


def test_a_process_that_starts_again_takes_its_own_place():
    meeting = Meeting().join(0, processes=3)
    hello = {"process": 1, "processes": 3, "version": "1", "host": "x"}
    with meeting.connect() as first:
        first.sendall((json.dumps(hello) + "\n").encode())
        time.sleep(0.1)
    assert meeting.join(1, processes=3).join(2, processes=3).end() == dict.fromkeys(range(3), "met")


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xfe\n",
        b"[]\n",
        b"7\n",
        b"",
        b"x" * 5000,
        b'{"process": [], "processes": 2, "version": "1", "host": "x"}\n',
    ],
)
def test_strangers_are_passed_over(said):
    meeting = Meeting().join(0)
    with meeting.connect() as stranger:
        stranger.sendall(said)
        stranger.shutdown(socket.SHUT_WR)
        assert stranger.recv(100) == b""
    assert meeting.join(1).end() == {0: "met", 1: "met"}


def test_waiting_is_told(monkeypatch, caplog):
    monkeypatch.setattr(rendezvous, "_TELL_SECONDS", 0.1)
    with caplog.at_level(logging.WARNING):
        Meeting().join(0, timeout=0.9).end()
        Meeting().join(1, timeout=0.9).end()
    assert re.search(r"process 0 of 2 .*: waiting at \S+ for process 1$", caplog.text, re.M)
    assert re.search(r"process 1 of 2 .*waiting for process 0 at .*refused", caplog.text)


def test_long_lists_are_cut():
    outcome = Meeting().join(0, processes=20, timeout=0.3).end()[0]
    assert "process 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 9 more did not come" in outcome
