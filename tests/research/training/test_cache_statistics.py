import subprocess
import sys
from pathlib import Path

import jax

from research.training.cache_statistics import CacheStatistics

PROGRAM = """
import jax, jax.numpy as jnp, sys
jax.config.update("jax_compilation_cache_dir", sys.argv[1])
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
from research.training.cache_statistics import CacheStatistics
x = jnp.ones(8)
with CacheStatistics() as cache:
    jax.jit(lambda x: jnp.sin(x) @ x)(x)
print(cache)
"""


def test_the_first_run_misses_and_the_second_hits(tmp_path):
    said = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path)],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=Path(__file__).parents[3],
        ).stdout.strip()
        for _ in range(2)
    ]
    assert said == [
        "compile cache: 0 of 1 programs (0%)",
        "compile cache: 1 of 1 programs (100%)",
    ]


def test_events_are_counted_until_it_is_closed():
    with CacheStatistics() as cache:
        assert cache.rate is None
        assert str(cache) == "compile cache: not used"
        for _ in range(3):
            jax.monitoring.record_event("/jax/compilation_cache/cache_hits")
        jax.monitoring.record_event("/jax/compilation_cache/cache_misses")
        jax.monitoring.record_event("/jax/something/else")
    jax.monitoring.record_event("/jax/compilation_cache/cache_hits")
    assert cache.to_json() == {"hits": 3, "misses": 1}
    assert cache.rate == 0.75
