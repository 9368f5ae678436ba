import json
import sys

import jax
import pytest

from research.arguments import ArgumentError
from research.training import monitoring
from research.training.monitoring import Monitor
from research.workdir import Workdir, WorkdirError, read_metrics

OPTIONS = {"steps": 100, "batch_size": 32}


@pytest.fixture
def workdir(tmp_path):
    return Workdir(tmp_path)


def record(step):
    return {"step": step, "train": {"loss": 1 / step}, "validation": {"loss": 2 / step}}


def train(workdir, first, last, *, saved=(), finished=None, flops=None, **options):
    """Steps `first` to `last`, a record every 10, checkpoints after some of them."""
    with Monitor(workdir, **OPTIONS | options) as monitor:
        with monitor.phase("start"):
            monitor.resume(first)
            monitor.measure(flops)
        with monitor.phase("step"):
            for step in range(first + 1, last + 1):
                monitor.beat(step)
                if step % 10 == 0:
                    monitor.record(record(step))
                if step in saved:
                    done = finished if step == last else None
                    with monitor.phase("save"):
                        monitor.keep(step=step, best_step=step, best_value=2 / step, finished=done)
    return monitor


def timing(workdir):
    return json.loads((workdir.path / "timing.json").read_text())


def test_a_killed_run_goes_on_as_if_undisturbed(tmp_path):
    whole, killed = Workdir(tmp_path / "a"), Workdir(tmp_path / "b")
    for workdir in (whole, killed):
        workdir.path.mkdir()
    train(whole, 0, 100, saved=[100], finished="all steps made")
    train(killed, 0, 57, saved=[40])
    monitor = train(killed, 40, 100, saved=[80, 100], finished="all steps made")
    assert monitor.records == read_metrics(whole.metrics) == [record(s) for s in range(10, 101, 10)]
    for name in ("metrics.jsonl", "metrics.csv"):
        assert (killed.path / name).read_bytes() == (whole.path / name).read_bytes()
    assert timing(killed)["attempts"] == 2
    assert timing(whole)["attempts"] == 1


def test_the_state_is_in_timing_json(workdir):
    train(workdir, 0, 60, saved=[40], monitor="loss")
    state = timing(workdir)
    assert (state["step"], state["steps"], state["best_step"]) == (60, 100, 40)
    assert state["finished"] is None
    assert state["compile_cache"] == {"hits": 0, "misses": 0}
    assert state["seconds"]["step"] > 0
    assert 0 < state["goodput"] < 1
    # Going on from 30: the best evaluation, at 40, is still to come.
    with Monitor(workdir, **OPTIONS) as monitor:
        monitor.resume(30)
    assert timing(workdir)["best_value"] is None
    assert timing(workdir)["step"] == 30


def test_a_finished_run_is_left_alone(workdir, capsys):
    train(workdir, 0, 100, saved=[100], finished="all steps made")
    capsys.readouterr()
    before = {path.name: path.read_bytes() for path in workdir.path.iterdir()}
    with Monitor(workdir, **OPTIONS, trackers=["tensorboard"]) as monitor:
        monitor.resume(100)
        monitor.keep(step=100, best_step=100, best_value=0.02, finished="all steps made")
    assert {path.name: path.read_bytes() for path in workdir.path.iterdir()} == before
    assert len(monitor.records) == 10
    assert capsys.readouterr().err == ""


def test_without_a_workdir_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monitor = train(None, 0, 100, saved=[50, 100])
    assert len(monitor.records) == 10
    assert list(tmp_path.iterdir()) == []


def test_other_processes_only_measure(workdir, capsys, monkeypatch):
    monkeypatch.setattr(jax, "process_index", lambda: 1)
    monitor = train(workdir, 0, 100, saved=[100])
    assert list(workdir.path.iterdir()) == []
    assert capsys.readouterr().err == ""
    assert monitor.clock.split()["step"] > 0


def test_the_console_line(workdir, capsys, monkeypatch):
    monkeypatch.setattr(monitoring, "utilisation", lambda flops, rate, _: flops * rate / 1e12)
    monkeypatch.setattr(
        monitoring.Stopwatch, "steps_per_second", property(lambda self: 1912.3), raising=False
    )
    train(workdir, 0, 100, flops=0.1234e12 / 1912.3)
    assert capsys.readouterr().err == (
        "training 100/100, 0 s left  loss 0.0200, 61.2k examples/s, MFU 12.3%\n"
    )


@pytest.mark.parametrize(
    ("number", "said"), [(3.14159, "3.14"), (999.4, "999"), (1.5e6, "1.5M"), (2e9, "2G")]
)
def test_short_numbers(number, said):
    assert monitoring._short(number) == said


def test_beats_are_shown_between_records(workdir, capsys, monkeypatch):
    monkeypatch.setattr(monitoring, "_SECONDS_BETWEEN_BEATS", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    train(workdir, 0, 7)
    assert "7/100" in capsys.readouterr().err


def test_trackers_also_get_speeds(workdir, monkeypatch):
    pytest.importorskip("tensorboardX")
    written = []
    monkeypatch.setattr(
        "research.writers.tensorboard.TensorBoard.write",
        lambda self, step, metrics: written.append((step, sorted(metrics))),
    )
    with Monitor(workdir, **OPTIONS, trackers=["tensorboard"]) as monitor:
        monitor.resume(0)
        monitor.measure(1e9)
        monitor.record(record(10))
    ((step, names),) = written
    assert step == 10
    assert {"speed/goodput", "train/loss", "validation/loss"} <= set(names)
    assert "speed/goodput" not in workdir.metrics.read_text()


def test_timing_is_also_written_between_checkpoints(workdir, monkeypatch):
    monkeypatch.setattr(monitoring, "_SECONDS_BETWEEN_TIMINGS", -1.0)
    with Monitor(workdir, **OPTIONS) as monitor:
        monitor.resume(0)
        monitor.record(record(10))
        assert timing(workdir)["step"] == 10
        monitor.beat(17)
        monitor.keep(step=17, best_step=10, best_value=0.2, finished=None)
        assert timing(workdir)["best_step"] == 10


def test_timing_is_not_written_each_time(workdir):
    with Monitor(workdir, **OPTIONS) as monitor:
        monitor.resume(0)
        monitor.keep(step=17, best_step=10, best_value=0.2, finished=None)
        assert timing(workdir)["step"] == 0
        monitor.keep(step=18, best_step=10, best_value=0.2, finished="early")
        assert timing(workdir)["step"] == 18


def test_a_failure_still_leaves_the_timing(workdir):
    with pytest.raises(RuntimeError), Monitor(workdir, **OPTIONS) as monitor:
        monitor.resume(0)
        monitor.beat(3)
        raise RuntimeError
    assert timing(workdir)["step"] == 3


def test_an_attempt_that_is_killed_at_once_counts(workdir):
    killed = Monitor(workdir, **OPTIONS)
    killed.resume(0)
    assert timing(workdir)["attempts"] == 1
    train(workdir, 0, 100, saved=[100])
    assert timing(workdir)["attempts"] == 2
    killed.cache.close()


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"step": 3}'])
def test_damaged_timing_is_named(workdir, text):
    (workdir.path / "timing.json").write_text(text)
    with (
        pytest.raises(WorkdirError, match=r"timing.json is damaged .* delete it"),
        Monitor(workdir, **OPTIONS) as monitor,
    ):
        monitor.resume(10)


def test_an_unknown_tracker_is_refused_before_the_first_step(workdir):
    with (
        pytest.raises(ArgumentError, match="there is no tracker excel"),
        Monitor(workdir, **OPTIONS, trackers=["excel"]) as monitor,
    ):
        monitor.resume(0)


def test_the_summary_tells_of_time_and_cache():
    monitor = train(None, 0, 10)
    assert monitor.summary.startswith("time: ")
    assert monitor.summary.endswith("compile cache: not used")
    assert str(monitor.cache) == "compile cache: not used"
