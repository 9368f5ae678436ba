"""The trackers, each with its real package."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from research.arguments import ArgumentError
from research.workdir import Workdir, WorkdirError
from research.writers import TrackerError, open_writers

ROOT = Path(__file__).parents[3]
KILLED = """
import os, signal, sys
from pathlib import Path
from research.workdir import Workdir
from research.writers import open_writers
writers = open_writers(Workdir(Path(sys.argv[1])), ["wandb"], resume_step=0)
for step in (10, 20, 30, 40):
    writers.write({"step": step, "train": {"loss": 1 / step}}, beside={})
os.kill(os.getpid(), signal.SIGKILL)
"""
CONFIG = {"experiment": "e.py", "config": {"seed": 3, "model": {"hidden": [64, 64]}}}


@pytest.fixture
def workdir(tmp_path, monkeypatch):
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "WANDB_MODE", "WANDB_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    made = Workdir(tmp_path / "run")
    made.claim(CONFIG)
    return made


def write(workdir, tracker, steps, *, resume_step=0, close=True):
    writers = open_writers(workdir, [tracker], resume_step=resume_step)
    for step in steps:
        writers.write({"step": step, "train": {"loss": 1 / step}}, beside={"speed/goodput": 0.5})
    writers.flush()
    if close:
        writers.close()
    return writers


def disturbed(workdir, tracker):
    """Killed after step 40 (nothing is closed), resumed from 20, finished at 60."""
    write(workdir, tracker, [10, 20, 30, 40], close=False)
    write(workdir, tracker, [30, 40, 50, 60], resume_step=20)


def test_tensorboard_shows_every_step_once(workdir):
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event

    disturbed(workdir, "tensorboard")
    kept = []
    for path in sorted((workdir.path / "tensorboard").iterdir(), key=lambda p: p.name):
        content = path.read_bytes()
        while content:  # records: length, its checksum, data, their checksum
            size = int.from_bytes(content[:8], "little")
            event = Event.FromString(content[12 : 12 + size])
            content = content[16 + size :]
            if event.session_log.status == event.session_log.START:
                kept = [one for one in kept if one[0] < event.step]  # as TensorBoard does
            kept += [(event.step, value.tag, value.simple_value) for value in event.summary.value]
    losses = [(step, value) for step, tag, value in kept if tag == "train/loss"]
    assert losses == [(step, pytest.approx(1 / step)) for step in range(10, 61, 10)]
    assert sum(tag == "speed/goodput" for _, tag, _ in kept) == 6


def test_mlflow_goes_on_in_the_same_run(workdir):
    mlflow = pytest.importorskip("mlflow")
    disturbed(workdir, "mlflow")
    client = mlflow.MlflowClient(tracking_uri=(workdir.path / "mlruns").as_uri())
    (run,) = client.search_runs([client.get_experiment_by_name("rulax").experiment_id])
    assert run.info.run_id == json.loads((workdir.path / "mlflow.json").read_text())["run"]
    assert run.info.run_name == "run"
    assert run.info.status == "FINISHED"
    assert run.data.params == {"seed": "3", "model.hidden": "[64, 64]"}
    for name in ("train/loss", "speed/goodput"):
        history = client.get_metric_history(run.info.run_id, name)
        assert [entry.step for entry in history] == [10, 20, 30, 40, 50, 60]


def test_mlflow_writes_where_the_environment_says(workdir, tmp_path, monkeypatch):
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "elsewhere").as_uri())
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    write(workdir, "mlflow", [10])
    assert (tmp_path / "elsewhere").is_dir()
    assert not workdir.has("mlruns")


def test_a_store_that_refuses_is_named(workdir):
    pytest.importorskip("mlflow")
    workdir.write_json("mlflow.json", {"run": "0" * 32})
    with pytest.raises(TrackerError, match=r"mlflow can't use the store .* not found.*mlflow.json"):
        write(workdir, "mlflow", [10])


def test_wandb_goes_on_in_the_same_run_offline(workdir):
    pytest.importorskip("wandb")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(workdir.path)], cwd=ROOT, timeout=60, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    time.sleep(1)  # W&B names its folders by the second, and adds a number to the second of them
    write(workdir, "wandb", [30, 40, 50, 60], resume_step=20)
    identity = json.loads((workdir.path / "wandb.json").read_text())["run"]
    runs = [path for path in (workdir.path / "wandb").iterdir() if path.name.startswith("offline")]
    assert [path.name.endswith(identity) for path in runs] == [True, True]
    steps = []
    for _ in range(100):  # W&B's own process may still be writing
        steps = list(wandb_steps(workdir.path / "wandb" / "latest-run"))
        if len(steps) >= 6:
            break
        time.sleep(0.1)
    assert steps == [10, 20, 30, 40, 50, 60]


def wandb_steps(directory):
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = directory.glob("*.wandb")
    content = path.read_bytes()[7:]  # after the header: checksum, length, kind, data, again
    while content:
        size, kind = int.from_bytes(content[4:6], "little"), content[6]
        assert kind == 1, "a record over two blocks"
        record = Record.FromString(content[7 : 7 + size])
        content = content[7 + size :]
        if record.WhichOneof("record_type") == "history":
            yield record.history.step.num


def test_wandb_that_can_not_start_is_explained(workdir, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "nonsense")
    with pytest.raises(TrackerError, match=r"(?s)wandb can't start: .*: unset WANDB_MODE"):
        write(workdir, "wandb", [10])


@pytest.mark.parametrize(
    ("tracker", "package"),
    [("tensorboard", "tensorboardX"), ("mlflow", "mlflow"), ("wandb", "wandb")],
)
def test_a_missing_package_is_named(workdir, monkeypatch, tracker, package):
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(TrackerError, match=r"not installed: pip install 'rulax\[track\]'"):
        write(workdir, tracker, [10])


def test_an_unknown_tracker_is_named(workdir):
    with pytest.raises(ArgumentError) as refusal:
        open_writers(workdir, ["tensorbord"], resume_step=0)
    assert str(refusal.value) == (
        "there is no tracker tensorbord, expected some of tensorboard, mlflow, wandb; "
        "did you mean 'tensorboard'?"
    )


@pytest.mark.parametrize("text", ["{", "{}", "[]"])
def test_a_damaged_identity_is_named(workdir, text):
    pytest.importorskip("mlflow")
    workdir.write_text("mlflow.json", text)
    with pytest.raises(WorkdirError, match=r"mlflow.json is damaged"):
        write(workdir, "mlflow", [10])


def test_all_are_closed_also_when_one_fails(workdir, monkeypatch):
    writers = write(workdir, "tensorboard", [10], close=False)
    closed = []
    monkeypatch.setattr(writers._table, "close", lambda: closed.append("table"))
    monkeypatch.setattr(writers._trackers[0], "close", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        writers.close()
    assert closed == ["table"]
    assert writers._lines._file.closed
