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


@pytest.mark.parametrize("phase", ["evaluate", "save"])
def test_stopped_in_the_middle_a_run_ends_as_if_undisturbed(tmp_path, start_run, finish, phase):
    for number in (signal.SIGTERM, signal.SIGINT):
        process = start_run(tmp_path, phase)
        for _ in range(random.randint(1, 4)):
            line_of(process, phase)
        if phase == "evaluate" and number == signal.SIGTERM:
            with pytest.raises(
                WorkdirError, match=f"process {process.pid} on .*: wait for its end"
            ):
                program.run(tmp_path)
        time.sleep(random.uniform(0.0, 0.05))
        process.send_signal(number)
        code, _, error = ended(process)
        assert code == 75, error
        assert re.search(r"stopped at step \d+, saved: run the same command to resume", error)
        assert "Traceback" not in error
    finish(tmp_path)


def test_stopped_while_xla_compiles(tmp_path, start_run):
    for number in (signal.SIGTERM, signal.SIGINT):
        process = start_run(tmp_path, "compile", cached=False)
        for _ in range(2):  # the variables of the start, then the step
            line_of(process, "compile")
        time.sleep(random.uniform(0.0, 0.3))
        process.send_signal(number)
        code, _, error = ended(process)
        assert code == 75, error
        assert "stopped at step 0" in error
        assert "Traceback" not in error
