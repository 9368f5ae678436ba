"""What is fitted in one go is kept, loaded and used like what is trained."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from research import training
from research.arguments import ArgumentError, require
from research.inference import Predictor
from research.models import MLP, Network, Variables
from research.tasks import Classification, Estimator
from research.workdir import Workdir, WorkdirError


class NearestMean:
    """Classifies by the nearest class mean; how many there are, the examples say."""

    fits = 0

    def check(self, examples):
        require("labels" in examples, "expected labels")

    def fit(self, examples, validation, seed):
        self.fits += 1
        inputs, labels = examples["inputs"], examples["labels"]
        means = [inputs[labels == label].mean(axis=0) for label in np.unique(labels)]
        return Variables({"means": {"all": np.stack(means)}}, {})

    def evaluate(self, variables, batch):
        hits = self.predict(variables, batch["inputs"])["logits"].argmax(-1) == batch["labels"]
        return {"weight": batch["weight"].sum(), "accuracy": hits @ batch["weight"]}

    def predict(self, variables, inputs):
        means = variables.params["means"]["all"]
        return {"logits": -jnp.square(inputs[:, None] - means).sum(-1)}


def examples(count, seed):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    inputs = np.eye(3)[labels] * 4 + random.normal(size=(count, 3))
    return {"inputs": inputs.astype(np.float32), "labels": labels.astype(np.int32)}


def test_fitted_once_and_loaded_again(tmp_path):
    workdir, estimator = Workdir(tmp_path), NearestMean()
    assert isinstance(estimator, Estimator)
    train, validation = examples(203, 0), examples(50, 1)
    first = training.fit_estimator(estimator, train, validation, seed=0, workdir=workdir)
    again = training.fit_estimator(estimator, train, validation, seed=0, workdir=workdir)
    assert (first.earlier, again.earlier, estimator.fits) == (False, True, 1)
    variables, step = training.load_model(workdir, NearestMean())
    assert step == 0
    jax.tree.map(np.testing.assert_array_equal, variables, first.variables)
    (record,) = map(json.loads, (tmp_path / "metrics.jsonl").read_text().splitlines())
    predictor = Predictor(task=estimator, variables=variables, prepare=lambda c: c["inputs"])
    for name, part in (("train", train), ("validation", validation)):
        accuracy = (predictor(part)["probabilities"].argmax(-1) == part["labels"]).mean()
        assert record[name]["accuracy"] == pytest.approx(accuracy) and accuracy > 0.9
    assert predictor.parameters == 9


def test_what_does_not_fit_is_refused_first(tmp_path):
    estimator = NearestMean()
    train = examples(20, 0)
    with pytest.raises(ArgumentError, match="expected labels"):
        training.fit_estimator(
            estimator, train, {"inputs": train["inputs"]}, seed=0, workdir=Workdir(tmp_path)
        )
    assert estimator.fits == 0 and not list(tmp_path.iterdir())


def test_no_model_yet(tmp_path):
    with pytest.raises(WorkdirError, match="run --mode=train first"):
        training.load_model(Workdir(tmp_path), NearestMean())


def test_a_task_is_no_estimator():
    network = Network.from_nnx(lambda rngs: MLP(1, hidden=(), outputs=2, rngs=rngs))
    assert not isinstance(Classification(network=network, optimizer=optax.sgd(0.1)), Estimator)
