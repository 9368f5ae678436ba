import numpy as np
import pytest

from experiments.adult import groups
from research.data.datasets import adult
from research.data.tables import conform


def people(sex, race, target):
    count = len(sex)
    columns = conform({name: [None] * count for name in adult.SCHEMA.names}, adult.SCHEMA)
    for name, values in {"sex": sex, "race": race}.items():
        members = adult.SCHEMA[name].categories
        columns[name] = np.array([members.index(v) if v else -1 for v in values], np.int32)
    return adult.Adult(
        ids=np.arange(count).astype(str),
        columns=columns,
        target=np.array(target, np.int32),
        schema=adult.SCHEMA,
    )


def test_the_worst_gap_of_a_persons_groups():
    worst = groups.lookup(
        {"sex": {"female": 0.0, "male": 0.02}, "race": {"white": 0.01, "black": 0.05}}
    )
    some = people(
        ["female", "male", "female", "male", None, "male"],
        ["white", "white", "black", "black", "white", "other"],
        [0] * 6,
    )
    np.testing.assert_allclose(
        worst(some.columns), [0.01, 0.02, 0.05, 0.05, np.nan, np.nan], rtol=1e-6
    )


def test_gaps_that_are_more_than_chance():
    some = people(["female"] * 500 + ["male"] * 500, ["white"] * 1000, [0] * 500 + [1, 0] * 250)
    probabilities = np.repeat([0.2, 0.5], 500)
    found = groups.calibration_gaps(some, probabilities)
    assert found["sex"] == {"female": pytest.approx(0.2), "male": 0.0}
    assert set(found["race"]) == {"white"}


def test_a_share_of_the_people():
    some = people(["female", "female", "male"], ["white"] * 3, [1, 0, 1])
    selected, among = np.array([True, True, False]), np.array([True, False, True])
    female, male = groups.by_attribute(some, selected, among=among)["sex"]
    assert (female.selected.events, female.selected.cases) == (1, 1)
    assert (male.selected.events, male.selected.cases) == (0, 1)


def test_what_the_model_is_not_told():
    some = people(["female"], ["white"], [1])
    told = groups.seen_by_model(some, groups.UNPROTECTED)
    assert set(some.columns) - set(told.columns) == {"sex", "race"}
    assert len(told) == 1
