"""What all executors share: programs, loads, and the carry they pass on."""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from research.arguments import require
from research.data.feeds import Feed
from research.models.network import Variables
from research.models.parallel import DATA_AXIS, manual
from research.tasks.task import Batch
from research.training.dispatching import quicker_in_a_loop
from research.training.executors.placing import local_rows, place
from research.training.flops import model_flops
from research.training.memory import Memory, device_limit, temporary_bytes
from research.training.paths import by_path
from research.training.sharding import Parallel, bytes_per_device, replicated
from research.training.state import Carry
from research.training.step import Step

Compile = Callable[[Callable[[], Any]], Any]


class Executor(abc.ABC):
    """Runs a step on the batches of a feed.

    Args:
        step: what to run.
        feed: where its batches come from.
        parallel: how to spread it.
        devices: all by default.

    Attributes:
        mesh: of the devices.
        flops_per_step: matrix products and convolutions of a step, on all devices together.
        jaxpr: of the step, on one device's share of the batch.

    Raises:
        ArgumentError: when the batch does not divide over devices and accumulation.
    """

    def __init__(
        self,
        step: Step,
        feed: Feed,
        parallel: Parallel,
        *,
        devices: Sequence[jax.Device] | None = None,
    ) -> None:
        self.mesh = parallel.build_mesh(devices)
        self.step, self._feed, self._parallel = step, feed, parallel
        shares = int(np.prod([self.mesh.shape[axis] for axis in parallel.batch_axes]))
        pieces = shares * step.options.accumulate
        require(
            feed.batch_size % pieces == 0,
            f"batch_size {feed.batch_size} does not divide over {shares} devices"
            + (f" times {step.options.accumulate} parts" if step.options.accumulate > 1 else "")
            + f": use {max(feed.batch_size // pieces, 1) * pieces}",
        )
        self._share = feed.batch_size // shares
        self._of_batch = NamedSharding(self.mesh, PartitionSpec(parallel.batch_axes))
        self._of_load = NamedSharding(self.mesh, PartitionSpec(None, parallel.batch_axes))
        self._rows = local_rows(self._of_batch, feed.batch_size)
        self._programs: dict[Any, Callable[..., tuple[Carry, jax.Array]]] = {}
        self._abstract = self._described()

    @property
    def abstract(self) -> Carry:
        """Shapes, dtypes and shardings of the carry: `jax.ShapeDtypeStruct`."""
        return self._abstract

    def start(self, seed: int, *, compiling: Compile = lambda build: build()) -> Carry:
        """The carry before the first dispatch, every array made where it will live."""
        shardings = jax.tree.map(lambda leaf: leaf.sharding, self._abstract)
        initial = jax.jit(self._initial, out_shardings=shardings)
        program = compiling(lambda: initial.lower(np.uint32(seed)).compile())
        carry: Carry = program(np.uint32(seed))
        return carry

    def with_variables(self, carry: Carry, variables: Variables) -> Carry:
        """The carry of a new run that starts from other variables.

        Raises:
            ArgumentError: when they are not of the same paths, shapes and dtypes.
        """
        like = self._abstract.state
        expected, found = (
            {path: (leaf.shape, leaf.dtype) for path, leaf in by_path(tree).items()}
            for tree in (like.variables, variables)
        )
        differing = sorted(
            name for name in {*expected, *found} if expected.get(name) != found.get(name)
        )
        require(
            not differing,
            f"the initial variables differ from the task's in {', '.join(differing[:8])}: take "
            "over what fits with research.training.load_into",
        )
        shardings = jax.tree.map(lambda leaf: leaf.sharding, like.variables)
        state = carry.state._replace(variables=place(variables, shardings))
        if state.average is not None:  # it must not share its buffers
            state = state._replace(average=place(variables.params, shardings.params))
        return carry._replace(state=state)

    def cleared(self, carry: Carry) -> Carry:
        """The carry with its sums at zero; `carry.sums` stay readable."""
        sums, steps = self._zeros()
        return Carry(carry.state, sums, steps)

    def gathered(self, tree: Any) -> Any:
        """Arrays of the mesh whole on every device, where processes would see a part else."""
        if jax.process_count() == 1:
            return tree
        return jax.jit(lambda tree: tree, out_shardings=replicated(self.mesh))(tree)

    def load(self, first: int, count: int) -> Any:
        """Host arrays of steps `first` to `first + count - 1`, this process's share."""
        return self._feed.load(first, count, self._rows)

    @property
    def resident(self) -> bool:
        """Whether the examples are on the devices, so that `load` computes and never waits."""
        return bool(self._feed.resident)

    @property
    def batch_bytes(self) -> int:
        """Of the examples of a whole batch."""
        return self._feed.batch_size * sum(array.nbytes for array in self._feed.head(1).values())

    def batch(self, step: int) -> Batch:
        """The whole batch of a step, to look at."""
        loaded = self._feed.load(step, 1)
        one = jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), loaded)
        return self._feed.batch(jax.tree.map(jnp.asarray, self._feed.resident), one)

    def memory(self, program: Any = None) -> Memory:
        """What training takes on each device.

        Args:
            program: a compiled dispatch, to know what it needs while it runs.
        """
        return Memory(
            # The parameters of the best evaluation are kept beside the state.
            state=bytes_per_device(self._abstract)
            + bytes_per_device(self._abstract.state.variables),
            examples=bytes_per_device(self._described_resident),
            temporary=temporary_bytes(program),
            limit=device_limit(next(iter(self.mesh.devices.flat))),
        )

    def program(
        self, loaded: Any, *, compiling: Compile = lambda build: build()
    ) -> Callable[..., tuple[Carry, jax.Array]]:
        """The compiled dispatch for arrays of these shapes, compiled at the first call.

        Args:
            loaded: of `load`.
            compiling: calls what it is given; may do so in another thread.
        """
        shapes = tuple((leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(loaded))
        if shapes not in self._programs:
            arguments = (self._abstract, self._described_resident, *self._placed(loaded, 0))
            self._programs[shapes] = compiling(lambda: self._compiled(arguments))
        return self._programs[shapes]

    def __call__(self, carry: Carry, loaded: Any, *, vote: int = 0) -> tuple[Carry, jax.Array]:
        """Makes K steps.

        Args:
            carry: consumed.
            loaded: of `load`, for K steps.
            vote: this process's; see below.

        Returns:
            The next carry, and int32 `[2]`: the step that the guard stopped before (-1 for
            none), and the largest vote of all processes.
        """
        return self.program(loaded)(carry, self._resident, *self._placed(loaded, vote))

    @functools.cached_property
    def _described_resident(self) -> dict[str, jax.ShapeDtypeStruct]:
        everywhere = replicated(self.mesh)
        return {
            name: jax.ShapeDtypeStruct(
                array.shape, jax.dtypes.canonicalize_dtype(array.dtype), sharding=everywhere
            )
            for name, array in self._feed.resident.items()
        }

    @functools.cached_property
    def _zeros(self) -> Callable[[], Any]:
        like = (self._abstract.sums, self._abstract.steps)
        return jax.jit(
            lambda: jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), like),
            out_shardings=jax.tree.map(lambda leaf: leaf.sharding, like),
        )

    @functools.cached_property
    def _resident(self) -> Any:
        return place(self._feed.resident, replicated(self.mesh))

    @abc.abstractmethod
    def _compiled(self, arguments: Any) -> Callable[..., tuple[Carry, jax.Array]]:
        """Compiles `_steps` for arguments like these."""

    @abc.abstractmethod
    def _positions(self) -> jax.Array:
        """int32 `[b]`, of the examples at hand in the whole batch."""

    def _placed(self, loaded: Any, vote: int) -> tuple[Any, Any]:
        if jax.process_count() == 1:
            return loaded, self._votes(vote)
        batch = self._feed.batch_size

        def placed(leaf: np.ndarray) -> jax.Array:
            shape = (leaf.shape[0], batch, *leaf.shape[2:])
            return jax.make_array_from_process_local_data(self._of_load, leaf, shape)

        return jax.tree.map(placed, loaded), self._votes(vote)

    @functools.cached_property
    def _votes(self) -> Callable[[int], Any]:
        """Each vote's array is made once: no dispatch consumes it."""
        return functools.cache(self._voted)

    def _voted(self, vote: int) -> Any:
        votes = np.full(self._rows.stop - self._rows.start, vote, np.int32)
        if jax.process_count() == 1:  # a plan's devices may not be there
            return votes
        batch = self._feed.batch_size
        return jax.make_array_from_process_local_data(self._of_batch, votes, (batch,))

    def _initial(self, seed: jax.Array) -> Carry:
        state = self.step.init(seed)
        return Carry(
            state,
            {name: jnp.zeros((), jnp.float32) for name in self._metric_names},
            jnp.zeros((), jnp.float32),
        )

    def _described(self) -> Carry:
        state = jax.eval_shape(self.step.init, 0)
        batch = {
            name: jax.ShapeDtypeStruct(
                (self._share, *array.shape[1:]), jax.dtypes.canonicalize_dtype(array.dtype)
            )
            for name, array in self._feed.head(1).items()
        }
        positions = jax.ShapeDtypeStruct((self._share,), jnp.int32)
        jaxpr, (_, metrics) = jax.make_jaxpr(self.step, return_shape=True)(state, batch, positions)
        self._metric_names = list(metrics)
        self.jaxpr = jaxpr
        self.flops_per_step = model_flops(jaxpr) * (self._feed.batch_size // self._share)
        carry = jax.eval_shape(self._initial, 0)
        params = state.variables.params
        shardings = self._parallel.shardings(carry, params, self.mesh)
        optimizer = tuple(
            self._parallel.shardings(own, params, self.mesh, part=update.part)
            for own, update in zip(state.optimizer, self.step.task.updates, strict=True)
        )
        shardings = shardings._replace(state=shardings.state._replace(optimizer=optimizer))
        return jax.tree.map(
            lambda leaf, sharding: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding),
            carry,
            shardings,
        )

    def _one(self, carry: Carry, resident: Any, loaded: Any) -> Carry:
        batch = self._feed.batch(resident, loaded)
        if not manual():
            batch = jax.lax.with_sharding_constraint(batch, self._of_batch)
        state, metrics = self.step(carry.state, batch, self._positions())
        counted = state.health.in_a_row == 0
        sums = {
            name: carry.sums[name] + jnp.where(counted, value, 0.0).astype(jnp.float32)
            for name, value in metrics.items()
        }
        return Carry(state, sums, carry.steps + counted)

    def _steps(
        self, carry: Carry, resident: Any, loaded: Any, votes: jax.Array
    ) -> tuple[Carry, jax.Array]:
        count = jax.tree.leaves(loaded)[0].shape[0]
        if count > 1:
            carry, _ = jax.lax.scan(
                lambda carry, one: (self._one(carry, resident, one), None), carry, loaded
            )
        elif quicker_in_a_loop(self):
            # XLA would unpack a loop whose length it knows to be one.
            length = jax.lax.optimization_barrier(jnp.int32(count))
            only = jax.tree.map(lambda leaf: leaf[0], loaded)
            carry = jax.lax.fori_loop(0, length, lambda _, c: self._one(c, resident, only), carry)
        else:
            carry = self._one(carry, resident, jax.tree.map(lambda leaf: leaf[0], loaded))
        vote = votes.max()
        if manual():
            vote = jax.lax.pmax(vote, DATA_AXIS)
        return carry, jnp.stack([carry.state.health.bad_step, vote])
