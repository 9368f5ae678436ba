import jax
import jax.numpy as jnp
import pytest

from research.training import Watching
from research.training.profiling import profile
from tests.research.training.loops import train


@pytest.fixture
def traced(monkeypatch):
    calls = []
    monkeypatch.setattr(jax.profiler, "start_trace", lambda folder: calls.append(folder))
    monkeypatch.setattr(jax.profiler, "stop_trace", lambda: calls.append("stop"))
    return calls


def ticked(steps, workdir, dispatches, traced):
    """The dispatches that are traced."""
    found = []
    with profile(steps, workdir) as tick:
        for dispatched in dispatches:
            tick(dispatched, jnp.zeros(()))
            if traced and traced[-1] != "stop":
                found.append(dispatched)
    return found


@pytest.mark.parametrize(
    ("steps", "per_call", "expected"),
    [
        ((2, 4), 1, [2, 3]),
        ((0, 1), 1, [0]),
        ((2, 4), 5, [0]),  # the dispatch that holds them
        ((4, 6), 5, [0, 5]),
        ((5, 10), 5, [5]),
        ((18, 99), 5, [15]),  # to the end
        ((50, 60), 5, []),
    ],
)
def test_every_step_of_the_range_is_traced(workdir, traced, steps, per_call, expected):
    dispatches = [range(first, first + per_call) for first in range(0, 20, per_call)]
    assert [d.start for d in ticked(steps, workdir, dispatches, traced)] == expected
    assert traced == ([str(workdir.path / "profile"), "stop"] if expected else [])


def test_a_run_that_fails_ends_its_trace(workdir, traced):
    with pytest.raises(ValueError, match="mine"), profile((0, 5), workdir) as tick:
        tick(range(1), jnp.zeros(()))
        raise ValueError("mine")
    assert traced[-1] == "stop"


@pytest.mark.parametrize("steps", [None, (0, 5)])
def test_nothing_is_traced_without_a_range_or_a_place(workdir, traced, steps):
    ticked(steps, workdir if steps is None else None, [range(5)], traced)
    assert traced == []


def test_a_run_leaves_a_trace(workdir):
    train(workdir, steps=6, steps_per_call=3, watching=Watching(profile="4:5"))
    traces = list((workdir.path / "profile").rglob("*.xplane.pb"))
    assert len(traces) == 1 and traces[0].stat().st_size > 1000
