"""A trace of some steps by JAX's profiler, for TensorBoard or Perfetto."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax

from research.workdir import Workdir

Tick = Callable[[int, Any], None]


@contextlib.contextmanager
def profile(steps: tuple[int, int] | None, workdir: Workdir | None) -> Iterator[Tick]:
    """Yields `tick(step, result)`, to be called before each dispatch.

    Tracing starts at the first call whose step is in the range and stops at the first one
    after it, when `result`, of the dispatch before, has been waited for.

    Args:
        steps: the first step to trace, and the one to stop before; None for none.
        workdir: the trace goes to `profile/` below it; None traces nothing.
    """
    if steps is None or workdir is None:
        yield lambda step, result: None
        return
    first, last = steps
    tracing = traced = False

    def stop() -> None:
        nonlocal tracing, traced
        if tracing:
            jax.profiler.stop_trace()
            tracing, traced = False, True

    def tick(step: int, result: Any) -> None:
        nonlocal tracing
        if tracing and step >= last:
            jax.block_until_ready(result)
            stop()
        elif not tracing and not traced and first <= step < last:
            jax.profiler.start_trace(str(workdir.path / "profile"))
            tracing = True

    try:
        yield tick
    finally:
        stop()
