"""The updates of a step draw alike, so that a GAN generates once for both players."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from research.models import Discriminator, Generator, Network, Variables
from research.models.random import fold_in
from research.tasks import Adversarial, Objective, Update
from research.training import Stepping, step
from research.training.step import Step

POSITIONS = jnp.arange(4, dtype=jnp.int32)


@dataclasses.dataclass(frozen=True)
class Drawing:
    """Tells what it drew, the mean over the examples."""

    @property
    def updates(self):
        rule = optax.sgd(0.1)
        return (
            Update(loss=self.loss, optimizer=rule, part="a", repeat=3),
            Update(loss=self.loss, optimizer=rule, part="b"),
        )

    def init(self, key):
        return Variables({"a": jnp.zeros(()), "b": jnp.zeros(())}, {})

    def loss(self, variables, batch, keys):
        drawn = jax.vmap(jax.random.uniform)(keys).sum()
        return Objective(drawn, jnp.float32(len(keys)), {"drawn": drawn}, {})


@pytest.mark.parametrize("accumulate", [1, 2])
def test_only_the_last_repetitions_draw_alike(accumulate):
    machine = Step(Drawing(), Stepping(accumulate=accumulate))
    state, batch = machine.init(0), {"inputs": np.zeros((4, 1), np.float32)}
    drawn = [
        float(machine.move(state, batch, POSITIONS, *move).metrics["drawn"])
        for move in machine.moves()
    ]
    assert drawn[2] == pytest.approx(drawn[3], rel=1e-6)
    assert len({round(value, 5) for value in drawn}) == 3


def test_a_gan_generates_once_for_both_players(monkeypatch):
    """Counted in what XLA makes of a step, beside a step whose players draw for themselves."""
    image = (8, 8, 3)
    task = Adversarial(
        generator=Network.from_nnx(
            lambda rngs: Generator(3, image=image, channels=(16, 16), rngs=rngs)
        ),
        discriminator=Network.from_nnx(
            lambda rngs: Discriminator(image, channels=(8, 16), rngs=rngs)
        ),
        latent=3,
        generator_optimizer=optax.sgd(0.1),
        discriminator_optimizer=optax.sgd(0.1),
    )
    batch = {"inputs": jax.ShapeDtypeStruct((4, *image), jnp.float32)}
    variables = jax.eval_shape(task.init, jax.random.key(0))
    noise = jax.ShapeDtypeStruct((4, 3), jnp.float32)
    generating = jax.jit(task.predict).lower(variables, noise).as_text()
    judging = jax.jit(task.discriminate).lower(variables, batch["inputs"]).as_text()
    forward = generating.count("stablehlo.convolution") - judging.count("stablehlo.convolution")

    def counted():
        machine = Step(task)
        state = jax.eval_shape(machine.init, 0)
        text = jax.jit(machine).lower(state, batch, POSITIONS).compile().as_text()
        return np.array([text.count(" convolution("), text.count(" tanh(")])

    once = counted()
    draws = iter(range(2))
    monkeypatch.setattr(step, "fold_in", lambda keys, _: fold_in(keys, next(draws)))
    assert forward > 1
    assert (counted() - once).tolist() == [forward, 1]
