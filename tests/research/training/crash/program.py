"""A run to be killed, stopped and starved: python program.py WORKDIR [PHASE].

It saves all the time, and reports more often than it evaluates. With PHASE (compile,
evaluate or save) it prints that word each time such a thing begins.
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp

from research import training
from research.arguments import ArgumentError
from research.models import MLP, Network
from research.tasks import Classification
from research.training import Preempted, Saving, Stepping, Watching, adamw, fit
from research.training.checkpoints import Checkpoints
from research.training.preemption import RESUMABLE, leave
from research.workdir import Workdir, WorkdirError
from tests.research.training.problems import examples

STEPS = 200
OPTIONS = {
    "steps": STEPS,
    "batch_size": 16,
    "evaluate_every": 20,
    "steps_per_call": 3,
    "stepping": Stepping(ema=0.9),
    "saving": Saving(every_steps=30, every_minutes=0.005, keep_every=90, keep_best=1),
    "watching": Watching(log_every=7),
}


class SlowToEvaluate(Classification):
    """An evaluation long enough to be met by a signal."""

    def evaluate(self, variables, batch):
        busy = jax.lax.fori_loop(0, 5_000, lambda _, x: jnp.sin(x), jnp.ones(100))
        metrics = super().evaluate(variables, batch)
        return metrics | {"loss": metrics["loss"] + 0 * busy.sum()}


def task(phase=None):
    # Many layers take XLA long enough for a signal to come in between.
    hidden = (16,) * (20 if phase == "compile" else 1)
    kind = SlowToEvaluate if phase == "evaluate" else Classification
    return kind(
        network=Network.from_nnx(
            lambda rngs: MLP(4, rngs=rngs, hidden=hidden, outputs=2, dropout=0.2)
        ),
        optimizer=adamw(learning_rate=0.01, steps=STEPS, weight_decay=0.01),
    )


def run(workdir, phase=None):
    return fit(
        task(phase),
        examples(0),
        examples(1, 50),
        devices=jax.devices()[:1],
        workdir=Workdir(workdir),
        **OPTIONS,
    )


def announce(phase):
    """Prints the phase whenever it begins."""
    from research.training import run as loop
    from research.training.evaluation import Evaluator

    home, name = {
        "compile": (loop, "interruptibly"),
        "evaluate": (Evaluator, "begin"),
        "save": (Checkpoints, "save"),
    }[phase]
    original = getattr(home, name)

    def announcing(*arguments, **options):
        if phase == "save":  # which goes on in the background
            original(*arguments, **options)
        print(phase, flush=True)
        return None if phase == "save" else original(*arguments, **options)

    setattr(home, name, announcing)


def main(workdir, phase=None):
    training.configure()
    if phase:
        announce(phase)
    try:
        run(Path(workdir), phase)
    except Preempted as stop:
        print(stop, file=sys.stderr)
        leave(RESUMABLE)
    except (ArgumentError, WorkdirError) as error:
        print(f"error: {error}", file=sys.stderr)
        leave(2)


if __name__ == "__main__":
    main(*sys.argv[1:])
