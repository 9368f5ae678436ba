"""A run of two processes with one workdir."""

import json
import signal

import pytest

from tests.research.training.hosts.harness import run_processes, started


def lines(workdir):
    path = workdir / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def stopped(workdir, asked, number=signal.SIGTERM):
    """Starts a run, tells one process to stop after some reports; the step where all did."""
    with started("fitting", str(workdir), devices=2) as processes:
        processes.wait_until(lambda _: len(lines(workdir)) >= 3)
        processes[asked].popen.send_signal(number)
        processes.wait()
        assert [p.code for p in processes] == [75, 75], processes.report()
        first, second = (p.said[-1]["preempted"] for p in processes)
        assert first == second
        return first


@pytest.mark.parametrize(("asked", "number"), [(0, signal.SIGINT), (1, signal.SIGTERM)])
def test_told_to_stop_both_stop_and_either_number_goes_on(tmp_path, asked, number):
    undisturbed = run_processes("fitting", str(tmp_path / "whole"), devices=2)
    assert undisturbed[0][-1]["sum"] == undisturbed[1][-1]["sum"]
    workdir = tmp_path / "run"
    step = stopped(workdir, asked, number)
    assert 0 < step < 1000
    # Process 0 alone writes the metrics: each report is there once.
    steps = [record["step"] for record in lines(workdir)]
    assert steps == sorted(set(steps))

    if asked:  # in one process, on all of its devices
        said = run_processes("fitting", str(workdir), processes=1, devices=4)
    else:
        said = run_processes("fitting", str(workdir), devices=2)
    for (one,) in said:
        assert one["resumed_at"] == step
        assert one["step"] == 1000
        assert one["sum"] == pytest.approx(undisturbed[0][-1]["sum"], rel=1e-3)
    assert [r["step"] for r in lines(workdir)] == list(range(20, 1001, 20))
    if not asked:
        same = (tmp_path / "whole" / "metrics.jsonl").read_bytes()
        assert (workdir / "metrics.jsonl").read_bytes() == same
        assert said[0][-1]["sum"] == undisturbed[0][-1]["sum"]
