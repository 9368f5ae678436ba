"""Where every array lives: a mesh of devices, and rules from parameter paths to its axes."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Sequence
from typing import Any

import jax
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from research.arguments import require
from research.models.parallel import DATA_AXIS
from research.training.optimizers.paths import compiled, require_found
from research.training.paths import by_path, path_of

EXECUTORS = ("jit", "shard_map", "pmap")
_STRATEGY = re.compile(r"(?P<name>replicate|data|fsdp|tensor)(\((?P<arguments>[^)]*)\))?")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parallel:
    """How training spreads over devices.

    Attributes:
        executor: "jit" (with sharding), "shard_map" or "pmap"; all train alike, and only
            "jit" shards parameters.
        mesh: sizes of the mesh's axes, "data=4, model=2"; one of them may be -1, for all
            devices that are left.
        sharding: pairs (regular expression over parameter paths such as
            `layers/0/kernel`, strategy); the first that is found in a path counts, and a
            parameter without one is replicated. Strategies: `replicate`; `data`, the same
            as `fsdp(data)`; `fsdp(AXIS)`, the largest dimension that divides, split over
            the axis; `tensor(AXIS)`, the last dimension, or `tensor(AXIS, 0)` another
            one; several joined by `|`.

    Raises:
        ArgumentError: when a value can't be used.
    """

    executor: str = "jit"
    mesh: str = f"{DATA_AXIS}=-1"
    sharding: Sequence[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        require(
            self.executor in EXECUTORS,
            f"executor is {self.executor!r}, expected {', '.join(EXECUTORS)}",
        )
        sizes = list(self.axes.values())
        require(
            DATA_AXIS in self.axes
            and sizes.count(-1) <= 1
            and all(size > 0 or size == -1 for size in sizes),
            f"mesh is {self.mesh!r}, expected an axis {DATA_AXIS}, and positive sizes of which at "
            "most one is -1",
        )
        require(
            not isinstance(self.sharding, str)
            and all(not isinstance(rule, str) and len(rule) == 2 for rule in self.sharding),
            f"sharding is {self.sharding!r}, expected pairs (regular expression, strategy), as "
            "(('kernel', 'fsdp(data)'),)",
        )
        compiled([pattern for pattern, _ in self.sharding], "sharding")
        for _, strategy in self.sharding:
            for _, axis, _ in _strategy(strategy):
                require(
                    axis in (*self.axes, None),
                    f"sharding {strategy!r} names the axis {axis}, the mesh has "
                    f"{', '.join(self.axes)}",
                )
        require(
            self.executor == "jit" or (list(self.axes) == [DATA_AXIS] and not self.split_axes),
            f"executor {self.executor} replicates all parameters over the one axis {DATA_AXIS}: "
            "use executor jit for other meshes and sharding rules",
        )

    @functools.cached_property
    def axes(self) -> dict[str, int]:
        """Sizes of the mesh's axes by name, as given."""
        sizes = {}
        for part in self.mesh.split(","):
            name, _, size = (word.strip() for word in part.partition("="))
            require(
                name.isidentifier() and re.fullmatch(r"-?\d+", size) is not None,
                f"mesh is {self.mesh!r}, expected axes such as data=-1 or data=4, model=2",
            )
            sizes[name] = int(size)
        return sizes

    @property
    def split_axes(self) -> set[str]:
        """Mesh axes over which some parameter is split."""
        return {axis for _, s in self.sharding for _, axis, _ in _strategy(s) if axis is not None}

    @property
    def batch_axes(self) -> tuple[str, ...]:
        """Mesh axes over which the batch is split: all but those of `tensor`."""
        tensor = {a for _, s in self.sharding for name, a, _ in _strategy(s) if name == "tensor"}
        return tuple(axis for axis in self.axes if axis not in tensor)

    def build_mesh(self, devices: Sequence[jax.Device] | None = None) -> Mesh:
        """The mesh over all devices; Auto axis types, as flax layers need.

        Raises:
            ArgumentError: when the sizes don't multiply to the number of devices.
        """
        devices = jax.devices() if devices is None else devices
        known = math.prod(size for size in self.axes.values() if size > 0)
        free = len(devices) // known
        sizes = tuple(free if size == -1 else size for size in self.axes.values())
        require(
            math.prod(sizes) == len(devices) and free > 0,
            f"mesh {self.mesh!r} does not fit {len(devices)} devices: its sizes must "
            "multiply to that number (-1 takes what is left)",
        )
        axes = tuple(self.axes)
        return jax.make_mesh(sizes, axes, (AxisType.Auto,) * len(axes), devices=devices)

    def shardings(self, tree: Any, params: Any, mesh: Mesh, *, part: str | None = None) -> Any:
        """The sharding of every leaf of a tree that holds parameters, or arrays like them.

        A leaf whose path ends with a parameter's path (an optimizer's moment, an average)
        lives where that parameter lives. All else is replicated.

        Args:
            tree: of arrays or `jax.ShapeDtypeStruct`.
            params: the parameters' own tree.
            mesh: of `build_mesh`.
            part: the top-level key of the parameters to which the tree's paths belong, as
                those of its optimizer do; None: all.

        Raises:
            ArgumentError: when a rule is found in no path, or a dimension does not divide.
        """
        above = "" if part is None else f"{part}/"
        shapes = {
            path.removeprefix(above): leaf.shape
            for path, leaf in by_path(params).items()
            if path.startswith(above)
        }
        patterns = compiled([pattern for pattern, _ in self.sharding], "sharding")
        require_found(patterns, params, "sharding")
        strategies = [_strategy(strategy) for _, strategy in self.sharding]
        rules = list(zip(patterns, strategies, strict=True))

        def place(path: Any, leaf: Any) -> NamedSharding:
            words = path_of(path).split("/")
            tails = ("/".join(words[start:]) for start in range(len(words)))
            name = next((tail for tail in tails if tail in shapes), None)
            strategy = next((s for rule, s in rules if name and rule.search(above + name)), [])
            like_parameter = name is not None and leaf.shape == shapes[name]
            spec = _spec(strategy, leaf.shape, mesh, f"{above}{name}", exact=like_parameter)
            return NamedSharding(mesh, spec)

        return jax.tree_util.tree_map_with_path(place, tree)


def replicated(mesh: Mesh) -> NamedSharding:
    """The whole array on every device."""
    return NamedSharding(mesh, PartitionSpec())


def bytes_per_device(tree: Any) -> int:
    """What the arrays of a tree, or their shapes with shardings, take on one device."""
    return sum(
        math.prod(leaf.sharding.shard_shape(leaf.shape)) * leaf.dtype.itemsize
        for leaf in jax.tree.leaves(tree)
    )


def _spec(
    strategy: list[tuple[str, str | None, int | None]],
    shape: tuple[int, ...],
    mesh: Mesh,
    name: str,
    *,
    exact: bool,
) -> PartitionSpec:
    axes: list[str | None] = [None] * len(shape)
    for kind, axis, dimension in strategy:
        if axis is None or not shape:
            continue
        size = mesh.shape[axis]
        free = [d for d in range(len(shape)) if axes[d] is None and shape[d] % size == 0]
        if kind == "tensor":
            at = -1 if dimension is None else dimension
            at += len(shape) if at < 0 else 0
            taken = axes[at] if 0 <= at < len(shape) else None
            advice = (
                "choose another dimension, or replicate"
                if taken is None
                else f"it is split over {taken} already, put tensor({axis}) before that"
            )
            require(
                not exact or at in free,
                f"{name} {list(shape)} can't be split by tensor({axis}) along dimension {at} "
                f"over {size} devices: {advice}",
            )
            if at in free and exact:
                axes[at] = axis
        elif free:
            axes[max(free, key=lambda d: shape[d])] = axis
    return PartitionSpec(*axes)


def _strategy(text: str) -> list[tuple[str, str | None, int | None]]:
    """Steps (name, axis, dimension) of a strategy."""
    steps: list[tuple[str, str | None, int | None]] = []
    for part in text.split("|"):
        match = _STRATEGY.fullmatch(part.strip())
        name, listed = (match["name"], match["arguments"] or "") if match else ("", "")
        arguments = [word.strip() for word in listed.split(",") if word.strip()]
        wanted = {"replicate": (0,), "data": (0,), "fsdp": (1,), "tensor": (1, 2)}.get(name, ())
        require(
            len(arguments) in wanted and all(a.lstrip("-").isdigit() for a in arguments[1:]),
            f"sharding strategy {part.strip()!r}: expected replicate, data, fsdp(AXIS), "
            "tensor(AXIS) or tensor(AXIS, DIMENSION), several joined by |",
        )
        axis = DATA_AXIS if name == "data" else arguments[0] if arguments else None
        steps.append((name, axis, int(arguments[1]) if len(arguments) > 1 else None))
    return steps
