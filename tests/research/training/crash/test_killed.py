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


def test_killed_at_random_moments_a_run_ends_as_if_undisturbed(
    tmp_path, start_run, finish, assert_undisturbed
):
    seed = time.time_ns()
    random = np.random.default_rng(seed)
    print("seed", seed)  # shown when it fails
    kills, workdirs = 0, 1
    while kills < KILLS:
        workdir = tmp_path / str(workdirs)
        process = start_run(workdir)
        before = checkpoints_of(workdir)
        if kills % 5 == 4:  # on the way up: imports, restoring, compiling
            time.sleep(random.uniform(0.0, 3.0))
        else:
            until(
                lambda workdir=workdir, before=before, process=process: (
                    checkpoints_of(workdir) != before or process.poll() is not None
                ),
                "a checkpoint",
            )
            time.sleep(random.uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        code, _, error = ended(process)
        if code == 0:  # it was faster
            assert_undisturbed(workdir)
            workdirs += 1
        else:
            assert code == -signal.SIGKILL, error
            kills += 1
    print(kills, "kills of", workdirs, "runs")
    finish(workdir)


SUPERVISOR = """
import sys
from pathlib import Path
from research.training.supervision import supervise
sys.exit(supervise(sys.argv[2:], max_restarts=1, progress=Path(sys.argv[1]) / "metrics.jsonl"))
"""


def test_killed_under_supervision_a_run_ends_by_itself(tmp_path, assert_undisturbed):
    supervisor = start(SUPERVISOR, tmp_path, sys.executable, PROGRAM, tmp_path, "save")
    for _ in range(2):
        line_of(supervisor, "save")
    os.kill(json.loads((tmp_path / "lock").read_text())["pid"], signal.SIGKILL)
    code, _, error = ended(supervisor)
    assert code == 0, error
    assert "the command was ended by SIGKILL; restart 1 of 1 in 1 s" in error
    assert_undisturbed(tmp_path)
