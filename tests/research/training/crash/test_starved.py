"""Disks that are full in the middle, and files that are damaged."""

import shutil
import subprocess

import pytest

from tests.research.training.processes import ended, line_of
from tests.research.training.test_checkpoints import damage

pytestmark = pytest.mark.slow


def stopped(process, phase, count):
    for _ in range(count):
        line_of(process, phase)
    process.terminate()
    code, _, error = ended(process)
    assert code == 75, error


def test_the_last_checkpoint_is_damaged(tmp_path, start_run, finish):
    stopped(start_run(tmp_path, "save"), "save", 5)
    checkpoints = tmp_path / "checkpoints"
    newest = max(checkpoints.iterdir(), key=lambda path: int(path.name))
    damage(newest)
    process = start_run(tmp_path, "save")
    stopped(process, "save", 1)
    finish(tmp_path)


@pytest.fixture
def disk(tmp_path):
    directory = tmp_path / "disk"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(directory)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield directory
    subprocess.run(["umount", "-l", str(directory)], check=True)


def test_the_disk_is_full_in_the_middle(disk, start_run, finish):
    workdir, ballast = disk / "run", disk / "ballast"
    process = start_run(workdir, "save")
    for _ in range(3):
        line_of(process, "save")
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"x" * 4096)
    code, _, error = ended(process)
    assert code == 2, error
    # Before this line there may be tracebacks from TensorStore's own threads.
    last = error.splitlines()[-1]
    assert "No space left on device: free space or choose another --workdir" in last
    ballast.unlink()
    finish(workdir)


def test_the_workdir_becomes_read_only(disk, start_run, finish):
    workdir = disk / "run"
    process = start_run(workdir, "save")
    for _ in range(3):
        line_of(process, "save")
    process.send_signal(19)  # SIGSTOP, for else there is always a file open for writing
    remount = ["mount", "-o", "remount,ro", str(disk)]
    if subprocess.run(remount, capture_output=True).returncode:
        process.kill()
        ended(process)
        pytest.skip("needs a moment without open files")
    process.send_signal(18)
    code, _, error = ended(process)
    assert code == 2, error
    assert "Read-only file system" in error
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    finish(workdir)
