"""The trained variables by themselves, as inference needs them."""

from __future__ import annotations

import jax

from research.models.network import Variables
from research.tasks.task import Task
from research.training.checkpoints import CheckpointError, Checkpoints
from research.training.executors import place
from research.training.sharding import Parallel, replicated
from research.workdir import Workdir, WorkdirError


def save_model(workdir: Workdir, variables: Variables, *, step: int) -> None:
    """Keeps the trained variables by themselves, for inference, if they are not kept yet.

    Under several processes, all of them call it.
    """
    if jax.process_count() > 1:  # Orbax saves what all processes hold together
        variables = place(variables, replicated(Parallel().build_mesh()))
    with Checkpoints(workdir.model) as model:
        try:
            kept = model.restore(variables)
        except CheckpointError:
            kept = None
        if kept is None or kept.step != step:
            model.drop_after(-1)
            model.save(step, variables, {})


def load_model(workdir: Workdir, task: Task) -> tuple[Variables, int]:
    """The trained variables of a finished run, and their step.

    Under several processes, all of them call it.

    Raises:
        WorkdirError: when training has not finished here.
        CheckpointError: when they can't be read, or belong to a task of another shape.
    """
    workdir.require(workdir.model.name, made_by="--mode=train")
    like = jax.eval_shape(lambda: task.init(jax.random.key(0)))
    with Checkpoints(workdir.model) as model:
        restored = model.restore(like)
    if restored is None:
        raise WorkdirError(f"{workdir.model} holds no model: run --mode=train to the end first")
    return restored.tree, restored.step
