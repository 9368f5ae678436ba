"""A trace of some steps by JAX's profiler, for TensorBoard or Perfetto."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax

from research.workdir import Workdir

Tick = Callable[[range, Any], None]


@contextlib.contextmanager
def profile(steps: tuple[int, int] | None, workdir: Workdir | None) -> Iterator[Tick]:
    """Yields `tick(dispatched, result)`, to be called before the dispatch of these steps.

    Tracing starts with the first dispatch that makes a step of the range and stops before the
    first one after it, when `result`, of the dispatch before, has been waited for.

    Args:
        steps: the first step to trace, and the one to stop before; None for none.
        workdir: the trace goes to `profile/` below it; None traces nothing.
    """
    if steps is None or workdir is None:
        yield lambda dispatched, result: None
        return
    first, last = steps
    tracing = traced = False

    def stop() -> None:
        nonlocal tracing, traced
        if tracing:
            jax.profiler.stop_trace()
            tracing, traced = False, True

    def tick(dispatched: range, result: Any) -> None:
        nonlocal tracing
        if tracing and dispatched.start >= last:
            jax.block_until_ready(result)
            stop()
        elif not tracing and not traced and dispatched.start < last and dispatched.stop > first:
            jax.profiler.start_trace(str(workdir.path / "profile"))
            tracing = True

    try:
        yield tick
    finally:
        stop()
