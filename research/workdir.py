"""A run's directory: what it was started with, what it has produced.

    config.json     the configuration, and the experiment file that reads it
    checkpoints/    training state, by step
    model/          the trained variables, once training has finished
    metrics.jsonl   one line per evaluation

Every other file is an experiment's own, written through `write` so that a failing
write (a full disk, a kill) leaves the old file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from research.data.atomic import replacing

T = TypeVar("T")

LOCK = "lock"
"""The file by which `research.training.lock` keeps a second run out; it stays for good."""


class WorkdirError(Exception):
    """A workdir that can't be used as asked; the message says what to do."""


@dataclasses.dataclass(frozen=True)
class Workdir:
    """Paths and atomic writes below one directory.

    Attributes:
        path: of the directory.
        writes: whether this process writes here; of several processes of a run, one does,
            and what the others write is dropped.
    """

    path: Path
    writes: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))

    @property
    def checkpoints(self) -> Path:
        """Where `research.training.Checkpoints` keeps the training state."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """Where a finished training leaves the best variables."""
        return self.path / "model"

    @property
    def metrics(self) -> Path:
        """One JSON line per evaluation."""
        return self.path / "metrics.jsonl"

    def claim(
        self, config: Mapping[str, Any], *, free: tuple[str, ...] = (), overwrite: bool = False
    ) -> None:
        """Makes the directory this configuration's, or refuses.

        Args:
            config: plain nested data; a new workdir keeps it in `config.json`.
            free: dotted keys that may differ from the earlier run's, with all below
                them (they do not touch what was trained). The earlier values stay in
                `config.json`. While nothing is trained yet, all may differ.
            overwrite: discard whatever an earlier run left here.

        Raises:
            WorkdirError: when the directory belongs to another configuration or cannot
                be written.
        """
        with explained(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            if overwrite:
                self._discard()
            earlier = self._stored_config()
            if earlier is not None:
                differences = differing(earlier, config, free=free)
                if not self.has(self.checkpoints.name):
                    self.write_json("config.json", config)
                elif differences:
                    raise WorkdirError(_refusal(self.path, differences))
                return
            if self._entries():
                raise WorkdirError(
                    f"{self.path} is not empty and holds no config.json, so it is not a "
                    "workdir of ours: choose an empty or new --workdir"
                )
            self.write_json("config.json", config)

    def config(self) -> dict[str, Any]:
        """The configuration of the run that owns this directory.

        Raises:
            WorkdirError: when there is none.
        """
        stored = self._stored_config()
        if stored is None:
            raise WorkdirError(
                f"{self.path} holds no config.json: train first, for example "
                f"python launch.py --config=experiments/credit/config.py --workdir={self.path}"
            )
        return stored

    def has(self, name: str) -> bool:
        """Whether the file is there."""
        return (self.path / name).exists()

    def require(self, name: str, *, made_by: str) -> Path:
        """The path of a file that an earlier mode writes.

        Raises:
            WorkdirError: when it is missing.
        """
        if not self.has(name):
            raise WorkdirError(f"{self.path / name} is missing: run {made_by} first")
        return self.path / name

    @contextlib.contextmanager
    def write(self, name: str) -> Iterator[Path]:
        """A temporary path that replaces `name` when the block succeeds."""
        if not self.writes:
            with tempfile.TemporaryDirectory() as folder:
                yield Path(folder, Path(name).name)
            return
        with explained(self.path / name), replacing(self.path / name) as temporary:
            yield temporary

    def write_text(self, name: str, text: str) -> None:
        """Replaces a text file atomically."""
        with self.write(name) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def write_json(self, name: str, value: Any) -> None:
        """Replaces a JSON file atomically."""
        self.write_text(name, json.dumps(value, indent=2) + "\n")

    def read_json(
        self, name: str, parse: Callable[[Any], T], *, made_by: str = "--mode=train"
    ) -> T:
        """Reads a JSON file that an earlier mode writes.

        Args:
            name: of the file.
            parse: makes of the JSON data what is wanted; fails with KeyError, TypeError or
                ValueError on other data.
            made_by: the mode, for the message.

        Raises:
            WorkdirError: when it is missing or damaged.
        """
        text = self.require(name, made_by=made_by).read_text(encoding="utf-8")
        try:
            return parse(json.loads(text))
        except (KeyError, TypeError, ValueError) as error:
            raise WorkdirError(
                f"{self.path / name} is damaged ({type(error).__name__}: {error}): delete it and "
                f"run {made_by} again"
            ) from error

    def _stored_config(self) -> dict[str, Any] | None:
        try:
            stored = json.loads((self.path / "config.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise WorkdirError(
                f"{self.path / 'config.json'} is not valid JSON ({error}): restore it, or pass "
                "--overwrite to discard this run"
            ) from None
        if not isinstance(stored, dict) or not {"experiment", "config"} <= set(stored):
            raise WorkdirError(
                f"{self.path / 'config.json'} holds no configuration of ours: restore it, or use "
                "another --workdir"
            )
        return stored

    def _entries(self) -> list[Path]:
        return [entry for entry in self.path.iterdir() if entry.name != LOCK]

    def _discard(self) -> None:
        if self._entries() and not self.has("config.json"):
            raise WorkdirError(
                f"{self.path} holds no config.json: not a workdir of ours, so --overwrite "
                "leaves it alone; delete it yourself"
            )
        for entry in self._entries():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns the operating system's refusals below `path` into advice."""
    try:
        yield
    except (PermissionError, FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise WorkdirError(
            f"cannot write {path}: {error.strerror}: choose another --workdir"
        ) from error
    except OSError as error:
        raise WorkdirError(
            f"cannot write {path}: {error.strerror}: free space or choose another --workdir; "
            "what was there before is untouched"
        ) from error


def differing(
    earlier: Mapping[str, Any], now: Mapping[str, Any], *, free: tuple[str, ...] = ()
) -> dict[str, tuple[Any, Any]]:
    """Dotted keys whose values differ, with both values (None where absent)."""
    before, after = flat_config(earlier), flat_config(now)
    return {
        key: (before.get(key), after.get(key))
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
        and not any(f"{key}.".startswith(f"{part}.") for part in free)
    }


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The complete records of a `metrics.jsonl`, in the order of the file."""
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):
            record = json.loads(line)
            if isinstance(record, dict) and isinstance(record.get("step"), int):
                records.append(record)
    return records


def flat_config(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested data by dotted keys; tuples as the lists that JSON makes of them."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= flat_config(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = list(value) if isinstance(value, tuple) else value
    return flat


def _refusal(path: Path, differences: Mapping[str, tuple[Any, Any]]) -> str:
    lines = [f"{path} belongs to another configuration:"]
    lines += [f"  {key}: {old!r} there, {new!r} now" for key, (old, new) in differences.items()]
    lines += ["use another --workdir, or pass --overwrite to discard that run and start again"]
    return "\n".join(lines)
