import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.training.stopwatch import PHASES, Stopwatch


class Time:
    """Both clocks of a stopwatch, moved by hand."""

    def __init__(self, at=1000.0):
        self.at = at

    def __call__(self):
        return self.at

    def pass_(self, seconds):
        self.at += seconds


@pytest.fixture
def time():
    return Time()


def clock_of(time):
    return Stopwatch(seconds=time, now=time)


def attempt(time, earlier, *, resumed, to, pace=1.0):
    """Starts, steps, and is killed right after it wrote where it is."""
    clock = clock_of(time)
    if earlier:
        clock.go_on(json.loads(json.dumps(earlier)), step=resumed)
    with clock.phase("start"):
        time.pass_(5)
    with clock.phase("step"):
        for step in range(resumed, to):
            time.pass_(pace)
            clock.beat(step + 1)
    return clock.to_json()


def test_an_inner_phase_suspends_the_outer(time):
    clock = clock_of(time)
    time.pass_(1)
    with clock.phase("step"):
        time.pass_(2)
        with clock.phase("evaluate"):
            time.pass_(4)
            with clock.phase("compile"):
                time.pass_(8)
        time.pass_(16)
    time.pass_(32)
    spent = {name: seconds for name, seconds in clock.split().items() if seconds}
    assert spent == {"other": 33, "step": 18, "evaluate": 4, "compile": 8}
    assert clock.total == 63
    assert clock.goodput == 18 / 63


def test_a_phase_that_fails_ends(time):
    clock = clock_of(time)
    with pytest.raises(RuntimeError), clock.phase("save"):
        time.pass_(1)
        raise RuntimeError
    time.pass_(2)
    assert clock.split()["save"] == 1
    assert clock.split()["other"] == 2


@given(st.lists(st.tuples(st.sampled_from(PHASES), st.integers(0, 100), st.booleans())))
def test_every_moment_belongs_to_one_phase(moves):
    time = Time()
    clock = clock_of(time)
    for name, seconds, nested in moves:
        with clock.phase(name):
            time.pass_(seconds)
            if nested:
                with clock.phase("data"):
                    time.pass_(seconds)
    assert sum(clock.split().values()) == clock.total == time.at - 1000
    assert clock.lost == 0


def test_attempts_add_up_and_downtime_is_lost(time):
    first = attempt(time, None, resumed=0, to=10)
    time.pass_(100)
    second = attempt(time, first, resumed=10, to=20)
    assert second["attempts"] == 2
    assert second["seconds"]["step"] == 20
    assert second["seconds"]["start"] == 10
    assert second["lost"] == 100
    assert second["total"] == 130
    assert second["goodput"] == 20 / 130


def test_steps_done_twice_are_no_goodput(time):
    first = attempt(time, None, resumed=0, to=10)
    second = attempt(time, first, resumed=6, to=20)  # 4 of the 10 are made again
    assert second["seconds"]["step"] == 24
    assert second["goodput"] == pytest.approx(20 / second["total"])
    third = attempt(time, second, resumed=0, to=20)  # every checkpoint was damaged
    assert third["goodput"] == pytest.approx(20 / third["total"])


def test_an_attempt_without_a_step_is_lost_time_only(time):
    first = attempt(time, None, resumed=0, to=0)
    second = attempt(time, first, resumed=0, to=10)
    assert second["goodput"] == 10 / 20


def test_a_clock_set_back_between_attempts_does_no_harm(time):
    first = attempt(time, None, resumed=0, to=10)
    time.pass_(-500)
    second = attempt(time, first, resumed=10, to=20)
    assert second["lost"] == 0
    assert second["goodput"] == 20 / 30


@pytest.mark.parametrize("data", [{}, {"attempt": 3}, []])
def test_foreign_data_are_refused(data, time):
    with pytest.raises((KeyError, TypeError, ValueError)):
        clock_of(time).go_on(data, step=0)


def test_speeds_are_those_of_stepping(time):
    clock = clock_of(time)
    assert clock.steps_per_second is None
    assert clock.steps_per_second_overall is None
    assert clock.left(100) is None
    with clock.phase("compile"):
        time.pass_(50)
    with clock.phase("step"):
        for step in range(1, 11):
            time.pass_(2)
            clock.beat(step)
            if step % 5 == 0:
                with clock.phase("evaluate"):
                    time.pass_(10)
    assert clock.steps_per_second == 0.5
    assert clock.steps_per_second_overall == 0.5
    # 40 s for 10 steps with their evaluations; the compilation comes once.
    assert clock.left(100) == 4 * 90
    assert clock.left(10) == 0


def test_the_window_forgets_what_is_long_ago(time):
    clock = clock_of(time)
    with clock.phase("step"):
        for step in range(1, 101):
            time.pass_(1 if step <= 50 else 0.5)
            clock.beat(step)
        for step in range(101, 200):
            time.pass_(1 / 2)
            clock.beat(step)
    assert clock.steps_per_second == 2
    assert 1 < clock.steps_per_second_overall < 2


def test_fast_beats_take_no_memory(time):
    clock = clock_of(time)
    with clock.phase("step"):
        for step in range(1, 10001):
            time.pass_(0.01)
            clock.beat(step)
    assert len(clock._recent) < 150
    assert clock.steps_per_second == pytest.approx(100)


def test_a_resumed_clock_counts_from_its_step(time):
    first = attempt(time, None, resumed=0, to=10)
    clock = clock_of(time)
    clock.go_on(first, step=10)
    with clock.phase("step"):
        time.pass_(4)
        clock.beat(12)
    assert clock.steps_per_second == 0.5
    assert clock.left(20) == 16


def test_the_summary_names_what_matters(time):
    clock = clock_of(time)
    with clock.phase("step"):
        time.pass_(75)
    with clock.phase("evaluate"):
        time.pass_(24.9)
    with clock.phase("save"):
        time.pass_(0.1)
    assert clock.summary() == "time: 75% step, 25% evaluate; goodput 75%"
