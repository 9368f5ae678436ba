"""What the crash tests compare with: the same run, undisturbed."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from research.training.checkpoints import Checkpoints
from research.workdir import Workdir
from tests.research.training.processes import ended, start
from tests.sharing import made_once

PROGRAM = Path(__file__).with_name("program.py")


class Outcome(NamedTuple):
    """All that a run leaves that must not depend on how often it was disturbed."""

    model: dict
    state: dict
    lines: bytes
    table: bytes


def outcome(workdir):
    workdir = Workdir(workdir)
    arrays = []
    for directory in (workdir.model, workdir.checkpoints):
        with Checkpoints(directory, only_read=True) as checkpoints:
            step, found = checkpoints.arrays(lambda shapes: shapes)
        arrays.append({"step of it": step} | {k: np.asarray(v) for k, v in found.items()})
    table = workdir.path / "metrics.csv"
    return Outcome(*arrays, workdir.metrics.read_bytes(), table.read_bytes())


@pytest.fixture(scope="package")
def start_run():
    """Starts the program on a workdir."""

    def start_one(workdir, *arguments, cached=True, **options):
        environment = {} if cached else {"JAX_ENABLE_COMPILATION_CACHE": "false"}
        return start(PROGRAM, workdir, *arguments, env=environment, **options)

    return start_one


@pytest.fixture(scope="package")
def undisturbed(tmp_path_factory, start_run):
    def run(workdir):
        code, _, error = ended(start_run(workdir))
        assert code == 0, error
        (workdir / "ended").touch()

    return outcome(made_once(tmp_path_factory, "undisturbed", run, last="ended"))


@pytest.fixture
def assert_undisturbed(undisturbed):
    """Compares a workdir with the undisturbed run's."""

    def compare(workdir):
        found = outcome(workdir)
        assert found.lines == undisturbed.lines
        assert found.table == undisturbed.table
        for theirs, ours in ((found.model, undisturbed.model), (found.state, undisturbed.state)):
            assert theirs.keys() == ours.keys()
            for name, array in ours.items():
                np.testing.assert_array_equal(theirs[name], array, err_msg=name)

    return compare


@pytest.fixture
def finish(start_run, assert_undisturbed):
    """Runs to the end, and compares with the undisturbed run."""

    def finish_run(workdir):
        code, _, error = ended(start_run(workdir))
        assert code == 0, error
        assert_undisturbed(workdir)

    return finish_run
