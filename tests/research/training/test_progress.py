import sys

from research.training import progress as module
from research.training.progress import progress


def test_lines_when_there_is_no_terminal(capsys, monkeypatch):
    clock = iter([0.0, 1.0, 10.0, 11.0, 20.0])
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


def test_a_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress("training", 10) as report:
        report(10, "loss 0.1")
    assert "10/10" in capsys.readouterr().err
