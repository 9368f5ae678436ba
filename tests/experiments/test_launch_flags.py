"""The command as processes: restarted, stopped, refused, two together."""

import contextlib
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from research.training.hosts import free_port
from tests.experiments import small
from tests.experiments.test_modes import command
from tests.research.training.hosts.harness import Process, Processes

pytestmark = pytest.mark.slow

# What gloo prints from threads of its own, whose pieces may be mixed.
GLOO = re.compile(
    r"\[Gloo\] Rank|is connected to|peer ranks\.|Expected number of connected peer ranks is :|\d|\s"
)

# Long enough to be met on its way.
LONG = (
    "--config.training.steps=2000",
    "--config.training.steps_per_call=1",
    "--config.training.evaluate_every=50",
)


@pytest.fixture
def workdir(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def launched(tmp_path, workdir):
    """Starts the command on the small experiment; kills at the end what is left of it."""
    running, environment = Processes(), {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}

    def start(*flags):
        folder = tmp_path / f"process{len(running)}"
        folder.mkdir()
        base = ["launch.py", f"--config={small.__file__}", f"--workdir={workdir}"]
        running.append(Process([sys.executable, *base, *flags], environment, folder))
        return running[-1]

    yield start
    for process in running:
        for child in children(process) if process.code is None else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            process.popen.kill()
        process.popen.wait()


def children(process):
    number = process.popen.pid
    text = Path(f"/proc/{number}/task/{number}/children").read_text()
    return [int(child) for child in text.split()]


def ended(*processes, code=0):
    Processes(processes).wait(120)
    assert [process.code for process in processes] == [code] * len(processes), Processes(
        processes
    ).report()


def reported(process, workdir, count=3):
    """Waits until the run has written so many lines."""

    def lines(_):
        metrics = workdir / "metrics.jsonl"
        return metrics.exists() and metrics.read_text().count("\n") >= count

    Processes([process]).wait_until(lines, timeout=120)


def setting(flag):
    """The key and the number of a flag of LONG."""
    key, number = flag.removeprefix("--config.").split("=")
    return key, int(number)


def steps_of(workdir):
    lines = (workdir / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["step"] for line in lines]


def test_a_killed_run_is_started_again(launched, workdir):
    process = launched("--mode=train", "--max_restarts=2", *LONG)
    reported(process, workdir)
    (child,) = children(process)
    os.kill(child, signal.SIGKILL)
    ended(process)
    assert "the command was ended by SIGKILL; restart 1 of 2" in process.stderr
    assert "restart 2" not in process.stderr
    assert re.search(r"training: 2000 steps .* resumed at step \d+", process.stdout)
    assert steps_of(workdir) == list(range(50, 2001, 50))


def test_a_mistake_is_not_tried_again(launched):
    process = launched("--max_restarts=3", "--config.training.monitor=auc")
    ended(process, code=2)
    assert "error: monitor is auc, the task has accuracy, loss" in process.stderr
    assert "restart" not in process.stderr


def test_told_to_stop_under_supervision(launched, workdir):
    process = launched("--mode=train", "--max_restarts=5", *LONG)
    reported(process, workdir)
    process.popen.send_signal(signal.SIGTERM)
    ended(process, code=75)
    stopped = re.search(r"stopped at step (\d+), saved", process.stderr)
    assert stopped and "SIGTERM was passed on" in process.stderr
    again = launched("--mode=train", *LONG)
    ended(again)
    assert f"resumed at step {stopped[1]} " in again.stdout
    assert steps_of(workdir) == list(range(50, 2001, 50))


def test_one_run_at_a_time(launched, workdir, capsys):
    first = launched("--mode=train", *LONG, "--config.training.steps=100000")
    reported(first, workdir, count=1)
    changes = [("training.steps", 100000), *map(setting, LONG[1:])]
    command(workdir, changes=changes, code=2)
    told = capsys.readouterr().err
    assert f"process {first.popen.pid} on " in told
    assert "wait for its end or stop it, or use another --workdir" in told
    command(workdir, overwrite=True, code=2)
    assert "another run is going on" in capsys.readouterr().err
    assert first.code is None
    first.popen.send_signal(signal.SIGINT)
    ended(first, code=75)


def test_two_processes_train_and_decide(launched, workdir):
    coordinator = f"127.0.0.1:{free_port()}"
    together = [
        launched(
            f"--coordinator={coordinator}",
            "--processes=2",
            f"--process={number}",
            "--cpu_devices=2",
        )
        for number in (0, 1)
    ]
    ended(*together)
    first, second = together
    assert "training: 20 steps" in first.stdout and "decided 32 cases" in first.stdout
    assert GLOO.sub("", second.stdout) == ""  # one process speaks
    assert steps_of(workdir) == [5, 10, 15, 20]
    assert len(json.loads((workdir / "decisions.json").read_text())) == 32
    # What four devices of two processes trained, one process takes for finished.
    alone = launched("--mode=decide")
    ended(alone)
    assert "decided 32 cases" in alone.stdout
