"""Training state on disk, through Orbax's v1 API: asynchronous, atomic, by step."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
from orbax.checkpoint.experimental import v1 as ocp

from research.workdir import explained

_STRUCTURE = "structure"
_log = logging.getLogger(__name__)


class CheckpointError(Exception):
    """No checkpoint can be read; the message says what to do."""


class Restored(NamedTuple):
    """A checkpoint: its step, the arrays, and what was noted beside them."""

    step: int
    tree: Any
    notes: dict[str, Any]


class Checkpoints:
    """The newest checkpoints of a run.

    A checkpoint becomes visible by one rename when it is complete, so a kill in the
    middle leaves the ones before. Use as a context manager: leaving it waits for the
    save in progress.

    Args:
        directory: made if need be.
        keep: how many of the newest stay; two, so that there is one to fall back on.
    """

    def __init__(self, directory: Path, *, keep: int = 2) -> None:
        self._directory = directory
        with explained(directory), _quiet():
            directory.mkdir(parents=True, exist_ok=True)
            self._orbax = ocp.training.Checkpointer(
                directory.resolve(),
                save_decision_policy=_Always(),
                preservation_policy=ocp.training.preservation_policies.LatestN(keep),
                cleanup_tmp_directories=True,
            )

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def steps(self) -> list[int]:
        """Steps with a complete checkpoint, oldest first."""
        return sorted(checkpoint.step for checkpoint in self._orbax.checkpoints)

    def save(self, step: int, tree: Any, notes: dict[str, Any]) -> None:
        """Starts saving; blocks only while the arrays are copied to the host.

        Args:
            step: at most one checkpoint a step; a step saved before is skipped.
            tree: nested containers of arrays.
            notes: small JSON data.
        """
        if step in self.steps:
            return
        with explained(self._directory), _quiet():
            leaves = _as_dict(tree)
            notes = {**notes, _STRUCTURE: _structure(leaves)}
            self._orbax.save_async(step, leaves, custom_metadata=notes)

    def restore(self, like: Any) -> Restored | None:
        """The newest checkpoint that can be read, or None where there is none at all.

        Args:
            like: a tree of the expected structure, arrays or `jax.ShapeDtypeStruct`.

        Raises:
            CheckpointError: when there are checkpoints and none can be read.
        """
        failures: list[str] = []
        for step in reversed(self.steps):
            try:
                restored = self._read(step, like)
            except _OtherStructure:
                raise CheckpointError(
                    f"{self._directory} holds the state of another model or optimizer: use "
                    "another --workdir, or pass --overwrite to discard that run"
                ) from None
            except Exception as error:  # whatever a damaged file makes Orbax raise
                failures.append(f"step {step}: {_brief(error)}")
                _log.warning("the checkpoint of step %d is damaged (%s)", step, _brief(error))
                continue
            if failures:
                _log.warning("falling back to the checkpoint of step %d", step)
            return restored
        if failures:
            raise CheckpointError(
                f"no checkpoint below {self._directory} can be read:\n  "
                + "\n  ".join(failures)
                + "\nrun --mode=train: it repairs what an undamaged checkpoint holds; else pass "
                "--overwrite to start again"
            )
        return None

    def drop_after(self, step: int) -> None:
        """Deletes the checkpoints after `step` (damaged ones that were passed over)."""
        for later in [other for other in self.steps if other > step]:
            self._orbax.delete(later)

    def close(self) -> None:
        """Waits for the save in progress and releases Orbax's threads."""
        with explained(self._directory), _quiet():
            self._orbax.close()

    def _read(self, step: int, like: Any) -> Restored:
        with _quiet():
            notes = dict(self._orbax.metadata(step).custom_metadata)
            if notes.pop(_STRUCTURE) != _structure(_as_dict(like)):
                raise _OtherStructure
            saved = self._orbax.load(step, jax.tree.map(_abstract, _as_dict(like)))
        leaves = [saved[name] for name in _as_dict(like)]
        return Restored(step, jax.tree.unflatten(jax.tree.structure(like), leaves), notes)


class _OtherStructure(Exception):
    """A checkpoint of other leaves than asked for: nothing is damaged."""


class _Always(ocp.training.save_decision_policies.SaveDecisionPolicy):  # type: ignore[misc]
    """Saves whenever asked: the loop decides when."""

    def should_save(self, *_: object, **__: object) -> bool:
        return True


def _as_dict(tree: Any) -> dict[str, Any]:
    """Leaves by dotted path: whatever containers a state uses, the files hold plain names."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in leaves}


def _structure(leaves: dict[str, Any]) -> str:
    """A digest of the names, shapes and dtypes of all leaves."""
    lines = [f"{name} {leaf.dtype}{leaf.shape}" for name, leaf in sorted(leaves.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _abstract(leaf: Any) -> Any:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=getattr(leaf, "sharding", None))


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silences Orbax's own warnings: about shardings, and doubles of the errors it raises."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*[Ss]harding.*")
            yield
    finally:
        logger.setLevel(level)
