import sys

import pytest

from research.training import progress as module
from research.training.progress import duration, progress


def test_lines_when_there_is_no_terminal(capsys, monkeypatch):
    clock = iter([0.0, 0.0, 1.0, 10.0, 10.0, 11.0, 20.0, 20.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with progress("training", 100, start=20) as report:
        report(30, "loss 1")  # too soon
        report(40, "loss 2")
        report(50, "loss 3")  # too soon
        report(100, "loss 4")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "training 40/100, 30 s left  loss 2",
        "training 100/100, 0 s left  loss 4",
    ]


def test_who_knows_better_what_is_left_says_it(capsys):
    with progress("training", 10) as report:
        report(10, "", left=7250)
    assert "training 10/10, 2:00 h left" in capsys.readouterr().err


def test_a_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress("training", 10) as report:
        report(9, "loss 0.2", left=200)
        report(10, "loss 0.1")
    assert "10/10" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "0 s"),
        (99, "99 s"),
        (99.6, "1:40 min"),
        (3599, "59:59 min"),
        (3600, "1:00 h"),
        (90061, "25:01 h"),
    ],
)
def test_durations_in_the_unit_that_fits(seconds, said):
    assert duration(seconds) == said
