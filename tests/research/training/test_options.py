import inspect
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ml_collections import ConfigDict

from research.arguments import ArgumentError
from research.training import Parallel, Saving, Stepping, Watching, defaults, fit, fit_options
from research.training.options import optional

CHANGES = {
    "steps": 7,
    "patience": 3,
    "monitor": "accuracy",
    "maximise": True,
    "stepping": {"ema": 0.9, "loss_scale": "dynamic"},
    "parallel": {"mesh": "data=-1, model=2", "sharding": (("kernel", "fsdp(data)"),)},
    "saving": {"every_minutes": 5, "keep_best": 2},
    "watching": {"trackers": ("tensorboard",), "hang_minutes": None, "profile": "2:4"},
}


def test_defaults_are_those_of_the_parts_and_are_arguments_of_fit():
    options = fit_options(defaults())
    assert options["stepping"] == Stepping()
    assert options["parallel"] == Parallel()
    assert options["saving"] == Saving()
    assert options["watching"] == Watching()
    assert set(options) <= set(inspect.signature(fit).parameters)
    assert (options["steps"], options["patience"]) == (1000, None)


@pytest.mark.parametrize("changes", [{}, CHANGES])
@pytest.mark.parametrize(
    "through",
    [
        lambda data: data,
        lambda data: json.loads(json.dumps(data)),
        lambda data: ConfigDict(data).to_dict(),
        lambda data: json.loads(ConfigDict(data).to_json_best_effort()),
    ],
)
def test_the_way_there_and_back(changes, through):
    found = fit_options(through(defaults(**changes)))
    wanted = fit_options(defaults(**changes))
    groups = ("stepping", "saving")
    assert {name: found[name] for name in groups} == {name: wanted[name] for name in groups}
    assert found["parallel"].split_axes == wanted["parallel"].split_axes
    assert list(found["watching"].trackers) == list(wanted["watching"].trackers)
    rest = set(found) - {"stepping", "saving", "parallel", "watching"}
    assert all(found[name] == wanted[name] for name in rest)


def test_what_is_changed_is_changed_and_nothing_else():
    plain, changed = defaults(), defaults(**CHANGES)
    assert (changed["steps"], changed["batch_size"]) == (7, plain["batch_size"])
    assert changed["stepping"] == plain["stepping"] | CHANGES["stepping"]
    assert defaults() == plain


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stepz": 3}, "training has no stepz, expected steps, batch_size, .*, watching"),
        ({"stepping": {"emma": 0.9}}, "stepping has no emma, expected accumulate, ema, "),
        ({"stepping": 3}, "stepping is 3, expected some of its options by name"),
        ({"steps": 2.5}, "training.steps is 2.5, expected a whole number"),
        ({"steps": True}, "training.steps is True, expected a whole number"),
        ({"patience": "abc"}, "training.patience is 'abc', expected a whole number or None"),
        ({"maximise": 1}, "training.maximise is 1, expected true or false"),
        ({"monitor": None}, "training.monitor is None, expected a string"),
        ({"stepping": {"ema": "much"}}, "stepping.ema is 'much', expected a number or None"),
        ({"stepping": {"ema": 2.0}}, "ema is 2.0, expected None or 0 < ema < 1"),
        (
            {"stepping": {"loss_scale": (1,)}},
            r"stepping.loss_scale is \(1,\), expected a string or a number or None",
        ),
        ({"watching": {"trackers": "mlflow"}}, "trackers is 'mlflow', expected a list"),
        ({"parallel": {"sharding": "fsdp"}}, "sharding is 'fsdp', expected a list"),
        ({"saving": {"keep_last": None}}, "keep_last is None, expected a whole number"),
        ({"watching": {"log_every": 0}}, "log_every is 0, expected None, or 1 or more"),
        ({"watching": {"hang_minutes": 0}}, "hang_minutes is 0, expected None or more than 0"),
        ({"watching": {"profile": "4:2"}}, "profile is '4:2', expected FIRST:LAST"),
        ({"watching": {"profile": "4"}}, "profile is '4', expected FIRST:LAST"),
    ],
)
def test_what_cannot_be_used(changes, message):
    with pytest.raises(ArgumentError, match=message):
        defaults(**changes)
    with pytest.raises(ArgumentError, match=message):
        fit_options(changes)


def test_watching():
    assert Watching(profile="10:12").profiled == (10, 12)
    assert Watching().profiled is None
    assert Watching(hang_minutes=0.5).hang_seconds == 30.0
    assert Watching(hang_minutes=None).hang_seconds is None


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "steps": st.integers(1),
            "patience": st.none() | st.integers(1),
            "saving": st.fixed_dictionaries(
                {}, optional={"keep_best": st.integers(0), "every_minutes": st.floats(0.1, 1e6)}
            ),
        },
    )
)
def test_what_is_plain_stays_plain(changes):
    assert json.loads(json.dumps(defaults(**changes))) == json.loads(
        json.dumps(defaults(**defaults(**changes)))
    )


def test_options_of_more_than_one_type():
    assert fit_options({"steps_per_call": "auto"}) == {"steps_per_call": "auto"}
    assert "steps_per_call" in optional()
    assert optional() >= {"patience", "stepping.ema", "saving.every_steps", "watching.profile"}
    assert not optional() & {"steps", "stepping.guard", "parallel.mesh"}
