"""One training step as our trainer compiles it, and as one writes it by hand in JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from flax.traverse_util import flatten_dict, unflatten_dict

from benchmarks.contest import Work
from benchmarks.models.start import LEARNING_RATE, LOSSES, Examples, weight, work
from research.data.feeds import Resident
from research.tasks import Task
from research.training import Parallel, optimizer
from research.training.executors import Executor, executor
from research.training.state import Carry
from research.training.step import Step

Loss = Callable[[Any, dict[str, jax.Array]], jax.Array]


def adam() -> optax.GradientTransformation:
    """Ours."""
    return optimizer("adam", learning_rate=LEARNING_RATE)


def ours(
    task: Task,
    examples: Examples,
    *,
    told: tuple[str, ...] = ("loss",),
    steps: int = 1,
    losses: int = LOSSES,
) -> Work:
    """Dispatches of the trainer's own program: metrics, guard and gathering of the batch included.

    Args:
        task: what to train.
        examples: one batch.
        told: the metrics that add up to the loss.
        steps: of a dispatch.
        losses: how many to answer with.
    """
    size = len(examples["inputs"])
    feed = Resident(examples=examples, batch_size=size, seed=0)
    machine = executor(Step(task), feed, Parallel(), devices=jax.devices()[:1])
    loaded = machine.load(0, steps)
    carry = begun(machine, machine.start(0))
    parameters = count(carry.state.variables.params)

    def step() -> None:
        nonlocal carry
        carry, report = machine(carry, loaded)
        jax.block_until_ready((carry, report))

    def loss() -> float:
        nonlocal carry
        total = sum(float(carry.sums[name]) for name in told) / float(carry.steps)
        carry = machine.cleared(carry)
        return total

    return work(step=step, loss=loss, parameters=parameters, losses=losses)


def plain(
    module: nnx.Module,
    loss: Loss,
    examples: Examples,
    *,
    names: Mapping[str, str] | None = None,
    steps: int = 1,
    losses: int = LOSSES,
) -> Work:
    """The step that one writes by hand: `value_and_grad` and optax's Adam in one `jit`.

    Args:
        module: in training mode.
        loss: mean loss of module and batch.
        examples: one batch.
        names: parts of its parameters' paths that ours call otherwise.
        steps: of a dispatch, in a `lax.scan` if there are several.
        losses: how many to answer with.
    """
    split: Any = nnx.split(module, nnx.Param, ...)
    structure, params, rest = split
    begin(params, names or {})
    rule = optax.adam(LEARNING_RATE)
    batch = jax.tree.map(jnp.asarray, examples)

    def one(carry: Any, batch: Any) -> tuple[Any, jax.Array]:
        params, rest, state = carry

        def objective(params: Any) -> tuple[jax.Array, Any]:
            merged = nnx.merge(structure, params, rest, copy=True)
            return loss(merged, batch), nnx.state(merged, nnx.Not(nnx.Param))

        (value, rest), gradient = jax.value_and_grad(objective, has_aux=True)(params)
        updates, state = rule.update(gradient, state)
        return (optax.apply_updates(params, updates), rest, state), value

    def several(carry: Any, batch: Any) -> tuple[Any, jax.Array]:
        carry, values = jax.lax.scan(lambda carry, _: one(carry, batch), carry, length=steps)
        return carry, values.mean()

    made = jax.jit(one if steps == 1 else several, donate_argnums=0)
    return carried(made, (params, rest, rule.init(params)), batch, count(params), losses)


def carried(
    made: Callable[..., tuple[Any, jax.Array]],
    carry: Any,
    batch: Any,
    parameters: int,
    losses: int = LOSSES,
) -> Work:
    """The work of `made(carry, batch) -> (carry, loss)`, a compiled step."""
    value = jnp.nan

    def step() -> None:
        nonlocal carry, value
        carry, value = jax.block_until_ready(made(carry, batch))

    return work(step=step, loss=lambda: float(value), parameters=parameters, losses=losses)


def count(params: Any) -> int:
    """How many numbers they are."""
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def begun(machine: Executor, carry: Carry, prefix: str = "") -> Carry:
    """The carry with every contestant's starting values; of other paths, others."""
    variables = carry.state.variables
    params = _started(variables.params, lambda path: prefix + path)
    return machine.with_variables(carry, variables._replace(params=params))


def begin(params: nnx.State[Any, Any], names: Mapping[str, str]) -> None:
    """Gives a module's parameters every contestant's starting values.

    Args:
        params: changed.
        names: parts of their paths, and what ours call them; "" for what comes before.
    """

    def ours(path: str) -> str:
        for theirs, our in names.items():
            path = path.replace(theirs, our, 1) if theirs else our + path
        return path

    nnx.replace_by_pure_dict(params, _started(nnx.to_pure_dict(params), ours))


def _started(params: Any, named: Callable[[str], str]) -> Any:
    flat = flatten_dict(params)
    return unflatten_dict(
        {
            path: jnp.asarray(weight(named("/".join(map(str, path))), leaf.shape))
            for path, leaf in flat.items()
        }
    )


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean over all but the last axis."""
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
