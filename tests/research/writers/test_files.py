"""JSON lines and CSV: after any kills, the bytes of a run that nobody disturbed."""

import csv
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.workdir import Workdir, WorkdirError, read_metrics
from research.writers import open_writers
from research.writers.composite import CSV
from research.writers.csv_file import CsvFile
from research.writers.json_lines import JsonLines


def record(step):
    made = {"step": step, "train": {"loss": 1 / step, "odd, name": step / 3}}
    if step % 20 == 0:
        made["validation"] = {"loss": 2 / step}
    if step >= 70:
        made["train"]["late"] = 1e-30 * step
    return made


def run(workdir, steps, *, resume_step=0):
    writers = open_writers(workdir, resume_step=resume_step)
    for step in range(resume_step + 10, steps + 1, 10):
        writers.write(record(step), beside={"speed/x": 1.0})
    writers.close()
    return writers.records


def files(workdir):
    return workdir.metrics.read_bytes(), (workdir.path / CSV).read_bytes()


@pytest.fixture
def workdir(tmp_path):
    return Workdir(tmp_path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    workdir = Workdir(tmp_path_factory.mktemp("undisturbed"))
    assert run(workdir, 100) == [record(step) for step in range(10, 101, 10)]
    return files(workdir)


def test_what_the_files_hold(undisturbed):
    lines, table = undisturbed
    assert [json.loads(line) for line in lines.splitlines()] == [
        record(step) for step in range(10, 101, 10)
    ]
    rows = list(csv.DictReader(table.decode().splitlines()))
    assert list(rows[0]) == [
        "step",
        "train/loss",
        "train/odd, name",
        "validation/loss",
        "train/late",
    ]
    assert rows[0]["validation/loss"] == ""
    assert float(rows[1]["validation/loss"]) == 0.1
    assert float(rows[6]["train/late"]) == 1e-30 * 70
    assert [int(row["step"]) for row in rows] == list(range(10, 101, 10))


@settings(max_examples=40)
@given(data=st.data())
def test_after_kills_the_files_are_those_of_an_undisturbed_run(tmp_path_factory, undisturbed, data):
    workdir = Workdir(tmp_path_factory.mktemp("killed"))
    saved = 0
    for _ in range(data.draw(st.integers(1, 4), label="kills")):
        killed_at = data.draw(st.integers(saved // 10, 10), label="killed at") * 10
        run(workdir, killed_at, resume_step=saved)
        # A kill may cut off the last line of either file, if no checkpoint came after it.
        saved = data.draw(st.integers(0, killed_at // 10), label="saved") * 10
        for path in (workdir.metrics, workdir.path / CSV):
            content = path.read_bytes()
            last = content.rstrip(b"\n").rfind(b"\n") + 1
            if killed_at > saved and last:
                path.write_bytes(content[: data.draw(st.integers(last, len(content)))])
    run(workdir, 100, resume_step=saved)
    assert files(workdir) == undisturbed


def test_a_lost_table_is_made_again(workdir, undisturbed):
    run(workdir, 60)
    (workdir.path / CSV).unlink()
    run(workdir, 100, resume_step=60)
    assert files(workdir) == undisturbed


def test_a_new_run_starts_with_empty_files(workdir):
    run(workdir, 60)
    assert run(workdir, 10) == [record(10)]
    assert read_metrics(workdir.metrics) == [record(10)]


def test_lines_are_there_at_once(workdir):
    lines = JsonLines(workdir.metrics)
    table = CsvFile(workdir.path / CSV)
    for step in (10, 20):
        lines.append(record(step))
        table.write(step, {"a": 0.5})
    assert len(read_metrics(workdir.metrics)) == 2
    assert (workdir.path / CSV).read_text() == "step,a\n10,0.5\n20,0.5\n"


def test_foreign_lines_are_passed_over(workdir):
    workdir.metrics.write_text('[1]\n{"step": "x"}\n{"step": 1}\n{"st')
    assert read_metrics(workdir.metrics) == [{"step": 1}]


@pytest.mark.parametrize("failing", ["fsync", "write"])
def test_a_full_disk_is_explained(workdir, monkeypatch, failing):
    writers = open_writers(workdir, resume_step=0)
    writers.write(record(10), beside={})

    def full(*_):
        raise OSError(28, os.strerror(28))

    if failing == "fsync":
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(WorkdirError, match="No space left on device: free space"):
            writers.flush()
        return
    monkeypatch.setattr("research.writers.json_lines._line", full)
    with pytest.raises(WorkdirError, match="No space left on device: free space"):
        writers.write(record(20), beside={})
