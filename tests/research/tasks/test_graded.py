import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from research.models import Network
from research.tasks import Graded

X = np.array([[1.0, 0.5], [-2.0, 1.0], [0.3, -0.7]], np.float32)
EXAMPLES = {
    "inputs": X,
    "labels": np.array([0, 1, 1], np.int32),
    "grades": np.array([1.0, -2.0, 0.5], np.float32),
}


class Heads(nnx.Module):
    def __init__(self, rngs):
        self.classes = nnx.Linear(2, 2, rngs=rngs)
        self.grade = nnx.Linear(2, 1, rngs=rngs)

    def __call__(self, inputs, *, train=False, rngs=None):
        return {"logits": self.classes(inputs), "mean": self.grade(inputs)[:, 0]}


def task(**options):
    network = Network.from_nnx(lambda rngs: Heads(rngs))
    return Graded(network=network, optimizer=optax.adam(0.05), **options)


def by_hand(one, variables):
    outputs = jax.tree.map(np.float64, one.predict(variables, jnp.asarray(X)))
    logits = outputs["logits"]
    entropy = np.log(np.exp(logits).sum(1)) - logits[np.arange(3), EXAMPLES["labels"]]
    error = (outputs["mean"] - EXAMPLES["grades"]) ** 2
    return entropy, error, logits.argmax(1) == EXAMPLES["labels"]


def test_the_loss_is_both_and_weighs_examples():
    one = task(grade_weight=0.25)
    variables = one.init(jax.random.key(0))
    entropy, error, right = by_hand(one, variables)
    weight = jnp.array([1.0, 0.0, 2.0])
    sums = one.evaluate(variables, {**EXAMPLES, "weight": weight})
    np.testing.assert_allclose(sums["weight"], 3)
    np.testing.assert_allclose(sums["loss"], weight @ (entropy + 0.25 * error), rtol=1e-5)
    np.testing.assert_allclose(sums["squared_error"], weight @ error, rtol=1e-5)
    np.testing.assert_allclose(sums["accuracy"], weight @ right)
    (update,) = one.updates
    objective = update.loss(variables, EXAMPLES, jax.random.split(jax.random.key(1), 3))
    np.testing.assert_allclose(objective.loss, (entropy + 0.25 * error).sum(), rtol=1e-5)
    assert objective.weight == 3
    assert set(objective.metrics) == {"loss", "accuracy", "squared_error"}


def test_both_heads_learn():
    one = task(grade_weight=1.0)
    variables = one.init(jax.random.key(0))
    (update,) = one.updates
    keys = jax.random.split(jax.random.key(1), 3)

    @jax.jit
    def step(params, state):
        def loss(params):
            return update.loss(variables._replace(params=params), EXAMPLES, keys).loss

        moves, state = one.optimizer.update(jax.grad(loss)(params), state, params)
        return optax.apply_updates(params, moves), state

    params, state = variables.params, one.optimizer.init(variables.params)
    for _ in range(200):
        params, state = step(params, state)
    entropy, error, right = by_hand(one, variables._replace(params=params))
    assert right.all()
    assert entropy.mean() < 0.2
    assert error.mean() < 0.1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.array([0, 1, 2])}, "labels run from 0 to 2, the network has 2 classes"),
        ({"grades": None}, "found the names inputs, labels, expected grades too"),
        ({"grades": np.array([1, 2, 3])}, "grades are int64"),
        ({"grades": np.ones((3, 1), np.float32)}, "expected a float for each label"),
        ({"grades": np.array([1, np.nan, 0], np.float32)}, "grades hold NaN or infinity"),
    ],
)
def test_examples_that_cannot_be_used(changes, message):
    examples = {k: v for k, v in {**EXAMPLES, **changes}.items() if v is not None}
    with pytest.raises(ValueError, match=message):
        task().check(examples)
    task().check(EXAMPLES)
