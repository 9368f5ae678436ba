"""A run of two processes with one workdir."""

import json
import signal

import pytest

from tests.effort import at_length_on_hosts
from tests.research.training.hosts.harness import run_processes, started

STEPS, EVERY = 400, 40


def lines(workdir):
    path = workdir / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def stopped(workdir, *, asked, number=signal.SIGTERM):
    """Starts a run, tells one process to stop after some reports; the step where all did."""
    with started("fitting", str(workdir), devices=1) as processes:
        processes.wait_until(lambda _: lines(workdir))
        processes[asked].popen.send_signal(number)
        processes.wait()
        assert [p.code for p in processes] == [75, 75], processes.report()
        first, second = (p.said[-1]["preempted"] for p in processes)
        assert first == second
        return first


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The workdir of a run of two processes that nobody disturbed, and what it said."""
    workdir = tmp_path_factory.mktemp("whole")
    said = run_processes("fitting", str(workdir), devices=1)
    assert said[0][-1]["sum"] == said[1][-1]["sum"]
    return workdir, said[0][-1]


def test_told_to_stop_both_stop_and_go_on_bit_for_bit(tmp_path, whole):
    step = stopped(tmp_path, asked=1)
    assert 0 < step < STEPS
    # Process 0 alone writes: each report is there once.
    steps = [record["step"] for record in lines(tmp_path)]
    assert steps == sorted(set(steps))
    for (one,) in run_processes("fitting", str(tmp_path), devices=1):
        assert one["resumed_at"] == step
        assert one["sum"] == whole[1]["sum"]
    for name in ("metrics.jsonl", "metrics.csv"):
        assert (tmp_path / name).read_bytes() == (whole[0] / name).read_bytes()


@at_length_on_hosts
def test_what_two_processes_began_one_may_end(tmp_path, whole):
    step = stopped(tmp_path, asked=0, number=signal.SIGINT)
    ((one,),) = run_processes("fitting", str(tmp_path), processes=1, devices=2)
    assert (one["resumed_at"], one["step"]) == (step, STEPS)
    assert one["sum"] == pytest.approx(whole[1]["sum"], rel=1e-3, abs=1e-5)
    assert [r["step"] for r in lines(tmp_path)] == list(range(EVERY, STEPS + 1, EVERY))
