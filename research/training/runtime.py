"""Process-wide settings of JAX, made once at start."""

from __future__ import annotations

import contextlib

import jax

from research.data.sources import cache_directory


def configure() -> None:
    """Turns on the persistent compilation cache, so that a second run starts at once.

    Small programs are cached too: JAX's own thresholds skip everything that compiles in
    under a second, which is most of what a research run compiles. Without a writable
    cache directory, or where a cache is set already, nothing changes.
    """
    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    with contextlib.suppress(OSError):
        directory = cache_directory() / "xla"
        directory.mkdir(parents=True, exist_ok=True)
        jax.config.update("jax_compilation_cache_dir", str(directory))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
