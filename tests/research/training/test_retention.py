import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.arguments import ArgumentError
from research.training.retention import Record, Saving, Tier, kept

RECORDS = st.lists(
    st.builds(
        Record,
        st.integers(0, 40),
        st.sampled_from(Tier),
        st.none() | st.sampled_from([0.1, 0.2, 0.3, math.nan, math.inf]),
    ),
    unique_by=lambda record: record.step,
    max_size=12,
)
SAVINGS = st.builds(
    Saving,
    keep_last=st.integers(1, 4),
    keep_every=st.none() | st.integers(1, 10),
    keep_best=st.integers(0, 3),
)


@given(RECORDS, SAVINGS, st.booleans())
def test_a_checkpoint_stays_for_one_of_the_reasons_and_for_no_other(records, saving, maximise):
    stay = kept(records, saving, maximise=maximise)
    assert stay <= {record.step for record in records}
    for record in records:
        others = [other for other in records if other.step != record.step]
        later = [other for other in others if other.step > record.step]
        newest = not later
        if record.tier is Tier.TEMPORARY:
            assert (record.step in stay) == newest
            continue
        permanent = [other for other in others if other.tier is Tier.PERMANENT]

        def better(other, record=record):
            if other.value is None or not math.isfinite(other.value):
                return False
            if other.value == record.value:
                return other.step < record.step
            return (other.value > record.value) == maximise

        best = (
            record.value is not None
            and math.isfinite(record.value)
            and sum(map(better, permanent)) < saving.keep_best
        )
        last = sum(other.step > record.step for other in permanent) < saving.keep_last
        every = saving.keep_every is not None and record.step % saving.keep_every == 0
        assert (record.step in stay) == (newest or last or every or best)


@given(RECORDS, SAVINGS, st.data())
def test_to_keep_is_to_keep_again(records, saving, data):
    stay = kept(records, saving)
    shuffled = data.draw(st.permutations([r for r in records if r.step in stay]))
    assert kept(shuffled, saving) == stay


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every_steps": 0}, "every_steps is 0, expected 1 or more"),
        ({"keep_every": 0}, "keep_every is 0, expected 1 or more"),
        ({"keep_last": 0}, "keep_last is 0, expected 1 or more"),
        ({"keep_best": -1}, "keep_best is -1, expected 0 or more"),
        ({"every_minutes": 0.0}, "every_minutes is 0.0, expected more than 0, or None"),
    ],
)
def test_numbers_that_cannot_be_used(options, message):
    with pytest.raises(ArgumentError, match=message):
        Saving(**options)
