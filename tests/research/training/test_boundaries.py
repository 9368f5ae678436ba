from hypothesis import given
from hypothesis import strategies as st

from research.training.boundaries import Boundaries

NUMBERS = st.integers(1, 60)
BOUNDARIES = st.builds(
    Boundaries,
    steps=NUMBERS,
    evaluate_every=NUMBERS,
    log_every=st.none() | NUMBERS,
    save_every=NUMBERS,
)


@given(BOUNDARIES, st.integers(1, 9))
def test_dispatches_never_cross_a_boundary_and_meet_each(boundaries, per_call):
    step, ends = 0, []
    while step < boundaries.steps:
        step = step + min(per_call, boundaries.next(step) - step)
        ends.append(step)
    due = {
        at
        for at in range(1, boundaries.steps + 1)
        if boundaries.reports(at) or boundaries.saves(at) or boundaries.evaluates(at)
    }
    assert due <= set(ends) and ends[-1] == boundaries.steps


@given(BOUNDARIES, st.integers(1, 9), st.data())
def test_a_resumed_run_is_cut_alike(boundaries, per_call, data):
    def cut(step):
        while step < boundaries.steps:
            step += min(per_call, boundaries.next(step) - step)
            yield step

    ends = list(cut(0))
    stop = data.draw(st.sampled_from(ends))
    assert list(cut(stop)) == [end for end in ends if end > stop]


@given(BOUNDARIES)
def test_the_end_is_evaluated_and_saved(boundaries):
    end = boundaries.steps
    assert boundaries.evaluates(end) and boundaries.reports(end) and boundaries.saves(end)
    assert not (boundaries.evaluates(0) or boundaries.reports(0) or boundaries.saves(0))


@given(BOUNDARIES, st.integers(1, 60))
def test_an_evaluation_is_a_report(boundaries, step):
    assert boundaries.reports(step) or not boundaries.evaluates(step)


def test_by_example():
    boundaries = Boundaries(steps=20, evaluate_every=6, log_every=4, save_every=9)
    steps = range(21)
    assert [s for s in steps if boundaries.evaluates(s)] == [6, 12, 18, 20]
    assert [s for s in steps if boundaries.reports(s)] == [4, 6, 8, 12, 16, 18, 20]
    assert [s for s in steps if boundaries.saves(s)] == [9, 18, 20]
    assert [boundaries.next(s) for s in (0, 4, 6, 8, 9, 18)] == [4, 6, 8, 9, 12, 20]
