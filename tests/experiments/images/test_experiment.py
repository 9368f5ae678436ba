import json

import numpy as np
import pyarrow as pa
import pytest

from experiments import modes
from experiments.selection import selected
from research.data.tables import read_table, write_table
from research.workdir import Workdir
from tests.experiments.images import synthetic

pytestmark = pytest.mark.slow


@pytest.fixture
def decisions(corners):
    return read_table(corners / "run" / "decisions.parquet")


def test_the_evaluation(corners):
    found = json.loads((corners / "run" / "evaluation.json").read_text())
    ours, *others = found["models"]
    assert ours["name"] == "Rulax CNN" and ours["accuracy"] > 0.95
    assert {m["name"] for m in others} == {
        "Logistic regression",
        "5 nearest neighbours",
        "Random forest",
    }
    assert found["headline"]["value"] == ours["accuracy"]
    assert found["headline"]["baseline_value"] == max(m["accuracy"] for m in others)
    assert found["examples"] == {"train": 300, "validation": 200, "test": 100}
    assert found["baselines_fitted_on"] == 100
    assert ours["risk_coverage"]["coverage"][-1] == 1
    assert np.isclose(ours["risk_coverage"]["risk"][-1], 1 - ours["accuracy"])


def test_the_limits_of_the_rules_come_from_validation_pictures(corners, decisions):
    limit = selected(Workdir(corners / "run"), 0.1).value
    usable = json.loads((corners / "run" / "evaluation.json").read_text())["usability"]
    assert limit <= 1
    for row in decisions.to_pylist():
        strange = np.float32(row["distance"]) > np.float32(usable["far"])
        expected = "reject" if strange else "accept" if row["confidence"] >= limit else "human"
        assert row["outcome"] == expected
    assert usable["refused"] == 0.005


def test_decisions_say_what_was_read(corners, decisions):
    data = synthetic.load_data(synthetic.get_config())
    test = data.parts["test"]
    assert decisions["case"].to_pylist() == [f"test-{number}" for number in data.numbers]
    truth = [synthetic.CLASSES[label] for label in test.labels]
    found = decisions["kind"].to_pylist()
    assert np.mean([a == b for a, b in zip(found, truth, strict=True)]) > 0.95
    accepted = [row for row in decisions.to_pylist() if row["outcome"] == "accept"]
    assert accepted[0]["reason"] == f"{accepted[0]['kind']}, not {accepted[0]['rival']}"
    assert all(row["kind"] != row["rival"] for row in accepted)


def test_what_was_automated(corners, decisions):
    found = json.loads((corners / "run" / "automation.json").read_text())
    share = np.mean([outcome == "accept" for outcome in decisions["outcome"].to_pylist()])
    assert found["decisions"] == 100 and found["budget"] == 0.1
    assert np.isclose(found["automated"], share)
    assert found["error"] <= 0.1


def test_the_report(corners):
    report = (corners / "run" / "report.html").read_text()
    for text in (
        "Which corner, and when to ask",
        "100 test pictures of Corners, at most 10.0% errors",
        "Selective risk",
        "Accepted, the least certain first",
        "Rejected, the strangest first",
        "What is no corner",
        "pixels in disorder",
        "a dot",
        "drawn by the tests",
        "Nobody",
        "data:image/png;base64,",
    ):
        assert text in report, text


def decide(corners, cases, out):
    modes.run(
        config_file=None,
        config=lambda: None,
        workdir=str(corners / "run"),
        mode="decide",
        cases=str(cases),
        out=str(out),
    )
    return read_table(out).to_pylist()


def test_new_pictures(corners, tmp_path, capsys):
    images = synthetic.part(3, 7).images
    write_table(
        pa.table(
            {
                "id": ["a", "b", "c", "nothing"],
                "pixels": [*(image[..., 0].tolist() for image in images), [[0] * 28] * 28],
            }
        ),
        tmp_path / "new.parquet",
    )
    rows = decide(corners, tmp_path / "new.parquet", tmp_path / "decided.parquet")
    assert [row["case"] for row in rows] == ["a", "b", "c", "nothing"]
    assert rows[-1]["outcome"] == "reject" and rows[-1]["rule"] == "blank"
    assert [row["kind"] for row in rows[:3]] == [
        synthetic.CLASSES[label] for label in synthetic.part(3, 7).labels
    ]
    assert "wrote " in capsys.readouterr().out


def test_pictures_that_are_none(corners, tmp_path, capsys):
    (tmp_path / "new.jsonl").write_text('{"pixels": [1, 2, 3]}\n')
    with pytest.raises(SystemExit):
        decide(corners, tmp_path / "new.jsonl", tmp_path / "decided.parquet")
    assert "every row of pixels must hold 28 x 28 numbers from 0" in capsys.readouterr().err


def test_a_rule_file_that_does_not_know_a_class(corners, tmp_path, capsys):
    strange = tmp_path / "corner.rules"
    strange.write_text(synthetic.RULES.replace("{across, down, full}", "{across, down}"))
    config = synthetic.get_config()
    config.policy = (str(strange),)
    with pytest.raises(SystemExit):
        modes.run(
            config_file=str(corners / "corners.py"),
            config=lambda: config,
            workdir=str(corners / "run"),
            mode="decide",
        )
    assert "the data's kind can be full, which the rules don't list" in capsys.readouterr().err
