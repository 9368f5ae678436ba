import sys
import time

import pytest

from research.data.sources.processes import ProcessError, run


def python(code, directory, seconds=20.0):
    run([sys.executable, "-c", code], directory=directory, seconds=seconds)


def test_constraints_of_the_surroundings_are_not_passed_on(tmp_path, monkeypatch):
    # `make demo` pins its installs by a relative path; pip download runs elsewhere.
    monkeypatch.setenv("PIP_CONSTRAINT", "constraints.txt")
    monkeypatch.setenv("PIP_INDEX_URL", "kept")
    python("import os; assert 'PIP_CONSTRAINT' not in os.environ", tmp_path)
    python("import os; assert os.environ['PIP_INDEX_URL'] == 'kept'", tmp_path)


def test_a_failure_gives_the_last_line_of_what_the_program_said(tmp_path):
    with pytest.raises(ProcessError, match="ended with status 3: second"):
        python("import sys; print('first\\nsecond', file=sys.stderr); sys.exit(3)", tmp_path)


def test_a_program_that_hangs_is_killed(tmp_path):
    began = time.monotonic()
    with pytest.raises(ProcessError, match="took longer than 0.5 s"):
        python("import time; time.sleep(60)", tmp_path, seconds=0.5)
    assert time.monotonic() - began < 10
