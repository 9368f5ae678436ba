"""The machine's limits: a product of matrices and a sum of arrays."""

from __future__ import annotations

import numpy as np

from benchmarks.contest import PEERS, Contestant, Row, Work

SIZE, LENGTH = 2048, 1 << 25


def rows() -> tuple[Row, ...]:
    product, total = "benchmarks.machine_limits:", "benchmarks.peers.torch_limits:"
    return (
        Row(
            name=f"float32 product of {SIZE} x {SIZE}",
            unit="FLOP",
            amount=2.0 * SIZE**3,
            tolerance=1e-4,
            contestants=(
                Contestant(name="XLA", entry=f"{product}xla_product"),
                Contestant(name="NumPy", entry=f"{product}numpy_product"),
                Contestant(name="torch", entry=f"{total}product", environment=PEERS),
            ),
        ),
        Row(
            name=f"sum of {LENGTH:,} float32",
            unit="bytes",
            amount=4.0 * LENGTH,
            tolerance=1e-4,
            contestants=(
                Contestant(name="XLA", entry=f"{product}xla_sum"),
                Contestant(name="NumPy", entry=f"{product}numpy_sum"),
                Contestant(name="torch", entry=f"{total}total", environment=PEERS),
            ),
        ),
    )


def matrix() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((SIZE, SIZE), dtype=np.float32)


def vector() -> np.ndarray:
    return np.random.default_rng(0).random(LENGTH, dtype=np.float32)


def xla_product() -> Work:
    import jax
    import jax.numpy as jnp

    array = jnp.asarray(matrix())
    product = jax.jit(jnp.matmul)
    return Work(
        run=lambda: product(array, array).block_until_ready(),
        answer=lambda: np.asarray(product(array, array)[0]),
    )


def numpy_product() -> Work:
    array = matrix()
    return Work(run=lambda: array @ array, answer=lambda: (array @ array)[0])


def xla_sum() -> Work:
    import jax
    import jax.numpy as jnp

    array, total = jnp.asarray(vector()), jax.jit(jnp.sum)
    return Work(run=lambda: total(array).block_until_ready(), answer=lambda: float(total(array)))


def numpy_sum() -> Work:
    array = vector()
    return Work(run=lambda: np.sum(array), answer=lambda: float(np.sum(array)))
