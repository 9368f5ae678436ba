"""The trained variables by themselves, as inference needs them."""

from __future__ import annotations

import jax
from flax.traverse_util import unflatten_dict

from research.models.network import Variables
from research.tasks.estimator import Estimator
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


def load_model(workdir: Workdir, task: Task | Estimator) -> tuple[Variables, int]:
    """The trained variables of a finished run, and their step.

    Under several processes, all of them call it.

    Raises:
        WorkdirError: when training has not finished here.
        CheckpointError: when they can't be read, or belong to a task of another shape.
    """
    workdir.require(workdir.model.name, made_by="--mode=train")
    with Checkpoints(workdir.model) as model:
        if isinstance(task, Estimator):  # what it has fitted says of what shape it is
            found = model.arrays(lambda shapes: shapes)
            restored = found and (found[0], _variables(found[1]))
        else:
            whole = model.restore(jax.eval_shape(lambda: task.init(jax.random.key(0))))
            restored = whole and (whole.step, whole.tree)
    if restored is None:
        raise WorkdirError(f"{workdir.model} holds no model: run --mode=train to the end first")
    step, variables = restored
    return variables, step


def _variables(arrays: dict[str, jax.Array]) -> Variables:
    """Of arrays by dotted path."""
    tree = unflatten_dict({tuple(name.split(".")): array for name, array in arrays.items()})
    return Variables(tree.get("params", {}), tree.get("statistics", {}))
