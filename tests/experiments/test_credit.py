"""The main job, as the README promises it."""

import json
import re
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rules
from experiments import modes
from experiments.experiment import load_experiment
from research.data.tables import read_table, write_table
from tests.experiments.test_modes import command

pytestmark = pytest.mark.slow
FILE = "experiments/credit/config.py"
CONFIG = f"--config={FILE}"


@pytest.fixture(scope="module")
def workdir(credit_run):
    return credit_run


@pytest.fixture(scope="module")
def decisions(workdir):
    return pq.read_table(workdir / "decisions.parquet")


def test_the_model_is_as_good_as_promised(workdir):
    evaluation = json.loads((workdir / "evaluation.json").read_text())
    auc = {model["name"]: model["auc"] for model in evaluation["models"]}
    assert list(auc) == ["Rulax MLP", "Logistic regression", "Gradient boosting"]
    assert auc["Rulax MLP"] > 0.82
    assert auc["Rulax MLP"] >= auc["Logistic regression"] - 0.01
    assert evaluation["calibration"]["after"]["error"] < 0.05
    assert evaluation["examples"] == {"train": 2672, "validation": 891, "test": 891}


def test_every_decision_has_a_reason_and_a_provenance(workdir, decisions):
    assert decisions.column_names == [
        *("case", "p_default", "outcome", "rule", "reason", "fired", "ruleset", "step")
    ]
    assert decisions.num_rows == 891
    assert all(decisions["reason"].to_pylist())
    policy = rules.load(workdir / "policy.rules")
    assert set(decisions["ruleset"].to_pylist()) == {policy.sha256}
    assert set(decisions["outcome"].to_pylist()) == {"approve", "refer", "reject"}


def test_decisions_are_those_of_the_reference_engine(workdir, decisions, credit):
    policy = rules.load(workdir / "policy.rules")
    table = credit.to_table()
    position = {case: row for row, case in enumerate(table["id"].to_pylist())}
    rows = [position[case] for case in decisions["case"].to_pylist()]
    cases = table.take(rows).append_column("p_default", decisions["p_default"])
    nobody = pa.array([[]] * len(rows), pa.list_(pa.string()))
    for entity in ("Guarantor", "Payment"):
        cases = cases.append_column(entity, nobody)
    again = rules.decide(policy, cases, engine="reference", missing_columns="unknown").to_table()
    for name in ("outcome", "rule", "reason", "fired"):
        assert again[name].to_pylist() == decisions[name].to_pylist()


def test_the_policy_separates_good_from_bad(decisions, credit):
    defaulted = dict(zip(credit.ids.tolist(), credit.target.tolist(), strict=True))
    rate = {
        outcome: np.mean([defaulted[c] for c, o in pairs if o == outcome])
        for pairs in [
            list(zip(*(decisions[n].to_pylist() for n in ("case", "outcome")), strict=True))
        ]
        for outcome in ("approve", "refer", "reject")
    }
    assert rate["approve"] < 0.15 < rate["refer"] < rate["reject"]


def test_the_report_stands_alone(workdir):
    page = (workdir / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', page)
    assert len(page) < 1_000_000
    for heading in ("What was decided", "What it cost and saved", "What each rule did"):
        assert heading in page


def test_a_second_run_says_that_it_has_finished(launch, workdir, decisions):
    printed = launch(CONFIG, f"--workdir={workdir}").stdout
    assert re.match(r"training: finished earlier, at step \d+ \(", printed)
    assert pq.read_table(workdir / "decisions.parquet").equals(decisions)


def test_another_configuration_is_refused(workdir, capsys):
    config = load_experiment(FILE).get_config()
    config.seed = 1
    with pytest.raises(SystemExit) as stop:
        modes.run(config_file=FILE, config=lambda: config, workdir=str(workdir), mode="all")
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert "belongs to another configuration:\n  config.seed: 0 there, 1 now" in told


def test_another_policy_decides_anew_without_training(launch, workdir, tmp_path):
    copy = shutil.copytree(workdir, tmp_path / "credit")
    text = (copy / "policy.rules").read_text().replace("prob = 65%", "prob = 50%")
    shutil.copy(copy / "limits.csv", tmp_path)
    strict = tmp_path / "strict.rules"
    strict.write_text(text)
    printed = launch(
        CONFIG, f"--workdir={copy}", "--mode=decide", f"--config.policy=('{strict}',)"
    ).stdout
    assert "very_high_risk" in printed
    decided = pq.read_table(copy / "decisions.parquet")
    assert set(decided["ruleset"].to_pylist()) == {rules.load(strict).sha256}


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_new_cases_from_the_workdir_alone(
    launch, workdir, decisions, credit, tmp_path, capsys, suffix
):
    test_rows = np.isin(credit.ids, decisions["case"].to_pylist())
    cases = credit.take(test_rows).to_table()
    write_table(cases, tmp_path / f"cases.{suffix}")
    file = f"{tmp_path}/cases.{suffix}"
    if suffix == "parquet":  # by the command; the others differ in their file only
        printed = launch(f"--workdir={workdir}", "--mode=decide", f"--cases={file}").stdout
    else:
        command(workdir, mode="decide", config_file=None, cases=file)
        printed = capsys.readouterr().out
    assert printed.endswith(f"wrote {tmp_path}/cases-decisions.parquet\n")
    decided = read_table(tmp_path / "cases-decisions.parquet")
    expected = decisions.sort_by("case")
    for name in ("case", "outcome", "rule", "fired"):
        assert decided.sort_by("case")[name].to_pylist() == expected[name].to_pylist()


def test_a_run_stopped_by_a_signal_is_resumed(credit, credit_run, tmp_path):
    import os
    import signal
    import subprocess
    import sys
    import time

    from tests.experiments.conftest import ROOT

    workdir = tmp_path / "credit"
    command = [sys.executable, "launch.py", CONFIG, f"--workdir={workdir}", "--mode=train"]
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    metrics = workdir / "metrics.jsonl"
    while not metrics.exists() or metrics.stat().st_size == 0:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 75
    assert re.search(r"stopped at step \d+, saved: run the same command to resume", error)
    again = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert "resumed at step" in again.stdout
    whole = (credit_run / "metrics.jsonl").read_text()
    assert (workdir / "metrics.jsonl").read_text() == whole
