import dataclasses

import jax
import numpy as np
import optax
import pyarrow as pa
import pytest

import rules
from experiments.headline import AUTOMATION
from experiments.policies import PolicyError
from experiments.selection import keep_validation
from experiments.sentiment import moderation
from experiments.sentiment.config import get_config
from experiments.sentiment.encoding import Encoding
from experiments.sentiment.moderation import Moderation
from research.data.datasets import sentiment
from research.data.tables import TableError, read_table, write_table
from research.inference import Calibration, Predictor
from research.models import GRUCell, Network, SequenceClassifier
from research.tasks import Graded
from research.workdir import Workdir
from tests.research.models.arrays import filled

RULES = "experiments/sentiment/sentiment.rules"
TEXTS = (
    "a good film and a good day",
    "you idiot, this is a bad film",
    "a bad day",
    "so?",
    "a film, " * 20,
    "zzz yyy xxx a",
)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    workdir = Workdir(tmp_path_factory.mktemp("run"))
    # Of those predicted to be harmless, all but the least sure are.
    sure = np.linspace(0.5, 0.999, 200)
    probabilities = np.concatenate([np.stack([sure, 1 - sure], 1), np.full((50, 2), [0.2, 0.8])])
    labels = np.concatenate([np.arange(200) < 40, np.zeros(50)]).astype(np.int32)
    keep_validation(workdir, probabilities, labels)
    return workdir


def model(*, scale):
    encoding = Encoding.fit(TEXTS[:4] * 2, at_least=2, length=12, buckets=50, parts=4)

    def build(rngs):
        return SequenceClassifier(
            vocabulary=len(encoding.vocabulary),
            buckets=50,
            features=4,
            hidden=3,
            cell=GRUCell,
            pooling="attention",
            outputs=2,
            regression=True,
            rngs=rngs,
        )

    network = Network.from_nnx(build, outputs=("logits", "mean", "attention"))
    return Predictor(
        task=Graded(network=network, optimizer=optax.adam(0.1)),
        variables=filled(network, scale=scale),
        prepare=encoding,
        calibration=Calibration(),
        step=3,
    )


@pytest.fixture(scope="module")
def program(workdir):
    return Moderation.under(rules.load(RULES), model(scale=1.0), workdir, budget=0.1)


def test_the_threshold_comes_from_what_is_predicted_harmless(program):
    (enough,) = program.program.decider.ruleset.params
    # The labels of the 50 that are predicted negative are all wrong, and play no part.
    assert 0.55 < enough.value < 0.9


def test_the_rules_are_told_what_stands_in_the_text(program):
    decided = program(TEXTS)
    seen = decided.seen
    assert seen["insults"].tolist() == [0, 1, 0, 0, 0, 0]
    assert seen["words"].tolist() == [7, 7, 3, 1, 40, 4]
    assert seen["unread"].tolist() == [0, 0, 0, 0, 48, 0]
    assert seen["unseen"][5] == pytest.approx(3 / 4)
    np.testing.assert_allclose(seen["negative"], decided.predictions["probabilities"][:, 1])
    assert (np.abs(seen["rating"]) <= 4).all()
    ruleset = program.program.decider.ruleset
    reference = rules.decide(
        ruleset, [{k: v[row].item() for k, v in seen.items()} for row in range(len(TEXTS))]
    ).to_table()
    outcomes = [program.program.decider.outcomes[code] for code in decided.decisions.outcome]
    assert outcomes == reference["outcome"].to_pylist()
    assert reference["rule"].to_pylist()[3:5] == ["too_short", "unread_rest"]


def test_rules_that_do_not_fit(workdir):
    strange = rules.parse(
        "ruleset a version 1\ninput negative: prob\n"
        "decide outcome in {publish, burn}\n policy first\n default burn\n unknown burn\n"
        'rule sure "sure"\n outcome = publish\n if negative < 1%'
    )
    with pytest.raises(PolicyError, match="decides burn, this experiment knows publish"):
        Moderation.under(strange, model(scale=1.0), workdir, budget=0.1)


def test_cases_from_a_file(program, tmp_path):
    table = pa.table({"id": ["a", "b"], "text": [TEXTS[0], None]})
    write_table(table, tmp_path / "cases.jsonl")
    printed = moderation.decide_cases(tmp_path / "cases.jsonl", program, tmp_path / "out.parquet")
    decided = read_table(tmp_path / "out.parquet")
    assert decided["case"].to_pylist() == ["a", "b"]
    assert decided["text"].to_pylist() == [TEXTS[0], ""]
    assert decided["rule"].to_pylist()[1] == "too_short"
    assert "wrote" in printed
    write_table(pa.table({"words": ["a"]}), tmp_path / "bad.csv")
    with pytest.raises(TableError, match=r"bad.csv has no column text, found words"):
        moderation.decide_cases(tmp_path / "bad.csv", program, tmp_path / "out.parquet")


@pytest.mark.parametrize("attentive", [True, False])
def test_the_report_and_the_figures(program, workdir, attentive):
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    lines = [f"{n}\t{n - 3}\t{text}" for n, text in enumerate(TEXTS)]
    data = {"test": sentiment.parse({"tweets": lines})}
    of_source = {"tweets": {"accuracy": 0.75, "correlation": 0.5}}
    ours = {"name": "ours", "accuracy": 0.75, "correlation": 0.5, "auc": 0.8}
    models = [{**ours, "by_source": of_source}, {**ours, "name": "TF-IDF", "by_source": of_source}]
    workdir.write_json("evaluation.json", {"examples": {"test": 6}, "models": models})
    workdir.write_text("metrics.jsonl", METRICS)
    if not attentive:
        predictor = model(scale=1.0)
        network = dataclasses.replace(
            predictor.task.network, apply=without_attention(predictor.task.network)
        )
        task = dataclasses.replace(predictor.task, network=network)
        program = Moderation.under(
            rules.load(RULES), dataclasses.replace(predictor, task=task), workdir, budget=0.1
        )
    printed = moderation.decide_test(get_config(), data, program, workdir)
    report = (workdir.path / "report.html").read_text()
    automation = workdir.read_json(AUTOMATION, dict)
    table = read_table(workdir.path / "decisions.parquet")
    published = [outcome == "publish" for outcome in table["outcome"].to_pylist()]
    assert automation["automated"] == pytest.approx(np.mean(published))
    assert automation["budget"] == 0.1
    assert "report.html" in printed
    assert "Texts that were held for a moderator" in report
    assert ("color-mix" in report.partition("<body>")[2]) is attentive
    assert attentive or "you idiot, this is a bad film" in report


def without_attention(network):
    def apply(variables, inputs, train, keys):
        outputs, statistics = network.apply(variables, inputs, train, keys)
        return {k: v for k, v in outputs.items() if k != "attention"}, statistics

    return jax.tree_util.Partial(apply)


METRICS = '{"step": 3, "train": {"loss": 1.0}, "validation": {"loss": 1.1}}\n'
