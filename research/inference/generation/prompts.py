"""Prompts of different lengths as one array."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from research.arguments import require


class Prompts(NamedTuple):
    """A batch of prompts.

    Attributes:
        tokens: int32 `[B, C]`, zeros after the end.
        lengths: int32 `[B]`, 1 or more.
    """

    tokens: Any
    lengths: Any


def prompts(
    sequences: Any,
    *,
    slots: int,
    lengths: Any = None,
    left: bool = False,
) -> Prompts:
    """Reads prompts into room for `slots` tokens each.

    Args:
        sequences: B lists of tokens, or an int array `[B, P]`.
        slots: C, at least as many as the longest prompt has tokens.
        lengths: int `[B]` of the rows of an array; None: all P.
        left: whether the rows of an array are padded at their beginnings.

    Raises:
        ArgumentError: when there is none, one is empty, or one is too long.
    """
    if not hasattr(sequences, "ndim"):
        require(lengths is None, "found lengths of lists of tokens, expected them for an array")
        rows = [np.asarray(row, np.int32).reshape(-1) for row in sequences]
        lengths = np.array([len(row) for row in rows], np.int32)
        sequences = np.zeros((len(rows), max(lengths, default=0)), np.int32)
        for row, target in zip(rows, sequences, strict=True):
            target[: len(row)] = row
    require(
        sequences.ndim == 2 and jnp.issubdtype(sequences.dtype, jnp.integer),
        f"prompts are {sequences.dtype} {list(sequences.shape)}, expected integers [B, P]",
    )
    count, width = sequences.shape
    require(count > 0, "found no prompts, expected one or more")
    if lengths is None:
        lengths = np.full(count, width, np.int32)
    require(
        tuple(np.shape(lengths)) == (count,),
        f"lengths have the shape {list(np.shape(lengths))}, expected [{count}]: one per prompt",
    )
    if not isinstance(lengths, jax.core.Tracer):
        shortest, longest = int(np.min(lengths)), int(np.max(lengths))
        require(
            shortest > 0, "a prompt is empty, expected a token to begin with, such as a line's end"
        )
        require(
            longest <= width, f"a prompt's length is {longest}, the array has {width} tokens a row"
        )
    # NumPy where nothing is traced: jax would compile for every width.
    xp: Any = np if isinstance(sequences, np.ndarray) and isinstance(lengths, np.ndarray) else jnp
    tokens, lengths = sequences.astype(np.int32), lengths.astype(np.int32)
    if left:
        places = (xp.arange(width) + width - lengths[:, None]) % width
        tokens = xp.take_along_axis(tokens, places, axis=1)
    require(
        width <= slots, f"prompts have {width} tokens, there is room for {slots}: a longer length"
    )
    tokens = xp.pad(tokens, ((0, 0), (0, slots - width)))
    return Prompts(xp.where(xp.arange(slots) < lengths[:, None], tokens, 0), lengths)
