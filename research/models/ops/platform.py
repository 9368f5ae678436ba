"""The one place where an operation's form is chosen by what it runs on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import jax

T = TypeVar("T")


def on_cpu(fast: Callable[..., T], plain: Callable[..., T], *arrays: jax.Array | None) -> T:
    """`fast(*arrays)` where the program is compiled for a CPU, `plain(*arrays)` elsewhere.

    Chosen when XLA gets the program, not when it is traced: one trace serves an export for
    several platforms, and a program compiled on a CPU for a TPU gets the TPU's form. Both are
    traced, and nothing of the other one is left in what is compiled.

    Differentiated, it hands on what both forms keep for their gradients, zeros for the other
    one. Within one program XLA drops these; where the two ends are apart (a scan over layers)
    it can't, so call it inside a custom VJP where that can be.
    """
    return jax.lax.platform_dependent(*arrays, cpu=fast, default=plain)
