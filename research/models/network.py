"""A Flax module as two pure functions over plain nested dicts of arrays.

Training, checkpoints and inference see only `init` and `apply`, so an NNX module, a
Linen module or a hand-written pair of functions serve alike, and a checkpoint holds
names a person can read (`layers/0/kernel`) instead of a library's classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from flax.traverse_util import flatten_dict, unflatten_dict

from research.models.parallel import DATA_AXIS, across_devices, manual
from research.models.random import ExampleRngs
from research.models.remat import rematerialised

Tree = dict[str, Any]


class Variables(NamedTuple):
    """What a network holds: nested dicts of arrays with string keys.

    Attributes:
        params: what the optimizer moves.
        statistics: what the forward pass moves (BatchNorm's running moments).
    """

    params: Tree
    statistics: Tree


@dataclasses.dataclass(frozen=True, kw_only=True)
class Network:
    """A module's two pure functions.

    Attributes:
        init: `key -> Variables`.
        apply: `(variables, inputs, train, keys) -> (outputs, statistics)`; `keys` are one
            typed PRNG key per example `[B]`, and may be None when `train` is False.
    """

    init: Callable[[jax.Array], Variables]
    apply: Callable[[Variables, Any, bool, jax.Array | None], tuple[Any, Tree]]

    @classmethod
    def from_nnx(
        cls,
        build: Callable[[nnx.Rngs], nnx.Module],
        *,
        remat: str | None = None,
        outputs: Collection[str] | None = None,
    ) -> Network:
        """Wraps an NNX module.

        Args:
            build: makes the module from its random streams. The module is called as
                `module(inputs, train=..., rngs=...)`; in training, `rngs` are
                `research.models.random.ExampleRngs`.
            remat: regular expression over module paths such as `layers/0`; the modules
                that match compute their activations again in the backward pass instead of
                keeping them. None keeps all.
            outputs: names of those to hand on, None for all. Inside jit the others cost
                nothing: neither time nor memory.
        """
        structure = nnx.graphdef(nnx.eval_shape(lambda: build(nnx.Rngs(0))))

        def init(key: jax.Array) -> Variables:
            state: Any = nnx.split(build(nnx.Rngs(key)), nnx.Param, ...)
            return Variables(_named(state[1]), _named(state[2]))

        def apply(
            variables: Variables, inputs: Any, train: bool, keys: jax.Array | None
        ) -> tuple[Any, Tree]:
            # NumPy arrays would be changed in place where nothing is traced.
            variables, inputs = jax.tree.map(jnp.asarray, (variables, inputs))
            states = map(nnx.restore_int_paths, variables)
            # copy=True: without it a merge inside `grad` shares variables with the
            # outer trace and BatchNorm and Dropout raise TraceContextError.
            module = nnx.merge(structure, *states, copy=True)
            if manual():
                _normalise_across_devices(module)
            rngs = None if keys is None else ExampleRngs(keys)
            with rematerialised(module, remat):
                made = module(inputs, train=train, rngs=rngs)
            handed_on = made if outputs is None else {name: made[name] for name in outputs}
            return handed_on, _named(nnx.state(module, nnx.Not(nnx.Param)))

        return cls(init=jax.jit(init), apply=apply)

    @classmethod
    def from_linen(cls, module: Any, example: Any) -> Network:
        """Wraps a Linen module.

        Its dropout draws one mask for whatever share of the batch it sees, and its
        BatchNorm normalises by that share: the same under `jit` on any number of devices,
        not under `shard_map` and `pmap`.

        Args:
            module: called as `module(inputs, train=...)`, dropout stream `"dropout"`.
            example: inputs, or their `jax.ShapeDtypeStruct`, from which shapes are inferred.
        """

        def init(key: jax.Array) -> Variables:
            zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), example)
            collections = dict(module.init({"params": key, "dropout": key}, zeros, train=False))
            return Variables(collections.pop("params", {}), collections)

        def apply(
            variables: Variables, inputs: Any, train: bool, keys: jax.Array | None
        ) -> tuple[Any, Tree]:
            outputs, statistics = module.apply(
                {"params": variables.params, **variables.statistics},
                inputs,
                train=train,
                rngs=None if keys is None else {"dropout": keys[0]},
                mutable=list(variables.statistics),
            )
            if manual():
                statistics = _averaged(statistics)
            return outputs, dict(statistics)

        return cls(init=jax.jit(init), apply=apply)


def _normalise_across_devices(module: nnx.Module) -> None:
    for _, part in nnx.iter_modules(module):
        if isinstance(part, nnx.BatchNorm):
            part.axis_name = DATA_AXIS


def _averaged(statistics: Tree) -> Tree:
    count = across_devices(1)
    return jax.tree.map(lambda leaf: across_devices(leaf) / count, dict(statistics))


def _named(state: Any) -> Tree:
    """An NNX state as nested dicts; list positions become string keys, as Orbax wants."""
    flat = flatten_dict(nnx.to_pure_dict(state))
    return unflatten_dict({tuple(map(str, path)): leaf for path, leaf in flat.items()})
