"""What several tests of runs share."""

import jax
import pytest
from jax.experimental.compilation_cache import compilation_cache

from research.workdir import Workdir

_SETTINGS = {
    "jax_persistent_cache_min_compile_time_secs": 0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}


@pytest.fixture(scope="session")
def _programs(tmp_path_factory):
    return str(tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="module")
def compile_once(_programs):
    """Keeps compiled programs, as `research.training.configure` does: most runs are alike."""
    settings = {"jax_compilation_cache_dir": _programs} | _SETTINGS
    earlier = {name: jax.config.values[name] for name in settings}
    compilation_cache.reset_cache()
    for name, value in settings.items():
        jax.config.update(name, value)
    yield
    compilation_cache.reset_cache()
    for name, value in earlier.items():
        jax.config.update(name, value)


@pytest.fixture
def workdir(tmp_path):
    return Workdir(tmp_path)
