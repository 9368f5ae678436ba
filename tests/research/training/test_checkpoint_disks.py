"""Checkpoints on disks that refuse."""

import contextlib
import errno
import resource
import shutil
import subprocess

import jax.numpy as jnp
import numpy as np
import pytest

from research.training.checkpoints import Checkpoints, Saving
from research.workdir import WorkdirError
from tests.research.training.test_checkpoints import assert_same

# Orbax leaves coroutines behind where a write fails.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
]


def large(value=0.0):
    # Random, for else it is compressed away.
    return {"w": jnp.asarray(np.random.default_rng(int(value)).normal(size=400_000))}


@contextlib.contextmanager
def files_of_at_most(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def disk(tmp_path):
    """A file system of 4 MB of its own."""
    directory = tmp_path / "disk"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(directory)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield directory
    subprocess.run(["umount", "-l", str(directory)], check=True)


def saved_first(directory, **rules):
    checkpoints = Checkpoints(directory, saving=Saving(**rules))
    checkpoints.save(1, large(1), {})
    checkpoints.wait()
    return checkpoints


def assert_first_is_left(directory):
    with Checkpoints(directory, only_read=True) as checkpoints:
        restored = checkpoints.restore(large())
    assert restored.step == 1
    assert_same(restored.tree, large(1))


@pytest.mark.parametrize("surfaces", ["save", "wait", "close"])
def test_a_failure_in_the_background_surfaces_at_the_next_call(tmp_path, surfaces):
    checkpoints = saved_first(tmp_path)
    with files_of_at_most(100_000):
        checkpoints.save(2, large(2), {})
        with pytest.raises(WorkdirError, match="File too large: free space or choose") as raised:
            if surfaces == "save":
                checkpoints.save(3, large(3), {})
            else:
                getattr(checkpoints, surfaces)()
    assert raised.value.__cause__.errno == errno.EFBIG
    assert checkpoints.steps == [1]
    checkpoints.close()
    assert_first_is_left(tmp_path)


def test_nothing_is_deleted_for_a_checkpoint_that_fails(tmp_path):
    checkpoints = saved_first(tmp_path, keep_last=1)
    with files_of_at_most(100_000), pytest.raises(WorkdirError):
        checkpoints.save(2, large(2), {})
        checkpoints.close()
    assert_first_is_left(tmp_path)


def test_after_a_failure_saving_can_go_on(tmp_path):
    checkpoints = saved_first(tmp_path)
    with files_of_at_most(100_000), pytest.raises(WorkdirError):
        checkpoints.save(2, large(2), {})
        checkpoints.wait()
    checkpoints.save(3, large(3), {})
    checkpoints.close()
    with Checkpoints(tmp_path) as again:
        assert_same(again.restore(large()).tree, large(3))


def test_a_full_disk(disk):
    checkpoints = saved_first(disk / "checkpoints", keep_last=9)
    with pytest.raises(WorkdirError, match="No space left on device: free space"):
        for step in range(2, 5):
            checkpoints.save(step, large(step), {})
        checkpoints.close()
    with contextlib.suppress(WorkdirError):
        checkpoints.close()
    with Checkpoints(disk / "checkpoints", only_read=True) as again:
        restored = again.restore(large())
        assert_same(restored.tree, large(restored.step))


def test_a_disk_that_becomes_read_only(disk):
    checkpoints = saved_first(disk)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(WorkdirError, match="Read-only file system"):
        checkpoints.save(2, large(2), {})
        checkpoints.wait()
    checkpoints.close()
    assert_first_is_left(disk)


def test_a_directory_that_is_no_directory_any_more(tmp_path):
    directory = tmp_path / "checkpoints"
    checkpoints = saved_first(directory)
    shutil.rmtree(directory)
    directory.write_text("")
    # Quickly: left to Orbax's own background, it would take minutes of waiting.
    with pytest.raises(WorkdirError, match="Not a directory: choose another --workdir"):
        checkpoints.save(2, large(2), {})
        checkpoints.wait()
    checkpoints.close()


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkdirError, match="cannot write .*file/checkpoints: Not a directory"):
        Checkpoints(tmp_path / "file" / "checkpoints")
