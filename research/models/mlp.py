"""Multilayer perceptrons: plain, and residual with embedded categories for tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from research.arguments import require
from research.models.random import Dropout


class MLP(nnx.Module):
    """Dense layers with GELU and dropout, then a linear read-out.

    Args:
        features: width D of the input.
        hidden: widths of the hidden layers; empty gives a linear model.
        outputs: width K of the logits.
        dropout: probability of dropping a hidden unit in training.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        features: int,
        *,
        hidden: Sequence[int],
        outputs: int,
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        require(min(hidden, default=1) > 0, f"hidden widths are {hidden}, expected positive")
        widths = (features, *hidden)
        self.layers = nnx.List([nnx.Linear(a, b, rngs=rngs) for a, b in pairwise(widths)])
        self.dropout = Dropout(dropout)
        self.readout = nnx.Linear(widths[-1], outputs, rngs=rngs)

    def __call__(
        self, inputs: Float[Array, "*B D"], *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, Float[Array, ...]]:
        """Maps `[B, D]` to `{"features": [B, H], "logits": [B, K]}`."""
        hidden = inputs
        for layer in self.layers:
            hidden = nnx.gelu(layer(hidden))
            hidden = self.dropout(hidden, deterministic=not train, rngs=rngs)
        return {"features": hidden, "logits": self.readout(hidden)}


class ResidualBlock(nnx.Module):
    """x + drop(W2 drop(gelu(W1 norm(x)))), W1 widening and W2 narrowing again.

    He et al., "Identity Mappings in Deep Residual Networks" (2016), with the layers that
    Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data" (2021) use for tables.

    Args:
        width: D of input and output.
        expansion: width of the layer between, as a multiple of D.
        dropout: probability of dropping a unit after each layer in training.
        layer_norm: whether `norm` is LayerNorm (Ba et al., 2016), or nothing.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self, width: int, *, expansion: int, dropout: float, layer_norm: bool, rngs: nnx.Rngs
    ) -> None:
        self.norm = nnx.LayerNorm(width, rngs=rngs) if layer_norm else None
        self.widen = nnx.Linear(width, expansion * width, rngs=rngs)
        self.narrow = nnx.Linear(expansion * width, width, rngs=rngs)
        self.dropout = Dropout(dropout)

    def __call__(
        self, inputs: Float[Array, "*B D"], *, train: bool, rngs: nnx.Rngs | None
    ) -> Float[Array, "*B D"]:
        """Maps `[B, D]` to the same shape."""
        hidden = inputs if self.norm is None else self.norm(inputs)
        hidden = nnx.gelu(self.widen(hidden))
        hidden = self.narrow(self.dropout(hidden, deterministic=not train, rngs=rngs))
        return inputs + self.dropout(hidden, deterministic=not train, rngs=rngs)


class PeriodicEmbedding(nnx.Module):
    """relu(W [sin v; cos v] + b) with v = 2 pi c x, for each number x with its own c, W and b.

    Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning" (2022):
    a dense layer hardly sees steps in a number, which trees are made of.

    Args:
        numbers: how many, N.
        frequencies: K numbers c for each, drawn from a normal distribution and then trained.
        scale: its standard deviation.
        width: E of what each number becomes.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self, numbers: int, *, frequencies: int, scale: float, width: int, rngs: nnx.Rngs
    ) -> None:
        normal = nnx.initializers.normal(scale)
        self.frequencies = nnx.Param(normal(rngs.params(), (numbers, frequencies)))
        lecun = nnx.initializers.lecun_normal(in_axis=1, out_axis=2, batch_axis=0)
        self.kernel = nnx.Param(lecun(rngs.params(), (numbers, 2 * frequencies, width)))
        self.bias = nnx.Param(jnp.zeros((numbers, width)))

    def __call__(self, inputs: Float[Array, "*B N"]) -> Float[Array, "*B NE"]:
        """Maps `[B, N]` to `[B, N * E]`."""
        angles = 2 * jnp.pi * self.frequencies[...] * inputs[..., None]
        waves = jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=-1)
        made = jnp.einsum("...nk,nke->...ne", waves, self.kernel[...]) + self.bias[...]
        return nnx.relu(made).reshape(*inputs.shape[:-1], -1)


class TabularMLP(nnx.Module):
    """Embedded categories beside numbers, residual blocks, a linear read-out.

    Reads what `research.data.features.Features` makes: numbers, and a block of one-hot
    features for each category. A one-hot block times a matrix is a row of that matrix: the
    embedding of the category, or zeros for one that is missing.

    Args:
        features: width D of the input.
        categories: first feature and number of features of each one-hot block, in order.
        embedding: most numbers that a category becomes; a block of n features becomes
            `min(embedding, (n + 1) // 2)`.
        frequencies: of a `PeriodicEmbedding` that stands beside the numbers; 0 for none.
        frequency_scale: of its frequencies.
        width: of the residual blocks.
        blocks: how many.
        expansion: see `ResidualBlock`.
        outputs: width K of the logits.
        dropout: see `ResidualBlock`.
        layer_norm: whether each block, and the read-out, normalises what it gets.
        rngs: stream `params` for the initialisers.
    """

    def __init__(
        self,
        features: int,
        *,
        categories: Sequence[tuple[int, int]],
        embedding: int = 8,
        frequencies: int = 0,
        frequency_scale: float = 0.1,
        width: int = 64,
        blocks: int = 2,
        expansion: int = 2,
        outputs: int,
        dropout: float = 0.0,
        layer_norm: bool = True,
        rngs: nnx.Rngs,
    ) -> None:
        sizes = {"embedding": embedding, "width": width, "expansion": expansion}
        for name, size in sizes.items():
            require(size > 0, f"{name} is {size}, expected 1 or more")
        for name, count in {"blocks": blocks, "frequencies": frequencies}.items():
            require(count >= 0, f"{name} is {count}, expected 0 or more")
        bounds = [0, *(i for first, count in categories for i in (first, first + count)), features]
        require(
            bounds == sorted(bounds) and all(count > 0 for _, count in categories),
            f"categories are {list(categories)}, expected pairs (first feature, number of "
            f"features), one behind the other, within {features} features",
        )
        self.categories = tuple((first, count) for first, count in categories)
        covered = {i for first, count in self.categories for i in range(first, first + count)}
        self.numbers = tuple(i for i in range(features) if i not in covered)
        made = [min(embedding, (count + 1) // 2) for _, count in self.categories]
        self.embeddings = nnx.List(
            [
                nnx.Linear(count, size, use_bias=False, rngs=rngs)
                for (_, count), size in zip(self.categories, made, strict=True)
            ]
        )
        count = len(self.numbers)
        self.periodic = (
            PeriodicEmbedding(
                count, frequencies=frequencies, scale=frequency_scale, width=embedding, rngs=rngs
            )
            if frequencies and count
            else None
        )
        count += 0 if self.periodic is None else count * embedding
        self.stem = nnx.Linear(count + sum(made), width, rngs=rngs)
        self.blocks = nnx.List(
            [
                ResidualBlock(
                    width, expansion=expansion, dropout=dropout, layer_norm=layer_norm, rngs=rngs
                )
                for _ in range(blocks)
            ]
        )
        self.norm = nnx.LayerNorm(width, rngs=rngs) if layer_norm else None
        self.readout = nnx.Linear(width, outputs, rngs=rngs)

    def __call__(
        self, inputs: Float[Array, "*B D"], *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, Float[Array, ...]]:
        """Maps `[B, D]` to `{"embedded": [B, E], "features": [B, H], "logits": [B, K]}`.

        `embedded` holds the numbers and then the embeddings of all categories.
        """
        numbers = inputs[..., jnp.array(self.numbers, jnp.int32)]
        parts = [numbers] if self.periodic is None else [numbers, self.periodic(numbers)]
        for (first, count), embed in zip(self.categories, self.embeddings, strict=True):
            parts.append(embed(inputs[..., first : first + count]))
        embedded = jnp.concatenate(parts, axis=-1)
        hidden = self.stem(embedded)
        for block in self.blocks:
            hidden = block(hidden, train=train, rngs=rngs)
        if self.norm is not None:
            hidden = self.norm(hidden)
        hidden = nnx.gelu(hidden)
        return {"embedded": embedded, "features": hidden, "logits": self.readout(hidden)}
