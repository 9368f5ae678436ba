"""A whole run, on bars instead of garments."""

import dataclasses
import json

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

import rules
from experiments import modes
from experiments.decisions import Program
from experiments.fashion_gan import config, judge
from experiments.policies import PolicyError, read_policy
from research.data.datasets import fashion
from research.data.tables import TableError, read_table, write_table
from research.workdir import Workdir, WorkdirError
from tests.effort import whole_experiment
from tests.experiments.fashion_gan.garments import dataset, small_config

pytest.importorskip("matplotlib", reason="needs matplotlib")
pytestmark = [pytest.mark.slow, whole_experiment]

ENOUGH = {"enough": 0.0, "real_enough": 0.0}


def rules_with(gate, **params):
    """The gate with other limits."""
    ruleset = rules.with_params(gate.program.decider.ruleset, params)
    decider = rules.compile(ruleset, fired=True, derived=("good",))
    program = Program(
        predictor=gate.program.predictor,
        decider=decider,
        present=lambda made, columns: gate.inspection.present(
            made["images"], made["logits"], decider
        ),
    )
    return dataclasses.replace(gate, program=program)


@pytest.fixture(scope="module")
def patched():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fashion, "load", dataset)
        yield


@pytest.fixture(scope="module")
def run(patched, tmp_path_factory):
    """Config, data, workdir and predictor of a trained GAN."""
    settings, workdir = small_config(), Workdir(tmp_path_factory.mktemp("gan"))
    policy = read_policy(settings.policy, expected=1)
    data = config.load_data(settings)
    workdir.claim({"experiment": "experiments/fashion_gan/config.py", "config": settings.to_dict()})
    modes.train(config, settings, workdir, lambda: data, policy)
    return settings, data, workdir, modes.load_predictor(config, settings, workdir)


@pytest.fixture(scope="module")
def gate(run):
    settings, _, workdir, predictor = run
    return config.build_program(
        settings, predictor, read_policy(settings.policy, expected=1), workdir
    )


@pytest.fixture(scope="module")
def finished(run, gate):
    settings, data, workdir, predictor = run
    modes.evaluate(config, settings, workdir, lambda: data, predictor)
    return config.decide_test(settings, data, gate, workdir)


def test_the_parts_are_disjoint_and_scaled(run):
    data = run[1]
    assert [len(p.labels) for p in (data.train, data.validation, data.test)] == [400, 200, 80]
    assert np.bincount(data.validation.labels).tolist() == [20] * 10
    assert data.train.images.dtype == np.float32
    assert data.train.images.min() == -1 and 0.5 < data.train.images.max() <= 1
    rows = {image.tobytes() for image in data.train.images}
    assert not any(image.tobytes() in rows for image in data.validation.images)


def test_a_run_draws_the_same_samples_at_each_evaluation(run):
    files = sorted((run[2].path / "samples").iterdir())
    assert [file.name for file in files] == ["step-000002.png", "step-000004.png"]
    pictures = [np.asarray(Image.open(file)) for file in files]
    assert {picture.shape for picture in pictures} == {(224, 224)}
    assert not np.array_equal(*pictures)
    history = [json.loads(line) for line in run[2].metrics.read_text().splitlines()]
    assert "kernel_distance" in history[-1]["validation"]


def test_a_judge_is_trained_once(run):
    settings, data, workdir, _ = run
    before = (workdir.path / "judge" / "metrics.jsonl").read_text()
    config.training_examples(settings, data, workdir)
    assert (workdir.path / "judge" / "metrics.jsonl").read_text() == before
    seen = judge.load(settings, config.judge_workdir(workdir)).look(data.test.images[:16])
    assert (np.asarray(seen["probabilities"]).argmax(-1) == data.test.labels[:16]).mean() > 0.5


def test_evaluation_has_the_baseline_and_real_images_beside_the_samples(finished, run):
    found = json.loads((run[2].path / "evaluation.json").read_text())
    ours, baseline, real = found["generators"]
    assert ours["name"] == "Rulax DCGAN" and baseline["name"].startswith("PCA Gaussians")
    assert max(real["frechet"], baseline["frechet"]) < ours["frechet"]  # it had four steps
    headline = found["headline"]
    assert headline["better"] == "lower" and headline["value"] == ours["frechet"]
    assert headline["baseline_value"] == baseline["frechet"]
    assert headline["parameters"] > 1000
    for kinds in found["copying"].values():
        assert len(kinds["samples"]) == len(kinds["test"]) == 4


def test_decisions_have_reasons_and_a_report(finished, run):
    workdir = run[2]
    table = read_table(workdir.path / "decisions.parquet")
    assert table.num_rows == 60
    assert all(table["reason"].to_pylist())
    automation = json.loads((workdir.path / "automation.json").read_text())
    assert automation["decisions"] == 60
    share = np.mean([outcome == "accept" for outcome in table["outcome"].to_pylist()])
    assert automation["automated"] == pytest.approx(share)
    page = (workdir.path / "report.html").read_text()
    for title in ("Learning to draw", "What was rejected, and why", "Does it copy?"):
        assert title in page
    assert "the gate accepts" in finished


def test_a_decision_does_not_depend_on_who_else_is_asked_for(gate):
    seeds = np.arange(20, dtype=np.uint32)
    together, alone = gate.decide(seeds), gate.decide(seeds[:3])
    np.testing.assert_allclose(together.images[:3], alone.images, atol=1e-5)
    assert together.table["outcome"].to_pylist()[:3] == alone.table["outcome"].to_pylist()


def test_the_same_sample_again_is_its_own_twin(gate):
    lenient = rules_with(gate, copied=0.0, **ENOUGH)
    table = lenient.decide(np.uint32([5, 5])).table
    assert table["outcome"].to_pylist() == ["accept", "reject"]
    assert table["rule"].to_pylist() == ["passes", "twin"]


def test_real_garments_pass_a_lenient_gate(run, gate):
    data = run[1]
    assert rules_with(gate, copied=0.0, twins=0.0, **ENOUGH).of_real(data.test.images) == 1
    assert rules_with(gate, copied=1e9).of_real(data.test.images) == 0


def test_a_training_image_is_a_copy(run, gate):
    data = run[1]
    strict = rules_with(gate, copied=1e-3, twins=0.0, **ENOUGH)
    assert strict.of_real(data.train.images[:20]) == 0


def test_cases_are_seeds(gate, run, tmp_path):
    settings = run[0]
    cases, out = tmp_path / "cases.csv", tmp_path / "out.csv"
    write_table(pa.table({"id": ["a", "b"], "seed": [4, 11]}), cases)
    assert "reject" in config.decide_cases(settings, cases, gate, out)
    table = read_table(out)
    assert table["case"].to_pylist() == ["a", "b"]
    assert [int(seed) for seed in table["seed"].to_pylist()] == [4, 11]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"number": [1]}, "has no column seed: each row needs a whole number"),
        ({"seed": [-1]}, "every seed must be a whole number from 0 to 4,294,967,295"),
        ({"seed": [0.5]}, "every seed must be a whole number"),
    ],
)
def test_cases_that_are_no_seeds(columns, message, gate, run, tmp_path):
    path = tmp_path / "cases.jsonl"
    write_table(pa.table(columns), path)
    with pytest.raises(TableError, match=message):
        config.decide_cases(run[0], path, gate, tmp_path / "out.csv")


def test_rules_of_another_kind_are_refused(run, tmp_path):
    settings, _, workdir, predictor = run
    file = tmp_path / "other.rules"
    file.write_text(
        "ruleset other version 1\n"
        "input confidence: prob\n"
        "decide outcome in {accept, reject}\n    policy first\n    default reject\n"
        "    unknown reject\n"
        'rule sure "sure"\n    outcome = accept\n    if confidence > 90%\n'
    )
    with pytest.raises(PolicyError, match="has no param enough"):
        config.build_program(settings, predictor, read_policy([str(file)], expected=1), workdir)


def test_a_dry_run_needs_no_judge(run, tmp_path):
    settings, data, _, _ = run
    config.training_examples(settings, data, Workdir(tmp_path))
    assert not list(tmp_path.iterdir())
    assert config.build_task(settings, Workdir(tmp_path)).features is None


def test_a_lost_judge_is_missed(run, tmp_path):
    settings, data, _, predictor = run
    task = config.build_task(settings, Workdir(tmp_path))
    blind = dataclasses.replace(predictor, task=task)
    with pytest.raises(WorkdirError, match="has lost its judge/: run --mode=train"):
        config.evaluate(settings, data, blind)
