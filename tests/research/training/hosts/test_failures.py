"""One process's failure is everyone's."""

import signal

import pytest

from tests.research.training.hosts.harness import started


@pytest.mark.parametrize(
    ("how", "who", "message", "code"),
    [
        ("exception", 0, "ValueError: the examples are missing", 1),
        ("code", 1, "2", 2),
    ],
)
def test_one_that_fails_ends_the_others(how, who, message, code):
    # Shutting down in step would take `shutdown_seconds`, 20 here, and then abort.
    with started("failing", how, str(who), devices=1) as processes:
        processes.wait(15)
        assert [p.code for p in processes] == [code, code], processes.report()
        other = processes[1 - who]
        assert f"process {1 - who} ends, because process {who} failed: {message}" in other.stderr
        assert message in processes[who].stderr or how == "code"
        assert "stack trace" not in other.stderr


@pytest.mark.parametrize("who", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_one_that_is_killed_ends_the_others(who):
    with started("failing", "killed", str(who), devices=1) as processes:
        processes.wait(40)
        other = processes[1 - who]
        assert processes[who].code == -signal.SIGKILL
        assert other.code not in (0, 2, 75), processes.report()
        # Who was in a collective operation with it, and who only heard no heartbeat.
        assert "perhaps another process died" in other.stderr or "task died" in other.stderr
