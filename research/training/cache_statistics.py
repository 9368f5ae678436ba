"""How often the persistent compile cache spares a compilation."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import jax

_HIT = "/jax/compilation_cache/cache_hits"
_MISS = "/jax/compilation_cache/cache_misses"


class CacheStatistics:
    """Counts hits and misses from its making until it is closed.

    JAX reports them as monitoring events; a program that the cache doesn't take (too small
    by its thresholds, or no cache) counts as neither.

    Attributes:
        hits: programs read from the cache.
        misses: programs compiled, then kept.
    """

    def __init__(self) -> None:
        self.hits = 0
        self.misses = 0
        jax.monitoring.register_event_listener(self._listen)

    def __enter__(self) -> CacheStatistics:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def rate(self) -> float | None:
        """Hits among all that were looked up, 0 to 1; None when nothing was."""
        looked_up = self.hits + self.misses
        return self.hits / looked_up if looked_up else None

    def __str__(self) -> str:
        if self.rate is None:
            return "compile cache: not used"
        return f"compile cache: {self.hits} of {self.hits + self.misses} programs ({self.rate:.0%})"

    def to_json(self) -> dict[str, int]:
        """Plain data."""
        return {"hits": self.hits, "misses": self.misses}

    def close(self) -> None:
        """Stops counting."""
        jax.monitoring.unregister_event_listener(self._listen)

    def _listen(self, event: str, **_: Any) -> None:
        self.hits += event == _HIT
        self.misses += event == _MISS
