"""Mixed precision: in which types parameters are kept, computed with and handed out.

Micikevicius et al., "Mixed Precision Training" (2018). bfloat16 has float32's range and
needs no loss scaling, float16 does.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from research.arguments import require
from research.models.network import Network, Tree, Variables

T = TypeVar("T")

_TYPES = ("float32", "bfloat16", "float16")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Precision:
    """Floating-point types of a network: "float32", "bfloat16" or "float16".

    Statistics (BatchNorm's running moments) are always float32: a moving average in
    fewer bits stops moving.

    Attributes:
        params: in which the optimizer keeps and moves the parameters.
        compute: in which the forward and the backward pass compute.
        output: of the network's outputs.

    Raises:
        ArgumentError: for another type.
    """

    params: str = "float32"
    compute: str = "float32"
    output: str = "float32"

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            require(value in _TYPES, f"{name} is {value!r}, expected one of {', '.join(_TYPES)}")


def apply_precision(network: Network, precision: Precision) -> Network:
    """The network with its parameters, computation and outputs in the given types.

    Casts happen inside `apply`, so a gradient has the parameters' type. Integers, keys and
    booleans stay as they are. A layer that was built with a type of its own computes in that
    (`nnx.Embed` always is, and `nnx.BatchNorm` hands on float32: use this package's `Embedding`
    and `BatchNorm`).
    """

    def init(key: jax.Array) -> Variables:
        params, statistics = network.init(key)
        return Variables(cast(params, precision.params), cast(statistics, "float32"))

    def apply(
        variables: Variables, inputs: Any, train: bool, keys: jax.Array | None
    ) -> tuple[Any, Tree]:
        lowered = variables._replace(params=cast(variables.params, precision.compute))
        outputs, statistics = network.apply(lowered, cast(inputs, precision.compute), train, keys)
        return cast(outputs, precision.output), cast(statistics, "float32")

    return Network(init=jax.jit(init), apply=apply)


def cast(tree: T, dtype: str) -> T:
    """The tree with its floating-point arrays in another type."""

    def one(leaf: Any) -> Any:
        leaf = jnp.asarray(leaf)
        return leaf.astype(dtype) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    converted: T = jax.tree.map(one, tree)
    return converted
