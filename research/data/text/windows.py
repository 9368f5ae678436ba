"""A long text as examples of one length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from research.arguments import require


def windows(tokens: npt.NDArray[np.integer], *, length: int, stride: int) -> npt.NDArray[np.int32]:
    """Windows of a text, each begun `stride` tokens after the one before.

    A language model reads the first `length` tokens of a window and is asked for the last
    `length`; with a stride of `length` it is asked for every token once. What is left at the
    end and fills no window is left out.

    Args:
        tokens: int `[M]`.
        length: T, how many tokens are read.
        stride: between beginnings.

    Returns:
        int32 `[N, T + 1]`.

    Raises:
        ArgumentError: when the text is shorter than one window.
    """
    require(length > 0, f"length is {length}, expected 1 or more")
    require(stride > 0, f"stride is {stride}, expected 1 or more")
    require(
        len(tokens) > length,
        f"the text has {len(tokens)} tokens, a window needs {length + 1}: take a shorter length",
    )
    cut = np.lib.stride_tricks.sliding_window_view(tokens, length + 1)[::stride]
    return np.ascontiguousarray(cut, np.int32)
