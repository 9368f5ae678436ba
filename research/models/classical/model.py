"""What the classical families have in common."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray

from research.arguments import ArgumentError, require
from research.models.network import Variables

_MANY = 50_000


@runtime_checkable
class ClassicalModel(Protocol):
    """Options of a family; fitted on the host, evaluated as arrays inside jit."""

    def fit(self, inputs: ArrayLike, targets: ArrayLike, seed: int) -> Variables:
        """Arrays by name, float32 or integers, whose shapes may depend on the examples.

        Args:
            inputs: float32 `[N, D]`, as `predict` will see them.
            targets: classes from 0 on, int `[N]`, or for a regression numbers `[N]`.
            seed: of whatever is random; the same seed and examples, the same arrays.

        Raises:
            ArgumentError: for examples that it can't be fitted on.
        """
        ...

    def predict(self, variables: Variables, inputs: Any) -> dict[str, Array]:
        """`logits` `[B, K]` of a classifier or `mean` `[B]` of a regression, and what led there.

        Pure; of inputs float32 `[B, D]`.
        """
        ...


def matrix(inputs: ArrayLike, *, missing: bool = False) -> NDArray[np.float32]:
    """Inputs as a float32 matrix `[N, D]`.

    Args:
        inputs: of N examples.
        missing: whether NaN is allowed.

    Raises:
        ArgumentError: for another shape, or numbers that can't be used.
    """
    rows = np.asarray(inputs, np.float32)
    require(
        rows.ndim == 2 and min(rows.shape) > 0,
        f"found inputs {rows.shape}, expected [N, D] with at least one example and feature",
    )
    require(
        not np.isinf(rows).any() and (missing or not np.isnan(rows).any()),
        "inputs hold "
        + ("infinity" if missing else "NaN or infinity")
        + ": research.data.features.Features gives finite ones",
    )
    return rows


def classes(targets: ArrayLike, examples: int) -> NDArray[np.int64]:
    """Labels int `[N]`, of which every class from 0 on has an example.

    Raises:
        ArgumentError: when they are anything else.
    """
    labels = integers(targets, examples)
    found = np.unique(labels)
    require(
        len(found) > 1 and bool(np.array_equal(found, np.arange(len(found)))),
        f"labels are of the classes {', '.join(map(str, found[:20]))}, expected examples of at "
        "least two classes, and of every class from 0 on",
    )
    return labels


def integers(targets: ArrayLike, examples: int) -> NDArray[np.int64]:
    """Labels int `[N]`, none negative.

    Raises:
        ArgumentError: when they are anything else.
    """
    labels = np.asarray(targets)
    require(
        labels.shape == (examples,) and labels.dtype.kind in "iu" and bool((labels >= 0).all()),
        f"labels are {labels.dtype} {labels.shape}, expected integers [{examples}], none negative",
    )
    return labels.astype(np.int64)


def numbers(targets: ArrayLike, examples: int) -> NDArray[np.float64]:
    """Targets of a regression, float64 `[N]`.

    Raises:
        ArgumentError: for another shape, NaN or infinity.
    """
    values = np.asarray(targets, np.float64)
    require(
        values.shape == (examples,), f"targets are {values.shape}, expected numbers [{examples}]"
    )
    require(bool(np.isfinite(values).all()), "targets hold NaN or infinity")
    return values


def linear_logits(params: Mapping[str, Array], inputs: Float[Array, "B D"]) -> Float[Array, "B K"]:
    """Logits of `inputs @ kernel + bias`, kernel `[D, S]`; see `from_scores`."""
    product = jnp.matmul(inputs, params["kernel"], precision=lax.Precision.HIGHEST)
    return from_scores(product + params["bias"])


def from_scores(scores: Float[Array, "B S"]) -> Float[Array, "B K"]:
    """One score for each class; a single one is the log-odds of class 1 against class 0."""
    if scores.shape[1] > 1:
        return scores
    return jnp.concatenate([jnp.zeros_like(scores), scores], axis=1)


@contextlib.contextmanager
def one_thread_for_few(examples: int) -> Iterator[None]:
    """Keeps scikit-learn from spreading few examples over threads, which wait for each other."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1 if examples < _MANY else None, user_api="openmp"):
        yield


def scikit_learn(family: str) -> None:
    """Makes sure that scikit-learn is there.

    Raises:
        ArgumentError: when it is not.
    """
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise ArgumentError(
            f"{family} is fitted by scikit-learn, which is not installed: "
            "pip install 'rulax[classical]'"
        ) from None


def as_arrays(variables: Variables) -> dict[str, Array]:
    """The params as JAX arrays, by name."""
    return {name: jnp.asarray(array) for name, array in variables.params.items()}
