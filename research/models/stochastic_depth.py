"""Residual branches that are skipped at random in training."""

from __future__ import annotations

from flax import nnx
from jaxtyping import Array, Float

from research.arguments import require
from research.models.random import dropped


class StochasticDepth(nnx.Module):
    """Drops a branch as a whole with probability `rate`, and scales it by `1 / (1 - rate)` else.

    Huang et al., "Deep Networks with Stochastic Depth" (2016); as in later work each example
    draws for itself, from its own key.

    Args:
        rate: probability, 0 or more and less than 1.
    """

    def __init__(self, rate: float) -> None:
        require(0 <= rate < 1, f"stochastic depth is {rate}, expected 0 or more and less than 1")
        self.rate = rate

    def __call__(
        self,
        branch: Float[Array, "B ..."],
        *,
        deterministic: bool,
        rngs: nnx.Rngs | None = None,
    ) -> Float[Array, "B ..."]:
        """Maps the branch's result, before it is added, to the same shape.

        Raises:
            ArgumentError: when there is something to draw and no `ExampleRngs` to draw from.
        """
        if deterministic or self.rate == 0:
            return branch
        once = (1,) * (branch.ndim - 1)
        return dropped(branch, self.rate, once, rngs, layer="StochasticDepth")


def depth_rates(last: float, count: int) -> list[float]:
    """Rates of `count` blocks, from 0 in the first linearly to `last` (Huang et al., section 3)."""
    return [last * index / max(count - 1, 1) for index in range(count)]
