"""Examples mixed with each other."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from research.arguments import require


def mixup(
    keys: jax.Array, inputs: jax.Array, targets: jax.Array, *, alpha: float
) -> tuple[jax.Array, jax.Array]:
    """Mixes each example with its neighbour, inputs and targets in the same proportion.

    Zhang et al., "mixup: Beyond Empirical Risk Minimization" (2018): `l x + (1 - l) x'` and
    `l y + (1 - l) y'` with l from Beta(alpha, alpha). The partners are examples 2i and
    2i + 1 of the batch, each with an l of its own. Batches are shuffled, so this is as good
    as any pairing, and however a batch is split into even parts, partners stay together.

    Args:
        keys: typed PRNG keys `[B]`.
        inputs: `[B, ...]`, floating point.
        targets: `[B, K]`, probabilities, such as `jax.nn.one_hot(labels, K)`.
        alpha: above 0; the smaller, the less is mixed.

    Returns:
        The mixed inputs `[B, ...]` and targets `[B, K]`.

    Raises:
        ArgumentError: when B is odd, alpha is not positive, or the targets are labels.
    """
    require(alpha > 0, f"alpha is {alpha}, expected more than 0")
    require(
        len(keys) % 2 == 0,
        f"found {len(keys)} examples, expected an even number on every device",
    )
    for name, array in (("inputs", inputs), ("targets", targets)):
        require(
            jnp.issubdtype(array.dtype, jnp.floating) and array.ndim >= 2,
            f"the {name} are {array.dtype} {list(array.shape)}, expected floating point "
            f"[B, ...]{': use jax.nn.one_hot' if name == 'targets' else ''}",
        )
    shares = jax.vmap(lambda key: jax.random.beta(key, alpha, alpha))(keys)
    return _mixed(shares, inputs), _mixed(shares, targets)


def _mixed(shares: jax.Array, values: jax.Array) -> jax.Array:
    pairs = values.reshape(-1, 2, *values.shape[1:])
    partners = pairs[:, ::-1].reshape(values.shape)
    share = shares.reshape(-1, *[1] * (values.ndim - 1)).astype(values.dtype)
    return share * values + (1 - share) * partners
