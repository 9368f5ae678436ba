import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from research.runs.__main__ import main

ROOT = Path(__file__).parents[3]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_list(make, here, capsys):
    make("a", timing={"finished": "all steps made", "step": 100})
    make("b", timing=None, attempt=None)
    make("c").joinpath("timing.json").write_text("{")
    assert main(["list", "runs"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "run     experiment  state     step     best       time  started",
        "runs/a  e.py        finished  100/100  loss 0.25  90 s  2026-11-22 11:47",
        "runs/b  e.py        new       40/100   -          -     -",
    ]
    assert said.err.startswith("skipped: runs/c/timing.json is damaged")


def test_list_for_machines(make, here, capsys):
    make("a")
    assert main(["list", "runs", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert run == {
        "name": "runs/a",
        "experiment": "e.py",
        "state": "interrupted",
        "step": 40,
        "steps": 100,
        "monitor": "loss",
        "best_value": 0.25,
        "best_step": 40,
        "seconds": 90.0,
        "started": "2026-11-22T11:47:44+00:00",
    }


def test_show(make, here, capsys):
    make("a")
    assert main(["show", "runs/a"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "run         runs/a",
        "experiment  e.py",
        "state       interrupted",
        "step        40/100",
        "best        loss 0.25",
        "started     2026-11-22T11:47:44+00:00",
        "command     launch.py --config=e.py",
        "commit      cccccccccccc, changed: provenance.diff",
        "devices     8 x TPU v4",
        "versions    Python 3.11.7, jax 0.10.2, flax 0.12.8",
        "",
        "time",
        "  step           60 s    60%",
        "  compile        30 s    30%",
        "  lost           10 s    10%",
        "  goodput        60%     of 2 attempts",
        "  steps/s        12.5",
        "  compile cache  3 of 4  programs",
        "",
        "last metrics",
        "  train/loss           0.449329",
        "  validation/loss      0.549329",
        "  validation/accuracy  0.550671",
        "",
        "config",
        "  seed              0",
        "  training.steps    100",
        '  training.monitor  "loss"',
    ]


def test_show_what_little_there_is(make, here, capsys):
    make("a", timing={"finished": "early", "seconds": {"step": 2.5}, "goodput": None}, steps=0)
    make("b", timing=None, attempt={"git": None, "devices": None, "packages": None}, steps=0)
    assert main(["show", "runs"]) == 0
    said = capsys.readouterr().out
    assert "state       finished: early" in said
    assert re.search(r"^  step +2.5 s +20%$", said, re.MULTILINE)
    assert "commit      -" in said
    assert "last metrics" not in said


def test_show_for_machines(make, here, capsys):
    make("a")
    assert main(["show", "runs/a", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert run["config"]["seed"] == 0
    assert run["timing"]["goodput"] == 0.6
    assert run["last_metrics"]["train/loss"] == pytest.approx(0.449329)
    assert run["provenance"][0]["pid"]


def test_compare(make, here, capsys):
    make("a")
    make("b", config={"seed": 1, "extra": [1, 2]}, rate=0.03, attempt={"python": "3.12.1"})
    assert main(["compare", "runs/a", "runs/b"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "                     runs/a    runs/b",
        "extra                -         [1, 2]",
        "seed                 0         1",
        'python               "3.11.7"  "3.12.1"',
        "step                 40        40",
        "best loss            0.25      0.25",
        "train/loss           0.449329  0.301194",
        "validation/loss      0.549329  0.401194",
        "validation/accuracy  0.550671  0.698806",
    ]


def test_compare_for_machines(make, here, capsys):
    make("a")
    make("b", attempt=None, timing={"monitor": "accuracy", "best_value": 0.9})
    assert main(["compare", "runs", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["runs"] == ["runs/a", "runs/b"]
    assert found["config"] == {}
    assert found["versions"]["commit"] == ["c" * 12, None]
    assert found["metrics"]["best loss"] == [0.25, None]
    assert found["metrics"]["best accuracy"] == [None, 0.9]


def test_equal_runs_say_so(make, here, capsys):
    make("a")
    make("b")
    assert main(["compare", "runs"]) == 0
    said = capsys.readouterr().out
    assert "(config: no difference)" in said
    assert "(versions: no difference)" in said


def test_plot_writes_where_it_is_told(make, here, capsys):
    make("a")
    for name in ("curves.html", "x.png"):
        assert main(["plot", "runs", "--out", name, "--log", "--smooth", "0.5"]) == 0
        assert (here / name).stat().st_size > 1000
    assert capsys.readouterr().out == "wrote curves.html\nwrote x.png\n"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--out", "x.gif"], "--out is x.gif, expected a name that ends in .png or .html"),
        (["--smooth", "1"], "smoothing is 1.0, expected 0 to below 1"),
        (["--metric", "los"], "no run has a metric los; did you mean 'loss'?"),
        (["--out", "nowhere/x.png"], "No such file or directory"),
    ],
)
def test_what_can_not_be_plotted(make, here, capsys, options, reason):
    make("a")
    assert main(["plot", "runs", *options]) == 2
    assert reason in capsys.readouterr().err


def test_no_run_at_all_is_an_error(here, capsys):
    assert main(["list", "nowhere"]) == 2
    assert capsys.readouterr() == ("", "skipped: nowhere: no such directory\n")


def test_the_command(make, here):
    make("a")
    result = subprocess.run(
        [sys.executable, "-m", "research.runs", "list", str(here / "runs")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "interrupted" in result.stdout
