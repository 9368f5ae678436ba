"""`jax.jit` with the widest vectors of the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import get_opaque_trace_state

__all__ = ["WideJit"]

# XLA takes 256 bits unless told, also where a CPU has 512 and twice as many registers.
_WIDE = {"xla_cpu_prefer_vector_width": 512}

with jax.core.eval_context():
    _NO_TRACE = get_opaque_trace_state()


class WideJit:
    """The compiled function, with 512-bit vectors where it is a program of its own on a CPU.

    Within another transformation it is a part of that program, which has its own options.

    Args:
        function: as `jax.jit` takes it.
        static: positions of the arguments that are not arrays.
    """

    def __init__(self, function: Callable[..., Any], static: tuple[int, ...] = ()) -> None:
        self._wide = jax.jit(function, static_argnums=static, compiler_options=_WIDE)
        self._plain = jax.jit(function, static_argnums=static)

    def __call__(self, *arguments: Any) -> Any:
        """What the function returns."""
        alone = get_opaque_trace_state() == _NO_TRACE and jax.default_backend() == "cpu"
        return (self._wide if alone else self._plain)(*arguments)

    @property
    def programs(self) -> int:
        """How many programs were compiled, or traced, so far."""
        sizes = (f._cache_size() for f in (self._wide, self._plain))  # type: ignore[attr-defined]
        return sum(sizes)
