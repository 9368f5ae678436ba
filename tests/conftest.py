"""Settings of all tests; those of jax must be made before it starts."""

import contextlib
import os
from pathlib import Path

from hypothesis import settings

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["XLA_FLAGS"] = " ".join(
    [os.environ.get("XLA_FLAGS", ""), "--xla_force_host_platform_device_count=8"]
).strip()

# What one test has compiled, other processes and the next run of the tests need not compile again.
for name, value in {
    "JAX_COMPILATION_CACHE_DIR": str(Path(__file__).parents[1] / ".pytest_cache/xla"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}.items():
    os.environ.setdefault(name, value)

# A busy machine is no bug: nothing here is timed.
settings.register_profile("rulax", deadline=None)
settings.load_profile("rulax")

# The shapes in the models' signatures are checked wherever a test calls them.
with contextlib.suppress(ImportError):
    import beartype  # noqa: F401
    from jaxtyping import install_import_hook

    install_import_hook(["research.models", "research.tasks"], "beartype.beartype")
