from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import pytest

from research.training.memory import DoesNotFit, Memory, device_limit, size, temporary_bytes


def test_what_does_not_fit_is_refused_with_advice():
    fits = Memory(state=100, examples=10, temporary=None, limit=110)
    fits.check()
    Memory(state=100, examples=10, temporary=None, limit=None).check()
    for memory, advice in (
        (Memory(state=100, examples=10, temporary=5, limit=110), "shard the parameters"),
        (Memory(state=1, examples=100, temporary=5, limit=50), "stream the examples"),
        (Memory(state=1, examples=1, temporary=5_000_000, limit=50), "use a smaller batch_size"),
    ):
        with pytest.raises(DoesNotFit, match=advice):
            memory.check()


def test_what_is_not_known_counts_as_nothing():
    assert Memory(state=3, examples=4, temporary=None, limit=None).total == 7
    assert Memory(state=3, examples=4, temporary=5, limit=None).total == 12


def accelerator(**statistics):
    return SimpleNamespace(platform="tpu", memory_stats=lambda: statistics or None)


def test_an_accelerator_says_what_it_has():
    assert device_limit(accelerator(bytes_limit=16_000)) == 16_000
    assert device_limit(accelerator(bytes_in_use=3)) is None
    assert device_limit(accelerator()) is None


def test_a_device_that_is_not_here_has_no_limit():
    def refuse():
        raise jax.errors.JaxRuntimeError("not addressable")

    assert device_limit(SimpleNamespace(platform="tpu", memory_stats=refuse)) is None


def test_the_cpus_share_what_the_machine_has(monkeypatch):
    device = jax.devices()[0]  # JAX reads files to find its devices

    def meminfo(self, encoding):
        assert str(self) == "/proc/meminfo"
        return "MemTotal: 2000 kB\nMemAvailable:     800 kB\n"

    monkeypatch.setattr(Path, "read_text", meminfo)
    assert device_limit(device) == 800 * 1024 // 8

    def missing(self, encoding):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)  # not Linux
    assert device_limit(device) is None


def test_temporary_bytes_of_a_program():
    shape = jax.ShapeDtypeStruct((64, 64), jnp.float32)
    program = jax.jit(lambda x: jnp.sort(x @ x).cumsum(0)).lower(shape).compile()
    assert temporary_bytes(program) == program.memory_analysis().temp_size_in_bytes
    assert temporary_bytes(lambda: None) is None


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (5, "5 B"), (1500, "1.5 kB"), (2_500_000, "2.5 MB"), (3 * 10**12, "3 TB")],
)
def test_sizes_for_people(count, text):
    assert size(count) == text
