"""SIGKILL at random moments; RULAX_KILLS says how many."""

import contextlib
import json
import os
import signal
import sys
import time

import numpy as np
import pytest

from tests.effort import KILLS
from tests.research.training.crash.conftest import PROGRAM
from tests.research.training.processes import ended, line_of, start, until

pytestmark = pytest.mark.slow


def checkpoints_of(workdir):
    with contextlib.suppress(FileNotFoundError):
        return sorted((workdir / "checkpoints").iterdir())
    return []


def test_killed_at_random_moments_a_run_ends_as_if_undisturbed(tmp_path, start_run, finish):
    seed = time.time_ns()
    random = np.random.default_rng(seed)
    print("seed", seed)  # shown when it fails
    for kill in range(KILLS):
        process = start_run(tmp_path)
        before = checkpoints_of(tmp_path)
        if kill % 5 == 4:  # on the way up: imports, restoring, compiling
            time.sleep(random.uniform(0.0, 3.0))
        else:
            until(
                lambda before=before, process=process: (
                    checkpoints_of(tmp_path) != before or process.poll() is not None
                ),
                "a checkpoint",
            )
            time.sleep(random.uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        code, _, error = ended(process)
        assert code in (-signal.SIGKILL, 0), error
    finish(tmp_path)


SUPERVISOR = """
import sys
from pathlib import Path
from research.training.supervision import supervise
sys.exit(supervise(sys.argv[2:], max_restarts=1, progress=Path(sys.argv[1]) / "metrics.jsonl"))
"""


def test_killed_under_supervision_a_run_ends_by_itself(tmp_path, start_run, finish):
    command = [sys.executable, PROGRAM, tmp_path, "save"]
    supervisor = start(SUPERVISOR, tmp_path, *command)
    for _ in range(2):
        line_of(supervisor, "save")
        line_of(supervisor, "save")
        os.kill(json.loads((tmp_path / "lock").read_text())["pid"], signal.SIGKILL)
        while "restart 1 of 1" not in supervisor.stderr.readline():
            assert supervisor.poll() is None
    code, _, error = ended(supervisor)
    assert code == 0, error
    finish(tmp_path)
