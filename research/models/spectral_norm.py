"""Spectral normalisation: a layer that stretches nothing by more than about one."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from research.arguments import require

_EPSILON = 1e-12  # of the length that a direction is divided by, as in PyTorch
_FIRST_ITERATIONS = 15  # before the first step, so that it does not begin far off


@runtime_checkable
@runtime_checkable
class LinearLayer(Protocol):
    """A layer without a bias that is linear in its `kernel` `[..., Cout]`."""

    kernel: nnx.Param[Array]

    def __call__(self, inputs: Array, /) -> Array:
        """Maps `[..., Cin]` to `[..., Cout]`."""
        ...


class SpectralNorm(nnx.Module):
    r"""A dense layer or convolution, its kernel divided by the kernel's largest singular value.

    Miyato et al., "Spectral Normalization for Generative Adversarial Networks" (2018). Of
    the kernel as a matrix $W$, a row per input and tap, a column per output, each forward
    pass in training takes one step of the power iteration,

    $$ u \leftarrow W v / |W v|, \quad v \leftarrow W^T u / |W^T u|, \quad \sigma = u^T W v, $$

    and the gradient goes through $\sigma$, not through $u$ and $v$. These are statistics:
    they depend on the kernel alone, so they are the same on every device.

    Args:
        layer: without a bias; this module adds its own, as a bias is not to be divided.
        use_bias: whether to add one.
        rngs: stream `params` for the first direction.

    Raises:
        ArgumentError: when the layer has a bias.
    """

    def __init__(self, layer: LinearLayer, *, use_bias: bool = True, rngs: nnx.Rngs) -> None:
        require(
            getattr(layer, "bias", None) is None,
            "SpectralNorm was given a layer with a bias, expected use_bias=False: it adds its own",
        )
        self.layer = layer
        kernel = _as_matrix(layer.kernel[...])
        self.bias = nnx.Param(jnp.zeros(kernel.shape[-1])) if use_bias else None
        first = jax.random.normal(rngs.params(), kernel.shape[-1:])
        left, right = jax.lax.fori_loop(
            0,
            _FIRST_ITERATIONS,
            lambda _, directions: power_iteration(kernel, directions[1]),
            (jnp.zeros(kernel.shape[:1]), first),
        )
        self.left, self.right = nnx.BatchStat(left), nnx.BatchStat(right)

    def __call__(self, inputs: Float[Array, "*B Cin"], *, train: bool) -> Float[Array, "*C Cout"]:
        """Maps `[..., Cin]` to `[..., Cout]`; `train` moves the directions."""
        kernel = _as_matrix(self.layer.kernel[...]).astype(jnp.float32)
        if train:
            left, right = power_iteration(jax.lax.stop_gradient(kernel), self.right[...])
            self.left[...], self.right[...] = left, right
        else:
            left, right = self.left[...], self.right[...]
        largest = left @ kernel @ right
        # The layer is linear in its kernel: its output is divided as well as the kernel would be.
        outputs = self.layer(inputs)
        outputs = outputs / largest.astype(outputs.dtype)
        return outputs if self.bias is None else outputs + self.bias[...]


def power_iteration(
    matrix: Float[Array, "M N"], right: Float[Array, " N"]
) -> tuple[Float[Array, " M"], Float[Array, " N"]]:
    """One step towards the directions that the matrix stretches most, from a right one.

    Returns:
        Unit vectors, left and right of the matrix.
    """
    left = _unit(matrix @ right)
    return left, _unit(matrix.T @ left)


def _as_matrix(kernel: Float[Array, "*taps N"]) -> Float[Array, "M N"]:
    return kernel.reshape(-1, kernel.shape[-1])


def _unit(vector: Float[Array, " N"]) -> Float[Array, " N"]:
    return vector / jnp.maximum(jnp.linalg.norm(vector), _EPSILON)
