"""Starting from what another run has learned, though its model is a different one."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import jax

from research.arguments import ArgumentError, require
from research.training.checkpoints import Checkpoints
from research.training.paths import by_path
from research.workdir import Workdir, WorkdirError

T = TypeVar("T")

# Where a checkpoint of a run keeps the variables that it trains.
_TRAINED = "carry.state.variables."


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """What came from where.

    Attributes:
        source: the directory of the checkpoint that was read.
        step: of that checkpoint.
        taken: for each path that was set, the path there.
        initial: paths that were left as they were.
        unused: paths there that nothing was made of.
    """

    source: Path
    step: int
    taken: Mapping[str, str]
    initial: tuple[str, ...]
    unused: tuple[str, ...]

    def __str__(self) -> str:
        renamed = [f"{there} -> {here}" for here, there in self.taken.items() if here != there]
        lines = [f"{len(self.taken)} arrays from step {self.step} of {self.source}"]
        for what, paths in (
            ("renamed", renamed),
            ("left at the initial value", self.initial),
            ("not used", self.unused),
        ):
            lines += [f"{what}: {', '.join(paths)}"] * bool(paths)
        return "\n".join(lines)


def load_into(
    variables: T,
    source: Path | Workdir,
    *,
    rename: Sequence[tuple[str, str]] = (),
    skip: Sequence[str] = (),
) -> tuple[T, Report]:
    """Sets variables from another run's, as far as the two have the same paths.

    Paths are such as `params/layers/0/kernel`. Regular expressions are searched for
    anywhere in a path: anchor them with ^ and $ where that matters.

    Args:
        variables: a new model's `Variables`, or any tree of arrays. Arrays keep their dtype
            and sharding.
        source: a run's workdir: its `model`, or while that isn't there, what the newest
            checkpoint trains. Or a directory of checkpoints such as `runs/a/model`.
        rename: `(regular expression, replacement)`, applied one after the other to each
            path there, as `re.sub` does, to get the path here.
        skip: regular expressions of paths here that keep their initial values.

    Returns:
        The variables, and what was done.

    Raises:
        ArgumentError: when nothing fits; when an array has another shape there and isn't
            skipped; when two paths are renamed to one; when an expression is invalid or
            matches no path.
        WorkdirError: when there is no checkpoint.
        CheckpointError: when none can be read.
    """
    here = _by_path(variables)
    directory = _directory(source)
    plan = _Plan({}, (), ())
    read: dict[str, str] = {}

    def choose(shapes: dict[str, jax.ShapeDtypeStruct]) -> dict[str, Any]:
        nonlocal plan
        inside = _TRAINED if any(name.startswith(_TRAINED) for name in shapes) else ""
        there = {
            name.removeprefix(inside).replace(".", "/"): (name, shape)
            for name, shape in shapes.items()
            if name.startswith(inside)
        }
        plan = _planned(
            {path: leaf.shape for path, leaf in here.items()},
            {path: shape.shape for path, (_, shape) in there.items()},
            rename=rename,
            skip=skip,
            source=directory,
        )
        names = {path: there[taken][0] for path, taken in plan.taken.items()}
        read.update(names)
        return {name: here[path] for path, name in names.items()}

    with Checkpoints(directory, only_read=True) as checkpoints:
        found = checkpoints.arrays(choose)
    if found is None:
        raise _no_checkpoint(directory)
    step, arrays = found
    leaves = [arrays[read[path]] if path in plan.taken else leaf for path, leaf in here.items()]
    report = Report(
        source=directory, step=step, taken=plan.taken, initial=plan.initial, unused=plan.unused
    )
    return jax.tree.unflatten(jax.tree.structure(variables), leaves), report


class _Plan(NamedTuple):
    taken: dict[str, str]
    initial: tuple[str, ...]
    unused: tuple[str, ...]


def _planned(
    here: Mapping[str, tuple[int, ...]],
    there: Mapping[str, tuple[int, ...]],
    *,
    rename: Sequence[tuple[str, str]],
    skip: Sequence[str],
    source: Path,
) -> _Plan:
    """Which path takes which; both sides are shapes by path."""
    meant: dict[str, str] = {}
    for old, new in _renamed(there, rename).items():
        require(
            new not in meant or new not in here,
            f"{meant.get(new)} and {old} of {source} are both renamed to {new}: make one of the "
            "expressions narrower",
        )
        meant[new] = old
    skipped = {path for pattern in skip for path in _matching("skip", pattern, here)}
    both = [path for path in here if path in meant and path not in skipped]
    others = {path: meant[path] for path in both if here[path] != there[meant[path]]}
    require(
        not others,
        f"shapes in {source} differ: "
        + "; ".join(f"{p} is {here[p]} here, {there[old]} there" for p, old in others.items())
        + ": skip these paths, or change the model",
    )
    require(
        bool(both),
        f"nothing in {source} fits: there it has {_some(there)}; here it has {_some(here)}: "
        "rename the one to the other",
    )
    taken = {path: meant[path] for path in both}
    used = set(taken.values())
    return _Plan(
        taken,
        tuple(path for path in here if path not in taken),
        tuple(path for path in there if path not in used),
    )


def _renamed(there: Mapping[str, Any], rename: Sequence[tuple[str, str]]) -> dict[str, str]:
    names = {path: path for path in there}
    for pattern, replacement in rename:
        for path in _matching("rename", pattern, dict.fromkeys(names.values())):
            try:
                new = re.sub(pattern, replacement, path)
            except (re.error, IndexError) as error:
                message = f"rename has the replacement {replacement!r}: {error}"
                raise ArgumentError(message) from None
            names |= {old: new for old, name in names.items() if name == path}
    return names


def _matching(what: str, pattern: str, paths: Mapping[str, Any]) -> list[str]:
    try:
        found = [path for path in paths if re.search(pattern, path)]
    except re.error as error:
        message = f"{what} has {pattern!r}, which is no regular expression: {error}"
        raise ArgumentError(message) from None
    require(bool(found), f"{what} has {pattern!r}, which matches none of {_some(paths)}")
    return found


def _some(paths: Mapping[str, Any]) -> str:
    first = list(paths)[:6]
    return ", ".join(first) + (f" and {len(paths) - 6} more" if len(paths) > 6 else "")


def _by_path(tree: Any) -> dict[str, Any]:
    # Checkpoints separate by dots, also where a key has one in it.
    return {path.replace(".", "/"): leaf for path, leaf in by_path(tree).items()}


def _directory(source: Path | Workdir) -> Path:
    workdir = source if isinstance(source, Workdir) else Workdir(Path(source))
    for directory in (workdir.model, workdir.checkpoints, workdir.path):
        if directory.is_dir() and any(entry.name.isdigit() for entry in directory.iterdir()):
            return directory
    raise _no_checkpoint(workdir.path)


def _no_checkpoint(path: Path) -> WorkdirError:
    return WorkdirError(f"{path} holds no model and no checkpoint: train there first")
