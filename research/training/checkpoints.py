"""Training state on disk, through Orbax's v1 API: asynchronous, atomic, by step."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jax.sharding import SingleDeviceSharding
from orbax.checkpoint.experimental import v1 as ocp

from research.arguments import ArgumentError, require
from research.training.paths import by_path
from research.training.retention import Record, Saving, Tier, kept
from research.workdir import explained

__all__ = ["CheckpointError", "Checkpoints", "Restored", "Saving", "Tier"]

_STRUCTURE, _TIER, _METRIC = _OURS = "structure", "tier", "metric"
T = TypeVar("T")
_log = logging.getLogger(__name__)


class CheckpointError(Exception):
    """No checkpoint can be read; the message says what to do."""


class Restored(NamedTuple):
    """A checkpoint: its step, the arrays, and what was noted beside them."""

    step: int
    tree: Any
    notes: dict[str, Any]


class Checkpoints:
    """The checkpoints of a run.

    A checkpoint becomes visible by one rename when it is complete, and what it replaces is
    deleted after that, so a kill at any moment leaves one that can be read. Use as a
    context manager: leaving it waits for the save in progress. Under several processes, all
    of them make the same calls.

    Args:
        directory: made if need be.
        saving: which checkpoints stay.
        only_read: leave alone what a run may be writing there now.
        maximise: whether more of the metric is better, by which `saving.keep_best` ranks.

    Raises:
        WorkdirError: when the directory can't be made.
    """

    def __init__(
        self,
        directory: Path,
        *,
        saving: Saving | None = None,
        maximise: bool = False,
        only_read: bool = False,
    ) -> None:
        self._directory = directory
        self._saving = saving or Saving()
        self._maximise = maximise
        self._records: dict[int, Record] = {}
        self._background = ThreadPoolExecutor(1, thread_name_prefix="checkpoints")
        self._pending: tuple[int, Future[None]] | None = None
        context = ocp.Context()
        # Made in the background, a directory that can't be made is found out by a time-out.
        context.asynchronous.create_directories_asynchronously = False
        with self._advised():
            directory.mkdir(parents=True, exist_ok=True)
            self._orbax = ocp.training.Checkpointer(
                directory.resolve(),
                context=context,
                preservation_policy=_Retention(self._stay),
                cleanup_tmp_directories=not only_read,
            )

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def steps(self) -> list[int]:
        """Steps with a checkpoint, oldest first; the last one may still be being written."""
        found = {checkpoint.step for checkpoint in self._orbax.checkpoints}
        return sorted(found | ({self._pending[0]} if self._pending else set()))

    def save(
        self,
        step: int,
        tree: Any,
        notes: Mapping[str, Any],
        *,
        metric: float | None = None,
        temporary: bool = False,
    ) -> None:
        """Starts saving; blocks only while the arrays are fetched to the host.

        Args:
            step: at most one checkpoint a step; a step saved before is skipped.
            tree: nested containers of arrays.
            notes: JSON data.
            metric: what an evaluation at this step found, for `saving.keep_best`.
            temporary: see `Saving`.

        Raises:
            WorkdirError: when this save, or the one before in the background, can't be
                written (a full disk, no permission). What was saved earlier is untouched.
        """
        require(
            not (taken := set(notes) & set(_OURS)),
            f"notes has {', '.join(sorted(taken))}, which a checkpoint uses itself: rename it",
        )
        self.wait()
        if step in self.steps:
            return
        leaves = _as_dict(tree)
        tier = Tier.TEMPORARY if temporary else Tier.PERMANENT
        noted = {_STRUCTURE: _structure(leaves), _TIER: tier.value, _METRIC: metric}
        self._records[step] = _record(step, noted)
        # Forced, for without it Orbax quietly skips steps before the newest.
        options = {"custom_metadata": {**notes, **noted}, "force": True}
        if jax.process_count() > 1:  # which do what Orbax asks of all of them in one order
            with self._advised():
                self._orbax.save_async(step, leaves, **options)
            return
        # Even an asynchronous save is 20 ms of Orbax's own Python before it returns.
        on_host = {name: _fetched(leaf) for name, leaf in leaves.items()}
        save = functools.partial(self._orbax.save_async, step, on_host, **options)
        self._pending = step, self._background.submit(self._save, save)

    def restore(self, like: Any) -> Restored | None:
        """The newest checkpoint that can be read, or None where there is none at all.

        Args:
            like: a tree of the expected structure, arrays or `jax.ShapeDtypeStruct`. Each
                array comes back in the sharding of its leaf, however many devices or
                processes it was saved from; on this process's first device where the leaf
                has none.

        Raises:
            CheckpointError: when there are checkpoints and none can be read.
        """
        return self._newest(lambda step: self._read(step, like))

    def arrays(
        self, choose: Callable[[dict[str, jax.ShapeDtypeStruct]], Mapping[str, Any]]
    ) -> tuple[int, dict[str, jax.Array]] | None:
        """Some arrays of the newest checkpoint that can be read, whatever else it holds.

        Args:
            choose: is given the shapes of all arrays, by dotted path, and returns the leaves
                to read, of the same paths: each as in `restore`, except that its dtype may
                be another one.

        Returns:
            Its step, and the arrays by path; None where there is no checkpoint.

        Raises:
            CheckpointError: when there are checkpoints and none can be read.
        """
        return self._newest(lambda step: (step, self._arrays(step, choose)))

    def drop_after(self, step: int) -> None:
        """Deletes the checkpoints after `step` (damaged ones that were passed over).

        Raises:
            WorkdirError: when the save in progress, or this, can't be written.
        """
        self._join()
        with self._advised():
            for later in [other for other in self.steps if other > step]:
                self._orbax.delete(later)
                self._records.pop(later, None)

    def wait(self) -> None:
        """Waits for the save in progress.

        Raises:
            WorkdirError: when it can't be written.
        """
        self._join()
        with self._advised():
            self._orbax.wait()

    def close(self) -> None:
        """Waits for the save in progress and releases Orbax's threads.

        Raises:
            WorkdirError: when that save can't be written.
        """
        try:
            self._join()
        finally:
            self._background.shutdown()
            with self._advised():
                try:
                    self._orbax.close()
                except Exception:
                    # Orbax raises a failure once and stops in the middle: the second call ends it.
                    self._orbax.close()
                    raise

    def _save(self, save: Callable[[], Any]) -> None:
        with self._advised():
            save()
            self._orbax.wait()

    def _join(self) -> None:
        """Waits for the background, which has Orbax and its log to itself until then."""
        pending, self._pending = self._pending, None
        if pending is None:
            return
        try:
            pending[1].result()
        except Exception:
            with contextlib.suppress(Exception), _quiet():
                self._orbax.wait()  # which raises a failure once in every thread
            raise

    @contextlib.contextmanager
    def _advised(self) -> Iterator[None]:
        """Turns what the disk refuses into advice; forgets a checkpoint that came to nothing."""
        with explained(self._directory):
            try:
                with _quiet():
                    yield
            except Exception as error:
                with contextlib.suppress(Exception):
                    self._orbax.reload()
                # Orbax writes arrays through TensorStore, which has the number in its text.
                number = re.search(r"os_error_code='(\d+)'", str(error))
                if isinstance(error, OSError) or number is None:
                    raise
                raise OSError(int(number[1]), os.strerror(int(number[1]))) from error

    def _newest(self, read: Callable[[int], T]) -> T | None:
        self.wait()  # a checkpoint that is being written would pass for a damaged one
        failures: list[str] = []
        for step in reversed(self.steps):
            try:
                with _quiet():
                    result = read(step)
            except _OtherStructure:
                raise CheckpointError(
                    f"{self._directory} holds the state of another model or optimizer: use "
                    "another --workdir, or pass --overwrite to discard that run"
                ) from None
            except ArgumentError:
                raise
            except Exception as error:  # whatever a damaged file makes Orbax raise
                failures.append(f"step {step}: {_brief(error)}")
                _log.warning("the checkpoint of step %d is damaged (%s)", step, _brief(error))
                continue
            if failures:
                _log.warning("falling back to the checkpoint of step %d", step)
            return result
        if failures:
            raise CheckpointError(
                f"no checkpoint below {self._directory} can be read:\n  "
                + "\n  ".join(failures)
                + "\nrun --mode=train: it repairs what an undamaged checkpoint holds; else pass "
                "--overwrite to start again"
            )
        return None

    def _arrays(self, step: int, choose: Callable[[Any], Mapping[str, Any]]) -> Any:
        described = self._orbax.metadata(step).metadata
        wanted = choose({k: jax.ShapeDtypeStruct(v.shape, v.dtype) for k, v in described.items()})
        context = ocp.Context()
        context.pytree.loading.partial_load = True
        with context:
            path = self._directory.resolve() / str(step)
            return ocp.load(path, {name: _abstract(leaf) for name, leaf in wanted.items()})

    def _read(self, step: int, like: Any) -> Restored:
        notes = dict(self._orbax.metadata(step).custom_metadata)
        named = _as_dict(like)
        if notes[_STRUCTURE] != _structure(named):
            raise _OtherStructure
        saved = self._orbax.load(step, jax.tree.map(_abstract, named))
        leaves = [saved[name] for name in named]
        tree = jax.tree.unflatten(jax.tree.structure(like), leaves)
        return Restored(step, tree, {k: note for k, note in notes.items() if k not in _OURS})

    def _recorded(self, step: int) -> Record:
        if step not in self._records:
            try:
                noted = self._orbax.metadata(step).custom_metadata
                self._records[step] = _record(step, noted)
            except Exception:  # whatever a damaged file makes Orbax raise
                return Record(step)
        return self._records[step]

    def _stay(self, steps: Sequence[int]) -> set[int]:
        return kept([self._recorded(step) for step in steps], self._saving, maximise=self._maximise)


class _OtherStructure(Exception):
    """A checkpoint of other leaves than asked for: nothing is damaged."""


class _Retention(ocp.training.preservation_policies.PreservationPolicy):  # type: ignore[misc]
    """`kept` as Orbax asks for it."""

    def __init__(self, stay: Callable[[Sequence[int]], set[int]]) -> None:
        self._stay = stay

    def should_preserve(self, checkpoints: Sequence[Any], *, context: object) -> list[bool]:
        steps = [checkpoint.step for checkpoint in checkpoints]
        stay = self._stay(steps)
        return [step in stay for step in steps]


def _record(step: int, noted: Mapping[str, Any]) -> Record:
    # Checkpoints of before there were tiers are permanent and have no metric.
    return Record(step, Tier(noted.get(_TIER, Tier.PERMANENT.value)), noted.get(_METRIC))


def _fetched(leaf: Any) -> Any:
    """On the host; a view of the array on a CPU, which keeps a later donation off its memory."""
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jnp.copy(leaf)
    return jax.device_get(leaf)


def _as_dict(tree: Any) -> dict[str, Any]:
    """Leaves by dotted path: whatever containers a state uses, the files hold plain names."""
    return by_path(tree, separator=".")


def _structure(leaves: dict[str, Any]) -> str:
    """A digest of the names, shapes and dtypes of all leaves."""
    lines = [f"{name} {leaf.dtype}{leaf.shape}" for name, leaf in sorted(leaves.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _abstract(leaf: Any) -> Any:
    # Without a sharding Orbax takes the one that was saved, whose devices may not be here.
    sharding = getattr(leaf, "sharding", None) or SingleDeviceSharding(jax.local_devices()[0])
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silences Orbax's log, which doubles the errors that it raises."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
