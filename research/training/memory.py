"""Whether training fits into a device's memory, said before it is tried."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import Any

import jax

from research.arguments import ArgumentError


class DoesNotFit(ArgumentError):
    """The training needs more memory than there is; the message says what helps."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes on one device.

    Attributes:
        state: parameters, statistics, optimizer and sums, which stay.
        examples: what stays of the data.
        temporary: activations, gradients and the like while a dispatch runs; None before
            it is compiled.
        limit: what the device has; None where it doesn't say.
    """

    state: int
    examples: int
    temporary: int | None
    limit: int | None

    @property
    def total(self) -> int:
        """What is known to be needed."""
        return self.state + self.examples + (self.temporary or 0)

    def check(self) -> None:
        """Raises `DoesNotFit` when the total is above the limit."""
        if self.limit is None or self.total <= self.limit:
            return
        temporary = "" if self.temporary is None else f", {size(self.temporary)} temporary"
        advice = [
            (self.examples, "stream the examples instead of keeping them on the device"),
            (self.state, "shard the parameters, training.parallel.sharding=(('.', 'fsdp(data)'),)"),
            (
                self.temporary or 0,
                "use a smaller batch_size, more training.stepping.accumulate, or recompute "
                "activations (remat)",
            ),
        ]
        first = max(advice, key=lambda item: item[0])[1]
        raise DoesNotFit(
            f"training needs {size(self.total)} on each device ({size(self.state)} state, "
            f"{size(self.examples)} examples{temporary}), which has {size(self.limit)}: {first}"
        )


def device_limit(device: jax.Device) -> int | None:
    """Bytes that one device may use; on a CPU its share of what the machine has available."""
    statistics: Any = None
    with contextlib.suppress(jax.errors.JaxRuntimeError):  # a device that isn't here
        statistics = device.memory_stats()
    if statistics and "bytes_limit" in statistics:
        limit: int = statistics["bytes_limit"]
        return limit
    if device.platform == "cpu":
        try:
            lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        except OSError:
            return None
        available = {line.split(":")[0]: line for line in lines}.get("MemAvailable")
        return int(available.split()[1]) * 1024 // jax.local_device_count() if available else None
    return None


def temporary_bytes(program: Any) -> int | None:
    """What a compiled program needs besides its arguments and results."""
    analysis = getattr(program, "memory_analysis", lambda: None)()
    return None if analysis is None else int(analysis.temp_size_in_bytes)


def size(count: int) -> str:
    """Bytes for people: `1.5 MB`."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"
