"""k-means: examples gathered round K centres."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from research.arguments import require
from research.models.network import Variables
from research.models.unsupervised.distances import check_inputs, squared_distances, summed
from research.tasks.task import Batch, Metrics


@dataclasses.dataclass(frozen=True, kw_only=True)
class KMeans:
    """An `Estimator` of K centres with the least sum of squared distances to the nearest one.

    Lloyd, "Least squares quantization in PCM" (1982), from the starts of Arthur and
    Vassilvitskii, "k-means++: The Advantages of Careful Seeding" (2007), each the best of a
    few candidates as there. The best of several runs is kept. An input's score is its
    squared distance to the nearest centre, divided by D.

    Attributes:
        clusters: K.
        restarts: runs from different starts.
        iterations: of Lloyd's algorithm, at most.
        tolerance: a run ends when the centres move, squared and summed, by no more than
            this share of the inputs' mean variance.
    """

    clusters: int
    restarts: int = 10
    iterations: int = 300
    tolerance: float = 1e-4

    def check(self, examples: Batch) -> None:
        """See `Estimator.check`: `inputs` `[N, ...]`, as many examples as clusters or more."""
        count, _ = check_inputs(examples)
        require(
            1 <= self.clusters <= count,
            f"clusters is {self.clusters}, expected 1 to {count}, the number of examples",
        )
        require(self.restarts >= 1, f"restarts is {self.restarts}, expected 1 or more")
        require(self.iterations >= 1, f"iterations is {self.iterations}, expected 1 or more")
        require(self.tolerance >= 0, f"tolerance is {self.tolerance}, expected 0 or more")

    def fit(self, examples: Batch, validation: Batch, seed: int) -> Variables:
        """See `Estimator.fit`; `centres` `[K, D]` and their `inertia`, the sum of squares."""
        del validation
        rows = jnp.asarray(examples["inputs"]).reshape(len(examples["inputs"]), -1)
        centres, inertia = _best_run(
            jax.random.key(seed), rows, self.clusters, self.restarts, self.iterations,
            self.tolerance,
        )  # fmt: skip
        return Variables({"centres": centres, "inertia": inertia}, {})

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`; sums `loss`, the score."""
        return summed(self.predict(variables, batch["inputs"])["score"], batch["weight"])

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """Maps `[B, ...]` to `cluster` int32 `[B]`, `score` `[B]`, `reconstruction` `[B, ...]`.

        Also `features` `[B, K]`: the distances to all centres. The reconstruction is the
        nearest centre.
        """
        centres = variables.params["centres"]
        rows = jnp.asarray(inputs).reshape(len(inputs), -1)
        distances = squared_distances(rows, centres)
        cluster = distances.argmin(1)
        return {
            "features": jnp.sqrt(distances),
            "cluster": cluster.astype(jnp.int32),
            "reconstruction": centres[cluster].reshape(inputs.shape),
            "score": distances.min(1) / rows.shape[1],
        }


class _Sweep(NamedTuple):
    """Where Lloyd's algorithm stands: `distances` `[N, K]` are to the centres."""

    sweeps: jax.Array
    centres: jax.Array
    distances: jax.Array
    moved: jax.Array


@jax.jit(static_argnames=("clusters", "restarts"))
def _best_run(
    key: jax.Array,
    rows: Float[Array, "N D"],
    clusters: int,
    restarts: int,
    iterations: jax.typing.ArrayLike,
    tolerance: jax.typing.ArrayLike,
) -> tuple[Float[Array, "K D"], Float[Array, ""]]:
    enough = jnp.asarray(tolerance) * jnp.var(rows, axis=0).mean()

    def run(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        return _lloyd(rows, _seeded(key, rows, clusters), iterations, enough)

    # One after the other: as a batch, all would go on until the slowest has ended.
    centres, inertia = jax.lax.map(run, jax.random.split(key, restarts))
    best = inertia.argmin()
    return centres[best], inertia[best]


def _seeded(key: jax.Array, rows: jax.Array, clusters: int) -> Float[Array, "K D"]:
    """Centres drawn in proportion to the squared distance to those drawn before."""
    candidates = 2 + max(clusters, 1).bit_length()
    first = rows[jax.random.randint(key, (), 0, len(rows))]
    start = jnp.zeros((clusters, rows.shape[1]), rows.dtype).at[0].set(first)

    def add(number: jax.Array, held: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        centres, nearest = held
        # Where every row is a centre already, any row will do.
        odds = jnp.log(jnp.where(nearest.sum() > 0, nearest, 1.0))
        drawn = jax.random.categorical(jax.random.fold_in(key, number), odds, shape=(candidates,))
        closer = jnp.minimum(nearest[:, None], squared_distances(rows, rows[drawn]))
        chosen = closer.sum(0).argmin()
        return centres.at[number].set(rows[drawn[chosen]]), closer[:, chosen]

    nearest = squared_distances(rows, first[None])[:, 0]
    centres, _ = jax.lax.fori_loop(1, clusters, add, (start, nearest))
    return centres


def _lloyd(
    rows: jax.Array, centres: jax.Array, iterations: jax.typing.ArrayLike, enough: jax.Array
) -> tuple[Float[Array, "K D"], Float[Array, ""]]:
    clusters = len(centres)

    def going(sweep: _Sweep) -> jax.Array:
        return (sweep.sweeps < iterations) & (sweep.moved > enough)

    def once(sweep: _Sweep) -> _Sweep:
        member = jax.nn.one_hot(sweep.distances.argmin(1), clusters, dtype=rows.dtype)
        sizes = member.sum(0)
        means = (member.T @ rows) / jnp.maximum(sizes, 1)[:, None]
        # A centre that no row is nearest to goes where a row is farthest from its own.
        _, farthest = jax.lax.top_k(sweep.distances.min(1), clusters)
        turn = jnp.maximum(jnp.cumsum(sizes == 0) - 1, 0)
        moved = jnp.where((sizes == 0)[:, None], rows[farthest[turn]], means)
        return _Sweep(
            sweep.sweeps + 1,
            moved,
            squared_distances(rows, moved),
            jnp.square(moved - sweep.centres).sum(),
        )

    start = _Sweep(
        jnp.int32(0), centres, squared_distances(rows, centres), jnp.asarray(jnp.inf, rows.dtype)
    )
    end = jax.lax.while_loop(going, once, start)
    return end.centres, end.distances.min(1).sum()
