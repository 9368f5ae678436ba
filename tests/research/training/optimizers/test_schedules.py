import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.arguments import ArgumentError
from research.training.optimizers import schedule_by_name
from research.training.optimizers.schedules import SCHEDULES


@st.composite
def settings(draw):
    steps = draw(st.integers(2, 10_000))
    warmup = draw(st.integers(0, steps - 1))
    numbers = {"steps": steps, "warmup": warmup, "final": draw(st.floats(0, 1))}
    return numbers, draw(st.floats(1e-6, 10)), draw(st.integers(0, 2 * steps))


def expected(name, peak, t, steps, warmup, final, decay=None):
    if t < warmup:
        return peak * t / warmup
    length, t = steps - warmup, min(t, steps) - warmup
    if name == "constant":
        return peak
    if name == "cosine":
        return peak * (final + (1 - final) * (1 + np.cos(np.pi * t / length)) / 2)
    falling = length if name == "linear" else decay
    share = max(0, t - (length - falling)) / falling
    return peak * (1 - share * (1 - final))


@pytest.mark.parametrize("name", ["constant", "cosine", "linear", "wsd"])
@given(drawn=settings(), share=st.floats(0, 1))
def test_formulas(name, drawn, share):
    numbers, peak, step = drawn
    spec = {"name": name, **numbers}
    extra = {}
    if name == "constant":
        del spec["steps"], spec["final"]
    if name == "wsd":
        extra["decay"] = 1 + int(share * (numbers["steps"] - numbers["warmup"] - 1))
    schedule = schedule_by_name({**spec, **extra}, peak)
    np.testing.assert_allclose(
        schedule(jnp.int32(step)),
        expected(name, peak, step, **numbers, **extra),
        rtol=1e-4,
        atol=1e-5 * peak,
    )


def test_step_multiplies_at_each_boundary():
    spec = {"name": "step", "boundaries": (10, 20), "factor": 0.5, "warmup": 4}
    schedule = schedule_by_name(spec, 0.8)
    rates = [float(schedule(step)) for step in (0, 2, 4, 9, 10, 19, 20, 1000)]
    np.testing.assert_allclose(rates, [0, 0.4, 0.8, 0.8, 0.4, 0.4, 0.2, 0.2], rtol=1e-6)


def test_wsd_falls_in_the_last_tenth_unless_told():
    schedule = schedule_by_name("wsd", 1.0, steps=100)
    assert [float(schedule(step)) for step in (0, 90, 95, 100)] == pytest.approx([1, 1, 0.5, 0])


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_same_inside_jit_and_for_many_steps_at_once(name):
    numbers = {"boundaries": [30, 60]} if name == "step" else {}
    schedule = schedule_by_name({"name": name, "warmup": 10, **numbers}, 0.3, steps=100)
    steps = jnp.arange(120)
    one_by_one = np.array([schedule(step) for step in range(120)], np.float32)
    np.testing.assert_allclose(schedule(steps), one_by_one, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(jax.jit(schedule)(steps), one_by_one, rtol=1e-5, atol=1e-7)
    assert schedule(0) == 0 and float(schedule(10)) == pytest.approx(0.3)


def test_the_spec_is_not_changed_and_its_steps_count():
    spec = {"name": "linear", "steps": 10}
    assert float(schedule_by_name(spec, 1.0, steps=1000)(5)) == pytest.approx(0.5)
    assert spec == {"name": "linear", "steps": 10}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("cosin", "schedule is 'cosin', expected constant, .*; did you mean 'cosine'"),
        ({"warmup": 3}, "schedule is 'None', expected constant"),
        ({"name": "cosine", "warm_up": 3}, "schedule 'cosine' has no option 'warm_up', .*'warmup'"),
        ({"name": "constant", "final": 0.1}, "schedule 'constant' has no option 'final'"),
        ("step", "schedule 'step' needs boundaries"),
        ({"name": "cosine", "warmup": 100}, "warmup is 100, expected .* less than steps=100"),
        ({"name": "cosine", "warmup": -1}, "warmup is -1, expected a whole number of steps, 0 or"),
        ({"name": "cosine", "warmup": 0.1}, "warmup is 0.1, expected a whole number"),
        ({"name": "linear", "steps": 0}, "steps is 0, expected a whole number of steps, 1 or"),
        ({"name": "linear", "final": 1.5}, "final is 1.5, expected 0 to 1, a share of the peak"),
        ({"name": "wsd", "decay": 0}, "decay is 0, expected a whole number of steps, 1 or more"),
        (
            {"name": "wsd", "warmup": 60, "decay": 50},
            "warmup is 60 and decay 50, expected together no more than steps=100",
        ),
        ({"name": "step", "boundaries": []}, r"boundaries are \[\], expected one or more"),
        ({"name": "step", "boundaries": [9, 9]}, r"boundaries are \[9, 9\], expected .* increase"),
        ({"name": "step", "boundaries": [0.5]}, "a boundary is 0.5, expected a whole number"),
        (
            {"name": "step", "boundaries": [9], "warmup": 9},
            "the first boundary is 9, expected after warmup=9",
        ),
        ({"name": "step", "boundaries": [9], "factor": 0}, "factor is 0, expected more than 0"),
    ],
)
def test_errors(spec, message):
    with pytest.raises(ArgumentError, match=message):
        schedule_by_name(spec, 0.1, steps=100)
