"""What one process does when it, or another, fails; `test_failures` has real processes."""

import json
import time

import jax
import pytest

from research.training import failures
from research.training.failures import failing_together
from research.training.hosts import Member

# The thread that watches the others ends by `Left` too.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


class Client:
    """The service that the processes share, in a dictionary."""

    def __init__(self):
        self.values = {}

    def key_value_set(self, key, value):
        if key in self.values:
            raise jax.errors.JaxRuntimeError(f"ALREADY_EXISTS: {key}")
        self.values[key] = value

    def key_value_try_get(self, key):
        if key not in self.values:
            raise jax.errors.JaxRuntimeError(f"NOT_FOUND: {key}")
        return self.values[key]


class Left(SystemExit):
    """The process would be gone; ends a thread without a word."""


@pytest.fixture
def client(monkeypatch):
    made, left = Client(), []

    def leave(code):
        left.append(code)
        raise Left(code)

    made.left = left
    monkeypatch.setattr(failures.os, "_exit", leave)
    monkeypatch.setattr(failures, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(failures, "membership", lambda: Member(made, 1, 2))
    return made


def note(client):
    return json.loads(client.values[failures._FAILED])


def test_a_single_process_just_raises(client, monkeypatch):
    monkeypatch.setattr(failures, "membership", lambda: Member(None, 0, 1))
    with pytest.raises(KeyError), failing_together():
        raise KeyError
    assert client.values == {}


def test_without_a_failure_nothing_is_told(client):
    with failing_together():
        pass
    assert client.values == {}


@pytest.mark.parametrize("code", [None, 0, 75])
def test_an_end_is_no_failure(client, code):
    with pytest.raises(SystemExit), failing_together():
        raise SystemExit(code)
    assert client.values == {}


@pytest.mark.parametrize(
    ("error", "text", "code"),
    [
        (ValueError("no examples"), "ValueError: no examples", 1),
        (SystemExit("no workdir"), "no workdir", 1),
        (SystemExit(2), "2", 2),
        (KeyboardInterrupt(), "KeyboardInterrupt", 1),
    ],
)
def test_a_failure_is_told(client, capsys, error, text, code):
    with pytest.raises(Left), failing_together():
        raise error
    assert note(client) == {"process": 1, "error": text, "code": code}
    assert client.left == [code]
    assert (text in capsys.readouterr().err) == (text != "2")


def test_a_broken_connection_is_explained(client, capsys):
    with pytest.raises(Left), failing_together():
        raise ValueError("Connection closed by peer")
    assert capsys.readouterr().err.endswith("perhaps another process died: see its output\n")


def test_the_first_failure_is_the_one_to_tell(client, capsys):
    first = {"process": 0, "error": "no examples", "code": 3}
    client.values[failures._FAILED] = json.dumps(first)
    with pytest.raises(Left), failing_together():
        raise ValueError("Connection closed by peer")
    assert note(client) == first
    assert set(client.left) == {3}
    assert (
        "process 1 ends, because process 0 failed: no examples; here: ValueError: Connection "
        "closed by peer\n"
    ) in capsys.readouterr().err


def test_another_ones_failure_is_noticed_wherever_this_one_is(client, capsys):
    with failing_together():
        client.values[failures._FAILED] = '{"process": 0, "error": "no examples", "code": 3}'
        for _ in range(200):
            if client.left:
                break
            time.sleep(0.01)
    assert client.left == [3]
    assert "process 1 ends, because process 0 failed: no examples\n" in capsys.readouterr().err


def test_the_one_that_keeps_the_notes_leaves_last(client, monkeypatch):
    slept = []
    monkeypatch.setattr(failures, "membership", lambda: Member(client, 0, 2))
    monkeypatch.setattr(failures.time, "sleep", slept.append)
    with pytest.raises(Left), failing_together():
        raise ValueError
    assert len(slept) == 1
    assert slept[0] > 2 * failures._POLL_SECONDS
