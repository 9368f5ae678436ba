"""A linear model whose runs take a blink, and what disturbs them at a chosen moment."""

import dataclasses
import os
import signal

import jax
import jax.numpy as jnp
import numpy as np
import optax

from research.models import Variables
from research.models.parallel import across_devices
from research.models.random import fold_in
from research.tasks import Objective, Update
from research.training import executors, fit

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(40, 4)).astype(np.float32)
TARGETS = INPUTS @ np.array([1.0, -2.0, 0.5, 3.0], np.float32) + np.float32(0.3)
TRAIN = {"inputs": INPUTS[:32], "targets": TARGETS[:32]}
VALIDATION = {"inputs": INPUTS[32:], "targets": TARGETS[32:]}

OPTIONS = {"steps": 24, "batch_size": 8, "evaluate_every": 6, "steps_per_call": 3}


@dataclasses.dataclass(frozen=True)
class Linear:
    """Least squares on noisy inputs, with a statistic that counts examples."""

    optimizer: optax.GradientTransformation = dataclasses.field(
        default_factory=lambda: optax.adam(0.05)
    )
    noise: float = 0.1
    dtype: str = "float32"

    @property
    def updates(self):
        return (Update(loss=self.loss, optimizer=self.optimizer),)

    def check(self, examples):
        assert {"inputs", "targets"} <= set(examples)

    def init(self, key):
        kernel = jax.random.normal(key, (4, 8), self.dtype)
        layer = {"kernel": kernel, "bias": jnp.zeros(8, self.dtype)}
        params = {"hidden": layer, "readout": jnp.ones(8, self.dtype)}
        return Variables(params, {"seen": jnp.float32(0.0)})

    def predict(self, variables, inputs):
        layer, readout = variables.params["hidden"], variables.params["readout"]
        outputs = (inputs @ layer["kernel"] + layer["bias"]) @ readout
        return {"outputs": outputs.astype(jnp.float32)}

    def loss(self, variables, batch, keys):
        noise = jax.vmap(lambda key: jax.random.normal(key, (4,)))(fold_in(keys, 0))
        outputs = self.predict(variables, batch["inputs"] + self.noise * noise)["outputs"]
        loss = ((outputs - batch["targets"]) ** 2).sum()
        count = jnp.float32(len(outputs))
        seen = {"seen": variables.statistics["seen"] + across_devices(count)}
        return Objective(loss, count, {"loss": loss, "one": count}, seen)

    def evaluate(self, variables, batch):
        errors = (self.predict(variables, batch["inputs"])["outputs"] - batch["targets"]) ** 2
        return {
            "loss": (errors * batch["weight"]).sum(),
            "worst": -(errors * batch["weight"]).sum(),
            "weight": batch["weight"].sum(),
        }


def train(workdir=None, task=None, *, devices=1, examples=TRAIN, validation=VALIDATION, **options):
    return fit(
        task or Linear(),
        examples,
        validation,
        devices=jax.devices()[:devices],
        workdir=workdir,
        **OPTIONS | options,
    )


def poisoned(value=np.nan, example=0):
    """The training examples, one of which holds a value that can't be used."""
    inputs = TRAIN["inputs"].copy()
    inputs[example, 1] = value
    return {**TRAIN, "inputs": inputs}


def told_to_stop(monkeypatch, home, name, call, number=signal.SIGTERM):
    """Makes the call of that number of `home.name` tell this process to stop first."""
    original, calls = getattr(home, name), []

    def disturbed(*arguments, **options):
        calls.append(name)
        if len(calls) == call:
            os.kill(os.getpid(), number)
        return original(*arguments, **options)

    monkeypatch.setattr(home, name, disturbed)


def at_dispatch(monkeypatch, call, number=signal.SIGTERM):
    """Tells this process to stop while dispatch `call`, counted from 1, is made."""
    told_to_stop(monkeypatch, executors.Executor, "__call__", call, number)
