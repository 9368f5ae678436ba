"""A network's read-out as the mean of a regression."""

from __future__ import annotations

from flax import nnx
from jaxtyping import Array, Float

from research.arguments import require


class Mean(nnx.Module):
    """Takes the single logit of a module for a mean.

    Args:
        module: whose `logits` are `[B, 1]`, such as `MLP(..., outputs=1)`; an MLP without
            hidden layers makes a linear regression.
    """

    def __init__(self, module: nnx.Module) -> None:
        self.module = module

    def __call__(
        self, inputs: Float[Array, "*B D"], *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, Array]:
        """The module's outputs, with `mean` `[B]` in place of `logits`."""
        outputs = dict(self.module(inputs, train=train, rngs=rngs))
        logits = outputs.pop("logits")
        require(logits.shape[-1] == 1, f"logits are {logits.shape}, expected one output, outputs=1")
        return {**outputs, "mean": logits[..., 0]}
