import json
import os
import platform
import time

import pytest

from research.runs import find_runs, read_run
from research.workdir import LOCK, WorkdirError


def test_what_a_workdir_tells(make):
    run = read_run(make("a"))
    assert (run.experiment, run.state, run.step, run.steps) == ("e.py", "interrupted", 40, 100)
    assert (run.monitor, run.best, run.seconds) == ("loss", 0.25, 90.0)
    assert run.config["training.steps"] == 100
    assert set(run.last()) == {"train/loss", "validation/loss", "validation/accuracy"}
    assert run.curve("validation/loss")[0] == [20, 40]
    assert run.curve("validation/nothing") == ([], [])


def test_a_bare_workdir_is_a_new_run(make):
    path = make("a", timing=None, attempt=None, steps=0)
    run = read_run(path)
    assert (run.state, run.step, run.best, run.seconds) == ("new", 0, None, None)
    (path / "metrics.jsonl").unlink()
    assert read_run(path).records == ()
    (path / "checkpoints").mkdir()
    assert read_run(path).state == "interrupted"
    (path / "model").mkdir()
    assert read_run(path).state == "finished"


@pytest.mark.parametrize(
    ("attempt", "timing", "state"),
    [
        ({"pid": os.getpid()}, {}, "running"),
        ({"pid": os.getpid()}, {"finished": "all steps made"}, "finished"),
        ({"pid": 1}, {}, "running"),  # somebody else's process
        ({}, {}, "interrupted"),
        ({"pid": None}, {}, "interrupted"),
        ({"host": "another"}, {"written": 0}, "running"),
        ({"host": "another"}, {"written": -3600}, "interrupted"),
    ],
)
def test_states(make, attempt, timing, state):
    if "written" in timing:  # in seconds from now: these lines were read long ago, perhaps
        timing = {"written": time.time() + timing["written"]}
    assert read_run(make("a", attempt=attempt, timing=timing)).state == state


def test_the_lock_knows_best_who_runs(make):
    path = make("a", attempt={"pid": os.getpid()})
    assert read_run(path).state == "running"
    holder = {"host": platform.node(), "pid": 2**22 + 1}
    (path / LOCK).write_text(json.dumps(holder))
    assert read_run(path).state == "interrupted"
    for text in ("", "[]"):  # written this instant
        (path / LOCK).write_text(text)
        assert read_run(path).state == "running"


def test_runs_are_found_in_folders(make, tmp_path):
    make("b/deep/er")
    make("a")
    make("a/below-another")
    make(".hidden")
    runs, skipped = find_runs([tmp_path / "runs"])
    assert [run.name for run in runs] == [
        str(tmp_path / "runs" / name) for name in ("a", "b/deep/er")
    ]
    assert skipped == []


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("config.json", "{", "config.json is not valid JSON"),
        ("config.json", "{}", "holds no configuration of ours"),
        ("config.json", '{"experiment": "e.py", "config": 3}', "holds no configuration of ours"),
        ("timing.json", "{", "timing.json is damaged"),
        ("timing.json", '{"step": 3, "seconds": 5}', "timing.json is damaged"),
        ("provenance.json", "[]", "provenance.json is damaged"),
    ],
)
def test_damaged_runs_are_said_and_skipped(make, tmp_path, name, text, reason):
    (make("bad") / name).write_text(text)
    make("good")
    runs, skipped = find_runs([tmp_path / "runs"])
    assert [run.name[-4:] for run in runs] == ["good"]
    assert len(skipped) == 1
    assert reason in skipped[0]
    with pytest.raises(WorkdirError, match=reason):
        read_run(tmp_path / "runs" / "bad")


def test_bytes_that_are_no_text_are_skipped(make, tmp_path):
    (make("bad") / "metrics.jsonl").write_bytes(b"\xff\xfe")
    runs, skipped = find_runs([tmp_path / "runs"])
    assert (runs, len(skipped)) == ([], 1)


def test_foreign_places_are_said(tmp_path):
    (tmp_path / "foreign").mkdir()
    (tmp_path / "file").write_text("")
    _, skipped = find_runs([tmp_path / name for name in ("foreign", "file", "nowhere")])
    assert [reason.partition(": ")[2] for reason in skipped] == [
        "no run of ours, and none below",
        "no such directory",
        "no such directory",
    ]
