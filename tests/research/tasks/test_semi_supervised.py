import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from research.arguments import ArgumentError
from research.models import MLP, Network
from research.models.random import example_keys
from research.tasks import Classification
from research.tasks.semi_supervised import SemiSupervised
from tests.research.models.arrays import filled

RANDOM = np.random.default_rng(0)
BATCH = {
    "inputs": RANDOM.normal(size=(12, 3)).astype(np.float32),
    "labels": (np.arange(12) % 2).astype(np.int32),
    "labelled": np.arange(12) < 5,
}
KEYS = example_keys(jnp.uint32(0), jnp.int32(0), jnp.arange(12))


def weak(keys, inputs):
    return inputs + 0.1


def strong(keys, inputs):
    return -inputs


def task(**options):
    network = Network.from_nnx(lambda rngs: MLP(3, hidden=(4,), outputs=2, rngs=rngs))
    return SemiSupervised(network=network, optimizer=optax.sgd(0.1), weak=weak, **options)


def loss(trained, variables, batch=BATCH, keys=KEYS):
    return trained.updates[0].loss(variables, batch, keys)


def log_softmax(logits):
    shifted = np.asarray(logits, np.float64)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


@pytest.mark.parametrize("change", [None, strong])
@pytest.mark.parametrize("threshold", [0.0, 0.6, 1.0])
def test_the_loss_by_hand(change, threshold):
    trained = task(strong=change, threshold=threshold, unlabelled_weight=0.5)
    variables = filled(trained.network, scale=1.0)
    inputs, labels, labelled = BATCH.values()
    said = log_softmax(trained.predict(variables, weak(None, inputs))["logits"])
    seen = weak(None, inputs) if change is None else change(None, inputs)
    later = log_softmax(trained.predict(variables, seen)["logits"])
    total, guessed = 0.0, 0
    for row in range(12):
        if labelled[row]:
            total -= said[row, labels[row]]
        elif np.exp(said[row].max()) >= threshold:
            total -= 0.5 * later[row, said[row].argmax()]
            guessed += 1
    objective = loss(trained, variables)
    assert float(objective.loss) == pytest.approx(total, rel=1e-4)
    assert float(objective.weight) == 12
    assert float(objective.metrics["guessed"]) == guessed
    assert {0.0: guessed == 7, 0.6: 0 < guessed < 7, 1.0: guessed == 0}[threshold]


def test_the_guess_is_a_target_that_does_not_move():
    trained = task(strong=strong, threshold=0.0)
    variables = filled(trained.network, scale=1.0)
    unlabelled = {**BATCH, "labelled": np.zeros(12, bool)}
    guess = trained.predict(variables, weak(None, BATCH["inputs"]))["logits"].argmax(-1)
    gradient = jax.grad(lambda p: loss(trained, variables._replace(params=p), unlabelled).loss)(
        variables.params
    )
    plain = Classification(network=trained.network, optimizer=optax.sgd(0.1))
    told = {"inputs": strong(None, BATCH["inputs"]), "labels": guess}
    expected = jax.grad(
        lambda p: plain.updates[0].loss(variables._replace(params=p), told, KEYS).loss
    )(variables.params)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), gradient, expected
    )


def test_with_all_labels_it_is_a_classification():
    trained = task(strong=strong)
    variables = filled(trained.network)
    plain = Classification(network=trained.network, optimizer=optax.sgd(0.1), augment=weak)
    everything = {**BATCH, "labelled": np.ones(12, bool)}
    ours = loss(trained, variables, everything)
    theirs = plain.updates[0].loss(variables, everything, KEYS)
    assert float(ours.loss) == pytest.approx(float(theirs.loss), rel=1e-5)
    weighed = {**BATCH, "weight": np.ones(12, np.float32)}
    ours, theirs = (each.evaluate(variables, weighed) for each in (trained, plain))
    assert {name: float(value) for name, value in ours.items()} == theirs


def test_hidden_labels_have_no_part():
    trained = task(strong=strong, threshold=0.5)
    variables = filled(trained.network)
    other = {**BATCH, "labels": np.where(BATCH["labelled"], BATCH["labels"], 1 - BATCH["labels"])}
    assert float(loss(trained, variables).loss) == float(loss(trained, variables, other).loss)


def test_parts_of_a_batch_add_up():
    trained = task(strong=strong, threshold=0.5)
    variables = filled(trained.network)
    parts = [
        loss(trained, variables, {k: v[p] for k, v in BATCH.items()}, KEYS[p])
        for p in (slice(0, 4), slice(4, 12))
    ]
    whole = loss(trained, variables)
    assert float(whole.loss) == pytest.approx(sum(float(p.loss) for p in parts), rel=1e-5)


def test_what_it_cannot_be_trained_on():
    trained = task()
    trained.check(BATCH)
    trained.check({name: BATCH[name] for name in ("inputs", "labels")})  # for validation
    for change, message in (
        ({"labelled": np.ones(12, int)}, "labelled is int64"),
        ({"labelled": np.zeros(12, bool)}, "no example is labelled"),
        ({"labels": np.full(12, 2)}, "labels run from 2 to 2"),
    ):
        with pytest.raises(ArgumentError, match=message):
            trained.check({**BATCH, **change})
    with pytest.raises(ArgumentError, match="threshold is 2.0, expected a probability"):
        task(threshold=2.0)
    with pytest.raises(ArgumentError, match="unlabelled_weight is -1"):
        task(unlabelled_weight=-1.0)
