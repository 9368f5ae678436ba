"""Reading ahead in worker processes, by Grain: for decoding that would hold the GIL."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import numpy as np

from research.data.feeds.feed import Arrays

_ENDLESS = 2**48
_PATIENCE = 5.0  # seconds


class WorkersUnavailable(ImportError):
    """Grain is not installed."""


class WorkerDied(RuntimeError):
    """A worker process ended on its own."""


def by_workers(
    read: Callable[[int], Arrays], *, workers: int, ahead: int
) -> Generator[Arrays, None, None]:
    """Yields `read(0)`, `read(1)`, and so on, without end, read by processes.

    Worker w of W reads w, w + W, and so on; what they return comes through shared memory.
    A record should be a whole batch: each costs about half a millisecond.

    Args:
        read: must survive `pickle`; called in the workers.
        workers: processes, 1 or more.
        ahead: results to hold ready, over all workers.

    Raises:
        WorkersUnavailable: when Grain is not installed.
        WorkerDied: when a worker is killed or crashes.
    """
    try:
        import grain
    except ImportError as error:
        raise WorkersUnavailable(
            f"reading by {workers} worker processes needs Grain: pip install 'rulax[grain]', or "
            "use workers=0, which reads by threads"
        ) from error
    _allow_flags()
    with tempfile.TemporaryDirectory(prefix="feed-") as started:
        records = iter(
            grain.MapDataset.source(_Records(read))
            # Grain's own threads inside a worker would only contend for its GIL.
            .to_iter_dataset(grain.ReadOptions(num_threads=0, prefetch_buffer_size=0))
            .mp_prefetch(
                grain.MultiprocessingOptions(
                    num_workers=workers, per_worker_buffer_size=max(1, -(-ahead // workers))
                ),
                worker_init_fn=functools.partial(_settle, Path(started)),
            )
        )
        # From a thread, for the sake of the signals: see `_leave_signals_to_trainer`.
        reader = ThreadPoolExecutor(1, "feed", initializer=_leave_signals_to_trainer)
        try:
            while True:
                yield reader.submit(lambda: _copied(next(records))).result()
        except RuntimeError as error:
            if "terminated unexpectedly" not in str(error):
                raise
            raise WorkerDied(
                f"a process that reads examples died ({error}): exit code -9 is mostly the memory "
                "running out, -7 the shared memory (see `df /dev/shm`): use fewer workers or a "
                "smaller prefetch"
            ) from error
        finally:
            # Grain waits for its workers without end, and the source may hang.
            killer = threading.Timer(_PATIENCE, _kill, [Path(started)])
            killer.start()
            records.close()
            reader.shutdown()
            killer.cancel()


def _copied(record: Arrays) -> Arrays:
    # Arrays in shared memory that live to the end of the process end it with a traceback.
    return {name: np.array(array) for name, array in record.items()}


def _leave_signals_to_trainer() -> None:
    """Blocks SIGINT and SIGTERM in the calling thread and in all that it starts.

    Signals often go to the whole group of processes, at any moment, and the trainer needs
    batches until it has saved. Workers inherit the mask before they run their first line.
    """
    if hasattr(signal, "pthread_sigmask"):
        # Which would otherwise start with the first worker, and end by unblocking them.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})


@dataclasses.dataclass(frozen=True)
class _Records:
    """What Grain takes for a data source."""

    read: Callable[[int], Arrays]

    def __len__(self) -> int:
        return _ENDLESS

    def __getitem__(self, index: Any) -> Arrays:
        try:
            return self.read(int(index))
        except SystemExit as error:  # Grain would take exit code 0 for a worker at work
            raise RuntimeError(f"the source called sys.exit({error.code!r})") from error


def _allow_flags() -> None:
    """Lets Grain read its flags where nobody parsed any: in a notebook, under pytest."""
    from absl import flags

    if not flags.FLAGS.is_parsed():
        for name in flags.FLAGS:
            if name.startswith("grain_"):
                flags.FLAGS[name].present = True


def _settle(started: Path, index: int, count: int) -> None:
    """Runs first in every worker, and leaves its process id in the folder."""
    del index, count
    (started / str(os.getpid())).touch()
    if "jax" in sys.modules:
        # The accelerator belongs to the trainer.
        sys.modules["jax"].config.update("jax_platforms", "cpu")
    threading.Thread(target=_end_with_trainer, args=[started], daemon=True).start()


def _end_with_trainer(started: Path) -> None:
    trainer = multiprocessing.parent_process()
    if trainer is not None:
        trainer.join()
        shutil.rmtree(started, ignore_errors=True)
        os._exit(1)


def _kill(started: Path) -> None:
    for worker in started.iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(worker.name), signal.SIGKILL)
