import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sharing import made_once

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def launch():
    """Runs launch.py as a user does, on one device; `quick` where no figure matters."""
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}

    def run(*flags, code=0, quick=False):
        hurry = {"XLA_FLAGS": "--xla_backend_optimization_level=0"} if quick else {}
        result = subprocess.run(
            [sys.executable, "launch.py", *map(str, flags)],
            cwd=ROOT,
            env=environment | hurry,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert result.returncode == code, result.stderr
        return result

    return run


@pytest.fixture(scope="session")
def credit():
    """The credit data, or the tests that need it are skipped."""
    pytest.importorskip("pandas", reason="needs pandas")
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    from research.data.datasets import credit
    from research.data.sources import SourceError

    try:
        return credit.load()
    except SourceError as error:
        pytest.skip(f"needs the credit data: {error}")


@pytest.fixture(scope="session")
def credit_run(launch, credit, tmp_path_factory):
    """The workdir of a finished run of the credit experiment: a copy, so that tests may write."""

    def train(workdir):
        launch("--config=experiments/credit/config.py", f"--workdir={workdir}")

    trained = made_once(tmp_path_factory, "credit", train, last="report.html")
    return shutil.copytree(trained, tmp_path_factory.mktemp("runs") / "credit")
