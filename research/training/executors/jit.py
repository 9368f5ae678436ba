"""`jit` with sharding: one program over the whole batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from research.training.executors.executor import Executor
from research.training.sharding import replicated
from research.training.state import Carry


class JitExecutor(Executor):
    """One program over the whole batch, split by XLA; the only one that shards parameters."""

    def _compiled(self, arguments: Any) -> Callable[..., tuple[Carry, jax.Array]]:
        carry = jax.tree.map(lambda leaf: leaf.sharding, self._abstract)
        everywhere = replicated(self.mesh)
        shardings = (carry, everywhere, self._of_load, self._of_batch)
        run = jax.jit(
            self._steps,
            donate_argnums=0,
            in_shardings=shardings,
            out_shardings=(carry, everywhere),
        )
        program: Any = run.lower(*arguments).compile()
        return program

    def _positions(self) -> jax.Array:
        everyone = jnp.arange(self._feed.batch_size, dtype=jnp.int32)
        return jax.lax.with_sharding_constraint(everyone, self._of_batch)
