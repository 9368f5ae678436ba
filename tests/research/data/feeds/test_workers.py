"""Grain's processes. Each takes a second or two to start, so that few tests do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from research.data.feeds import InMemory, Resident, Streamed, WorkerDied, WorkersUnavailable
from research.data.mapped import write_mapped
from tests.research.data.feeds.sources import Failing, Numbered, arrays

ROOT = Path(__file__).parents[4]


def test_the_same_batches_as_resident_from_any_step(tmp_path: Path) -> None:
    pytest.importorskip("grain")
    examples = arrays(np.arange(37))
    resident = Resident(examples=examples, batch_size=8, seed=5)
    mapped = write_mapped(tmp_path / "examples", [examples])
    for source, first, calls in (
        (mapped, 0, [2, 2, 1, 2, 2, 3, 1]),
        (InMemory(examples), 1_000_003, [1, 1, 1, 1]),
    ):
        feed = Streamed(source, batch_size=8, seed=5, workers=2)
        step = first
        try:
            for count in calls:
                loaded = feed.load(step, count, slice(2, 7))
                indices = resident.load(step, count, slice(2, 7))
                assert loaded.keys() == examples.keys()
                for name, array in loaded.items():
                    assert type(array) is np.ndarray
                    assert array.dtype == examples[name].dtype
                    np.testing.assert_array_equal(array, examples[name][indices])
                step += count
        finally:
            feed.close()


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ("raise", OSError, "example 7 is unreadable"),
        ("exit", RuntimeError, "the source called sys.exit\\(0\\)"),
        ("kill", WorkerDied, "exit code -9 .*use fewer workers or a smaller prefetch"),
    ],
)
def test_a_worker_that_fails_is_an_error_not_a_hang(
    how: str, error: type[Exception], message: str
) -> None:
    pytest.importorskip("grain")
    feed = Streamed(Failing(20, at=7, how=how), batch_size=20, seed=0, workers=1)
    with pytest.raises(error, match=message):
        feed.load(0, 1)


def test_a_worker_that_hangs_does_not_keep_the_feed_open() -> None:
    pytest.importorskip("grain")
    last = Resident(examples=arrays(np.arange(8)), batch_size=2, seed=0).load(3, 1)[0, 0]
    feed = Streamed(Failing(8, at=last, how="hang"), batch_size=2, seed=0, workers=1)
    for step in range(3):
        feed.load(step, 1)
    closing = threading.Thread(target=feed.close, daemon=True)
    closing.start()
    closing.join(timeout=60)
    assert not closing.is_alive()


def test_without_grain_only_workers_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grain", None)
    Streamed(Numbered(20), batch_size=5, seed=0).load(0, 1)
    feed = Streamed(Numbered(20), batch_size=5, seed=0, workers=2)
    with pytest.raises(WorkersUnavailable, match=r"pip install 'rulax\[grain\]', or use workers=0"):
        feed.load(0, 1)


TRAINER = """
import multiprocessing, os, signal, sys
from research.data.feeds import Streamed
from tests.research.data.feeds.sources import Numbered

def main():
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    signal.signal(signal.SIGINT, lambda *_: stopping.append(True))
    feed = Streamed(Numbered(20), batch_size=5, seed=0, workers=2)
    feed.load(0, 1)
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    step = 1
    while len(stopping) < 2:
        feed.load(step, 1)
        step += 1
    for step in range(step, step + 20):
        feed.load(step, 1)
    if "--forget" not in sys.argv:
        feed.close()
    print("saved", flush=True)

if __name__ == "__main__":
    main()
"""


def start(tmp_path: Path, *arguments: str) -> tuple[subprocess.Popen[str], list[int]]:
    script = tmp_path / "trainer.py"
    script.write_text(TRAINER)
    trainer = subprocess.Popen(
        [sys.executable, str(script), *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert trainer.stdout
    workers = [int(pid) for pid in trainer.stdout.readline().split()]
    return trainer, workers


def gone(pids: list[int], within: float = 60) -> bool:
    """Whether none of the processes is left, but for those nobody waits for."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


@linux
@pytest.mark.parametrize("ending", [(), ("--forget",)])
def test_signals_to_the_group_leave_the_workers_to_the_trainer(
    tmp_path: Path, ending: tuple[str, ...]
) -> None:
    pytest.importorskip("grain")
    trainer, workers = start(tmp_path, *ending)
    assert len(workers) == 2
    os.killpg(trainer.pid, signal.SIGTERM)
    os.killpg(trainer.pid, signal.SIGINT)
    output, errors = trainer.communicate(timeout=120)
    assert output == "saved\n", errors
    assert trainer.returncode == 0
    assert errors == ""
    assert gone(workers)


@linux
def test_a_killed_trainer_leaves_no_workers_behind(tmp_path: Path) -> None:
    pytest.importorskip("grain")
    trainer, workers = start(tmp_path)
    assert len(workers) == 2
    trainer.kill()
    trainer.communicate(timeout=60)
    assert gone(workers)
    assert list(tmp_path.glob("feed-*")) == []
