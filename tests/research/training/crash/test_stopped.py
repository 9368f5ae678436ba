"""SIGTERM and SIGINT wherever a run is: it saves, ends with 75, and goes on."""

import random
import re
import signal
import time

import pytest

from research.workdir import WorkdirError
from tests.research.training.crash import program
from tests.research.training.processes import ended, line_of

pytestmark = pytest.mark.slow


def stopped(process, number, phase, *, after):
    """Sends the signal somewhere in the phase; what it says of it."""
    for _ in range(after):
        line_of(process, phase)
    time.sleep(random.uniform(0.0, 0.05))
    process.send_signal(number)
    code, _, error = ended(process)
    assert code == 75, error
    assert "Traceback" not in error
    said = re.search(
        r"stopped (at step (\d+), saved|before the first step): run the same command to resume",
        error,
    )
    assert said, error
    return int(said[2] or 0)


def test_stopped_at_random_moments_a_run_ends_as_if_undisturbed(tmp_path, start_run, finish):
    process = start_run(tmp_path, "evaluate")
    line_of(process, "evaluate")
    with pytest.raises(WorkdirError, match=f"another run is going on .*process {process.pid} on"):
        program.run(tmp_path)
    first = stopped(process, signal.SIGTERM, "evaluate", after=random.randint(0, 2))
    assert first >= 20
    process = start_run(tmp_path, "save")
    assert stopped(process, signal.SIGINT, "save", after=random.randint(1, 3)) > first
    finish(tmp_path)


def test_stopped_while_xla_compiles(tmp_path, start_run):
    process = start_run(tmp_path, "compile", cached=False)
    # Two programs: the variables of the start, then the step.
    assert stopped(process, signal.SIGTERM, "compile", after=2) == 0
