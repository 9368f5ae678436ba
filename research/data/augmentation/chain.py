"""Several changes as one."""

from __future__ import annotations

from collections.abc import Callable

import jax

Change = Callable[[jax.Array, jax.Array], jax.Array]


def chain(*changes: Change) -> Change:
    """`(keys, inputs) -> inputs`: one change after the other, each with keys of its own.

    A change takes keys `[B]` and inputs `[B, ...]`; `functools.partial` makes one of an
    augmentation and its numbers:

        chain(partial(crop, padding=4), flip, partial(cutout, size=8))
    """

    def chained(keys: jax.Array, inputs: jax.Array) -> jax.Array:
        for number, change in enumerate(changes):
            own = jax.vmap(lambda key, number=number: jax.random.fold_in(key, number))(keys)
            inputs = change(own, inputs)
        return inputs

    return chained
