import errno
import fcntl
import json
import os
import re
import resource
import socket

import jax
import pytest

from research.training.lock import locked
from research.workdir import Workdir, WorkdirError
from tests.research.training.processes import ended, line_of, start

HOLD = """
import sys, time
from pathlib import Path
from research.training.lock import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


def test_the_second_run_is_refused_and_told_who_holds_it(tmp_path):
    process = start(HOLD, tmp_path)
    line_of(process, "locked")
    expected = (
        rf"another run is going on in {re.escape(str(tmp_path))} \(process {process.pid} on "
        rf"{re.escape(socket.gethostname())}, since \d{{4}}-\d\d-\d\dT[\d:]+[+-][\d:]+\): wait "
        "for its end or stop it, or use another --workdir"
    )
    with pytest.raises(WorkdirError, match=expected), locked(tmp_path):
        pass
    process.kill()
    ended(process)
    with locked(tmp_path):  # a killed run leaves no lock
        assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid()


def test_a_lock_is_let_go_at_the_end_of_the_block(tmp_path):
    for _ in range(2):
        with locked(tmp_path / "new"), pytest.raises(WorkdirError), locked(tmp_path / "new"):
            pass


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork:RuntimeWarning")
def test_a_forked_worker_does_not_hold_the_lock_on(tmp_path):
    with locked(tmp_path):
        (ready, tell_ready), (end, tell_end) = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            os.write(tell_ready, b"x")
            os.read(end, 1)
            os._exit(0)
        os.read(ready, 1)
    try:
        with locked(tmp_path):
            assert os.waitpid(child, os.WNOHANG) == (0, 0)  # it lives
    finally:
        os.write(tell_end, b"x")
        os.waitpid(child, 0)


def test_a_holder_that_has_not_noted_its_name_yet(tmp_path):
    with (tmp_path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(WorkdirError, match="a process that has not noted"), locked(tmp_path):
            pass


def test_of_several_processes_the_first_holds_the_lock(tmp_path, monkeypatch):
    with locked(tmp_path):
        monkeypatch.setattr(jax, "process_index", lambda: 1)
        with locked(tmp_path):
            pass


def test_a_file_system_without_locks_is_told_of(tmp_path, monkeypatch, caplog):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with locked(tmp_path):
        assert "can't be locked" in caplog.text


def test_a_directory_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkdirError, match="cannot write"), locked(tmp_path / "file" / "run"):
        pass


def test_a_full_disk(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(WorkdirError, match="File too large: free space"), locked(tmp_path):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_workdir_that_holds_only_a_lock_is_new(tmp_path):
    with locked(tmp_path):
        Workdir(tmp_path).claim({"experiment": "e", "config": {}})
        Workdir(tmp_path).claim({"experiment": "f", "config": {}}, overwrite=True)
        assert Workdir(tmp_path).config()["experiment"] == "f"
        with pytest.raises(WorkdirError, match="another run is going on"), locked(tmp_path):
            pass
