"""Which evaluation is the best and which the last, also while earlier ones are on their way."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.training.boundaries import Boundaries
from research.training.diagnosis import Diverged
from research.training.judging import Judge, Progress

EVERY = 5


def judge(steps=100, patience=None, maximise=False):
    boundaries = Boundaries(steps=steps, evaluate_every=EVERY, log_every=None, save_every=EVERY)
    return Judge(boundaries=boundaries, monitor="loss", maximise=maximise, patience=patience)


def test_the_best_is_the_first_of_equals():
    verdict, now = judge(), Progress()
    for step, value in ((5, 2.0), (10, 1.0), (15, 1.0), (20, 3.0)):
        now = verdict(now, step, value)
    assert (now.best_step, now.best_value, now.finished) == (10, 1.0, None)


def test_more_may_be_better():
    now = judge(maximise=True)(Progress(best_step=5, best_value=1.0), 10, 2.0)
    assert (now.best_step, now.best_value) == (10, 2.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_ends_the_run(value):
    with pytest.raises(Diverged, match=rf"validation loss is {value} at step 10: lower"):
        judge()(Progress(step=15), 10, value)


def test_the_last_step_ends_the_run():
    assert not judge(steps=12).may_end(Progress(), 10)
    assert judge(steps=12).may_end(Progress(), 12)
    assert judge(steps=12)(Progress(), 12, 1.0).finished == "all steps made"


@given(
    values=st.lists(st.integers(0, 6), min_size=1, max_size=30),
    patience=st.integers(1, 4),
    delays=st.lists(st.integers(0, 3), min_size=30, max_size=30),
)
def test_evaluations_known_later_end_the_run_at_the_same_step(values, patience, delays):
    """An evaluation that may be the last waits for those before it; the others may be late."""
    steps = EVERY * len(values)
    verdict = judge(steps=steps, patience=patience)

    def run(delays):
        now, waiting = Progress(), []
        for at, value in enumerate(values):
            step = EVERY * (at + 1)
            waiting.append((step, float(value)))
            late = 0 if verdict.may_end(now, step) else delays[at]
            while len(waiting) > late:
                assert now.finished is None
                now = verdict(now, *waiting.pop(0))
            if now.finished:
                return dataclasses.replace(now, step=step)
        raise AssertionError("the last evaluation did not end the run")

    assert run(delays) == run([0] * 30)
