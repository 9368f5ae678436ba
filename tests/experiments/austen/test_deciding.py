import json

import pytest

import rules
from experiments.austen import config as austen
from experiments.austen import gate
from experiments.austen.deciding import Deciding, decided_cases, results
from experiments.austen.passages import Library
from experiments.austen.report import render
from experiments.decisions import Program
from experiments.experiment import located
from research.data.tables import TableError, read_table
from research.workdir import Workdir
from tests.effort import whole_experiment
from tests.experiments.austen.conftest import FORBIDDEN, TEXT


@pytest.fixture(scope="module")
def config():
    config = austen.get_config()
    config.generation.update(
        {"count": 2, "new": 24, "length": 48, "prompt_words": 3, "forbidden": FORBIDDEN}
    )
    config.passages.update({"count": 3, "words": 30, "slots": 32})
    return config


@pytest.fixture(scope="module")
def program(predictor, encoding, writing):
    ruleset = rules.load(located("experiments/austen/passage.rules"))
    scores = gate.TokenScores(
        task=predictor.task,
        variables=predictor.variables,
        prepare=predictor.prepare,
        calibration=None,
    )
    return Deciding(
        predictor=predictor,
        encoding=encoding,
        library=Library.of(TEXT),
        writing=writing,
        gate=Program(
            predictor=scores, decider=rules.compile(ruleset, fired=True), present=gate.present
        ),
        plain=2.0,
    )


@whole_experiment
def test_what_is_found_and_told(config, program, tmp_path):
    found = results(config, TEXT, TEXT, program)
    assert found.known.num_rows == 3 * 5 and found.judged.num_rows == 2
    assert not found.ruled_broken.any() and not found.ruled_violations
    assert found.real_forbidden["no_digits"] > 0 and found.real_forbidden["forbidden_word"] > 0
    assert sum(found.interventions.values()) == (found.meant.rule >= 0).sum()
    copied = [kind == "copied" for kind in found.known["kind"].to_pylist()]
    outcomes = found.known["outcome"].to_pylist()
    assert {o for o, is_copy in zip(outcomes, copied, strict=True) if is_copy} == {"reject"}
    assert found.automated.sum() == sum(outcome != "human" for outcome in outcomes)
    workdir = Workdir(tmp_path)
    evaluation = {
        "characters": {"training": 9, "validation": 9, "test": 9},
        "characters_per_token": 2.5,
        "models": [
            {"name": "Rulax Transformer", "bits": 1.5, "validation": 1.6},
            {"name": "5-grams (Kneser-Ney)", "bits": 1.9, "validation": None},
        ],
    }
    workdir.write_json("evaluation.json", evaluation)
    losses = {"train": {"loss": 2.0}, "validation": {"loss": 2.1}}
    workdir.metrics.write_text(json.dumps({"step": 5, **losses}) + "\n")
    told = render(program.report(config, found, workdir))
    assert told.startswith("<!doctype html>") and "instead of" in told
    for rule in (*program.writing.decider.rules, *program.gate.decider.rules):
        assert rule in told


def test_prompts_of_a_file_are_continued_and_judged(config, program, tmp_path):
    cases, out = tmp_path / "prompts.jsonl", tmp_path / "texts.jsonl"
    cases.write_text('{"id": "a", "text": "Anne went "}\n{"id": "b", "text": "Never"}\n')
    assert "outcome" in decided_cases(config, cases, program, out)
    table = read_table(out)
    assert table["case"].to_pylist() == ["a", "b"]
    assert table["prompt"].to_pylist() == ["Anne went ", "Never"]
    for text, prompt in zip(table["text"].to_pylist(), ["Anne went", "Never"], strict=True):
        assert text.startswith(prompt) and len(text) > len(prompt)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"prompt": "Anne"}', "has the columns prompt, expected text"),
        ('{"text": " "}', "row 1 has no text, expected some words to continue"),
    ],
)
def test_files_without_prompts(line, message, config, program, tmp_path):
    cases = tmp_path / "prompts.jsonl"
    cases.write_text(line + "\n")
    with pytest.raises(TableError, match=message):
        decided_cases(config, cases, program, tmp_path / "out.jsonl")
