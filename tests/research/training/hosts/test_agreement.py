"""Processes that stop, or fail, as one."""

import signal

import pytest

from tests.research.training.hosts.harness import run_processes, started


def stepping(processes):
    return all({"stepping": True} in process.said for process in processes)


@pytest.mark.parametrize("asked", [0, 1])
def test_all_stop_at_the_same_step(asked):
    with started("stopping", "2000", "3") as processes:
        processes.wait_until(stepping)
        processes[asked].popen.send_signal(signal.SIGTERM)
        processes.wait()
        assert [p.code for p in processes] == [0, 0], processes.report()
        first, second = ([s["steps"] for s in p.said if "steps" in s] for p in processes)
    assert first == second
    # An agreement that was carried out is over: the next one starts from nothing.
    assert 0 < first[0] < 2000
    assert first[1] == 3


def test_nobody_asked_nobody_stops():
    said = run_processes("stopping", "4", "2", devices=1)
    assert [[s["steps"] for s in one if "steps" in s] for one in said] == [[4, 2], [4, 2]]


@pytest.mark.parametrize(
    ("how", "who", "message", "code"),
    [
        ("exception", 0, "ValueError: the examples are missing", 1),
        ("exception", 1, "ValueError: the examples are missing", 1),
        ("refusal", 0, "another run has this workdir", 1),
        ("code", 1, "2", 2),
    ],
)
def test_one_that_fails_ends_the_others(how, who, message, code):
    # Shutting down in step would take `shutdown_seconds`, 20 here, and then abort.
    with started("failing", how, str(who), devices=1) as processes:
        processes.wait(15)
        assert [p.code for p in processes] == [code, code], processes.report()
        other = processes[1 - who]
        assert f"process {1 - who} ends, because process {who} failed: {message}\n" in other.stderr
        assert message in processes[who].stderr or how == "code"
        assert "stack trace" not in other.stderr


@pytest.mark.parametrize("who", [0, 1])
def test_one_that_is_killed_ends_the_others(who):
    with started("failing", "killed", str(who), devices=1) as processes:
        processes.wait(40)
        other = processes[1 - who]
        assert processes[who].code == -signal.SIGKILL
        assert other.code not in (0, 2, 75), processes.report()
        # Who was in a collective operation with it, and who only heard no heartbeat.
        assert "perhaps another process died" in other.stderr or "task died" in other.stderr
