"""How likely a long text is under a language model: token by token, with context throughout."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from research.arguments import require
from research.data.text.windows import windows

_BATCH = 32


def text_nats(
    nats: Callable[[npt.NDArray[np.int32]], Any],
    tokens: npt.NDArray[np.integer],
    *,
    length: int,
    context: int,
) -> npt.NDArray[np.float64]:
    """The negative log-likelihood of every token of a text but the first.

    The text is read in overlapping windows; of each but the first only the last
    `length - context` tokens count, so that every token is foretold from at least `context`
    earlier ones, wherever there are that many.

    Args:
        nats: a compiled function from windows int32 `[B, T + 1]` to nats `[B, T]`, such as
            `LanguageModel.nats` with its variables.
        tokens: of the text, int `[N]`, N of 2 or more.
        length: T, the most tokens that the model reads.
        context: less than T; more of it is slower and nearer to the model's best.

    Returns:
        float64 `[N - 1]`.

    Raises:
        ArgumentError: when the lengths can't be used.
    """
    require(0 <= context < length, f"context is {context}, expected 0 to {length - 1}")
    require(len(tokens) > 1, f"the text has {len(tokens)} tokens, expected 2 or more")
    stride = length - context
    count = 1 + max(math.ceil((len(tokens) - 1 - length) / stride), 0)
    padded = np.zeros(length + (count - 1) * stride + 1, np.int32)
    padded[: len(tokens)] = tokens
    read = windows(padded, length=length, stride=stride)
    parts = []
    for first in range(0, count, _BATCH):
        batch = np.zeros((_BATCH, length + 1), np.int32)
        kept = read[first : first + _BATCH]
        batch[: len(kept)] = kept
        parts.append(np.asarray(nats(batch), np.float64)[: len(kept)])
    found = np.concatenate(parts)
    return np.concatenate([found[0], found[1:, context:].ravel()])[: len(tokens) - 1]


def bits_per_character(nats: npt.ArrayLike, characters: int) -> float:
    """What a text costs: the sum of its tokens' nats in bits, by its characters.

    Whatever the tokens are, this is comparable: they spell the same characters.
    """
    require(characters > 0, f"the text has {characters} characters, expected 1 or more")
    return float(np.sum(np.asarray(nats, np.float64)) / math.log(2) / characters)
