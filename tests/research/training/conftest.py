"""What several tests of runs share."""

import pytest

from research.workdir import Workdir


@pytest.fixture
def workdir(tmp_path):
    return Workdir(tmp_path)
