from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from rules.engines.agree import running
from rules.engines.agree.engines import opened
from rules.engines.agree.report import report
from rules.engines.agree.running import Plan, read_log, run
from rules.engines.agree.worker import Job, check_program, main

JOB = Job(engines=("backward", "python"), cases=4)


def told(plan: Plan) -> tuple[list[dict[str, Any]], list[int]]:
    seen: list[int] = []
    return run(plan, lambda done, _: seen.append(done)), seen


def test_programs_are_checked_in_child_processes(tmp_path: Path) -> None:
    log = tmp_path / "agree.jsonl"
    plan = Plan(job=JOB, seeds=range(498, 504), processes=2, log=log)
    answers, seen = told(plan)
    assert seen == [1, 2, 3, 4, 5, 6]
    assert [answer["seed"] for answer in answers] == list(range(498, 504))
    assert all(answer["compared"] == {"backward": 4, "python": 4} for answer in answers)
    assert sorted(read_log(log), key=lambda answer: answer["seed"]) == answers

    log.write_text(log.read_text() + '{"seed": 504, "fin')  # cut off by a crash
    again, seen = told(dataclasses.replace(plan, seeds=range(498, 505)))
    assert seen == [7]
    assert again[:6] == answers and again[6]["seed"] == 504


def test_a_program_is_the_same_in_any_process() -> None:
    (answer,), _ = told(Plan(job=JOB, seeds=range(3, 4)))
    with opened(JOB.engines) as engines:
        here = check_program(JOB, 3, engines)
    assert {**answer, "seconds": 0} == {**here, "seconds": 0}


def worker_that(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    start = running.subprocess.Popen

    def popen(command: list[str], **options: Any) -> Any:
        return start([sys.executable, "-c", code], **options)

    monkeypatch.setattr(running.subprocess, "Popen", popen)


def test_a_process_that_dies_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    worker_that(monkeypatch, "input()")
    answers, _ = told(Plan(job=JOB, seeds=range(2)))
    assert [answer["findings"] for answer in answers] == [
        [{"engine": "process", "text": f"seed {seed}: the process died"}] for seed in (0, 1)
    ]
    (line,) = [line for line in report(answers).splitlines() if line.startswith("process")]
    assert line.split() == ["process", "2"]


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    worker_that(monkeypatch, "import time; time.sleep(60)")
    answers, _ = told(Plan(job=JOB, seeds=range(1), limit=0.2))
    assert answers[0]["findings"][0]["text"] == "seed 0: did not answer within 0.2 s"


def test_ctrl_c_ends_a_run_with_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = json.dumps({"seed": 0, "findings": []})
    worker_that(monkeypatch, f"input(); print({answer!r}, flush=True); input(); input()")

    def interrupt(done: int, answer: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    assert len(run(Plan(job=JOB, seeds=range(5)), interrupt)) == 1


def test_one_block_in_sixteen_is_compiled_thoroughly() -> None:
    blocks = [thorough for thorough, _ in running._blocks(list(range(0, 500 * 33, 100)))]
    assert len(blocks) == 33 and sum(blocks) == 3
    assert "XLA_FLAGS" not in running._environment(thorough=True)
    assert "optimization_level=0" in running._environment(thorough=False)["XLA_FLAGS"]


def test_quick_flags_are_known_to_this_jax() -> None:
    pytest.importorskip("jax")
    job = dataclasses.replace(JOB, engines=("xla",), cases=2, text=False)
    (answer,), _ = told(Plan(job=job, seeds=range(700, 701)))
    assert answer["findings"] == [] and answer["compared"] == {"xla": 2}


def test_what_libraries_print_is_not_an_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "answers").open("w+") as answers:
        monkeypatch.setattr(sys, "stdin", iter(["1\n", "2\n"]))
        main([json.dumps(dataclasses.asdict(JOB))], answers)
        answers.seek(0)
        assert [json.loads(line)["seed"] for line in answers] == [1, 2]


ANSWERS = [
    {
        "seed": 0,
        "compared": {"numpy": 16, "clips": 8},
        "excluded": [["clips", "aggregate", 8]],
        "decided": {"rule": 12, "unknown": 4},
        "constructs": ["and", "or"],
        "findings": [],
    },
    {
        "seed": 1,
        "compared": {"numpy": 16},
        "excluded": [["clips", "aggregate", 16]],
        "decided": {"rule": 16},
        "constructs": ["and"],
        "findings": [{"engine": "numpy", "text": "seed 1: numpy disagrees"}],
    },
]


def test_report() -> None:
    text = report(ANSWERS)
    assert text.startswith(
        "2 programs, 32 cases, 1 disagreement\ndecided by: rule 88%, unknown 12%\n"
    )
    assert "\nnumpy               2           32         1\n" in text
    assert "\nclips               1            8         0\n" in text
    assert "\nclips              24  aggregate\n" in text
    assert "  and 2" in text and "  or 1" in text and "mean float 0" in text
    assert text.endswith("\n\nseed 1: numpy disagrees")
    assert "mean float" not in report(ANSWERS, constructs=False)


def test_report_of_nothing() -> None:
    assert report([], constructs=False) == "0 programs, 0 cases, 0 disagreements"
