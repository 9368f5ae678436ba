"""A disk that is full in the middle, and files that are damaged."""

import shutil
import subprocess

import pytest

from tests.research.training.processes import ended, line_of
from tests.research.training.test_checkpoints import damage

pytestmark = pytest.mark.slow


def test_the_last_checkpoint_is_damaged(tmp_path, start_run, finish):
    process = start_run(tmp_path, "save")
    for _ in range(4):
        line_of(process, "save")
    process.terminate()
    code, _, error = ended(process)
    assert code == 75, error
    damage(max((tmp_path / "checkpoints").iterdir(), key=lambda path: int(path.name)))
    finish(tmp_path)


def test_the_disk_is_full_in_the_middle(tmp_path, start_run, finish):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    workdir, ballast = disk / "run", disk / "ballast"
    try:
        process = start_run(workdir, "save")
        for _ in range(2):
            line_of(process, "save")
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(b"x" * 4096)
        code, _, error = ended(process)
        assert code == 2, error
        # Around this line there may be tracebacks from TensorStore's own threads.
        assert "No space left on device: free space or choose another --workdir" in error
        ballast.unlink()
        finish(workdir)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
