"""Sources that misbehave; a module of its own, so that worker processes can import it."""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np


class Numbered:
    """N examples that carry their index in every value."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def take(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        return arrays(np.asarray(indices))


class Failing(Numbered):
    """Fails, in a way that is named, when asked for the example `at`."""

    def __init__(self, size: int, at: int, how: str) -> None:
        super().__init__(size)
        self.at, self.how = at, how

    def take(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        if self.at in indices:
            if self.how == "raise":
                raise OSError(f"example {self.at} is unreadable")
            if self.how == "exit":
                sys.exit(0)
            if self.how == "hang":
                time.sleep(100)
            if self.how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            return {"index": np.asarray(indices)[1:]}
        return super().take(indices)


def arrays(indices: np.ndarray) -> dict[str, np.ndarray]:
    """What example i holds, for each i."""
    values = indices.astype(np.float32)[:, None, None] * np.ones((1, 3, 2), np.float32)
    return {"index": indices.astype(np.int32), "values": values}
