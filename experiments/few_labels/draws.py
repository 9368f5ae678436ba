"""Which training digits have a label, and what each method makes of the others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict
from numpy.typing import NDArray

from research import training
from research.arguments import require
from research.data import augmentation
from research.data.datasets.digits import Digits
from research.data.hashing import hash64
from research.data.loading import Batches
from research.models import CNN, Network, Variables
from research.tasks import Classification, Task
from research.tasks.semi_supervised import SemiSupervised
from research.training.step import Step, Stepping

Examples = dict[str, NDArray[Any]]
CLASSES = 10
METHODS = ("fixmatch", "pseudo_labels", "supervised")
ALL_LABELS = "all_labels"


def drawn(scans: Digits, rows: NDArray[np.int64], *, each: int, draw: int) -> NDArray[np.int64]:
    """The rows that keep their label: `each` of every digit, `[10 * each]`, ascending.

    Args:
        scans: all of them.
        rows: of the training part.
        each: labels a class.
        draw: another number chooses others.

    Raises:
        ArgumentError: when a class has fewer.
    """
    order = rows[np.argsort(hash64(draw, rows), kind="stable")]
    found = [order[scans.labels[order] == digit][:each] for digit in range(CLASSES)]
    fewest = min(map(len, found))
    require(fewest == each, f"data.labels is {each} a class, one has only {fewest} scans")
    return np.sort(np.concatenate(found))


def examples(
    scans: Digits, rows: NDArray[np.int64], labelled: NDArray[np.int64], *, repeat: int
) -> Examples:
    """All training scans without their label, and the labelled ones `repeat` times.

    Args:
        scans: all of them.
        rows: of the training part.
        labelled: those among them that keep their label.
        repeat: so that a batch has enough of them.
    """
    known = np.tile(labelled, repeat)
    return {
        "inputs": scans.images[np.concatenate([rows, known])],
        # What is not known is not in the data: 0 stands for it.
        "labels": np.concatenate([np.zeros(len(rows), np.int32), scans.labels[known]]),
        "labelled": np.arange(len(rows) + len(known)) >= len(rows),
    }


def build(config: ConfigDict, method: str) -> Task:
    """The task of a method: `fixmatch`, `pseudo_labels` or `supervised`.

    Raises:
        ArgumentError: for another method.
    """
    require(method in METHODS, f"method is {method!r}, expected one of {', '.join(METHODS)}")
    change, options = config.augmentation, config.semi_supervised
    weak = augmentation.chain(
        partial(augmentation.shift, pixels=change.shift),
        partial(augmentation.noise, scale=change.noise),
    )
    strong = augmentation.chain(
        partial(augmentation.shift, pixels=change.shift),
        partial(augmentation.cutout, size=change.cutout),
        partial(augmentation.noise, scale=change.strong_noise),
    )
    network = Network.from_nnx(
        lambda rngs: CNN((8, 8, 1), outputs=CLASSES, rngs=rngs, **config.model)
    )
    optimizer = training.adamw(steps=config.training.steps, **config.optimizer)
    if method == "supervised":
        return Classification(network=network, optimizer=optimizer, augment=weak)
    return SemiSupervised(
        network=network,
        optimizer=optimizer,
        weak=weak,
        strong=strong if method == "fixmatch" else None,
        threshold=options.threshold,
        unlabelled_weight=options.weight,
    )


def compare(
    config: ConfigDict, scans: Digits, parts: Mapping[str, NDArray[np.int64]]
) -> dict[str, list[float]]:
    """Trains every method anew on every draw; `all_labels` says what labels could give.

    Returns:
        Test accuracies by method, one per draw.
    """
    rows, each, test = parts["train"], config.data.labels, parts["test"]
    # Where all examples are labelled, pseudo-labelling is supervised learning: one program.
    runs = {method: _trainer(config, method) for method in ("pseudo_labels", "fixmatch")}

    def accuracy(method: str, data: Examples, draw: int) -> float:
        logits = runs[method](data, draw)(scans.images[test])["logits"]
        return float((logits.argmax(-1) == scans.labels[test]).mean())

    found: dict[str, list[float]] = {}
    for draw in range(config.data.draws):
        labelled = drawn(scans, rows, each=each, draw=draw)
        mixed = examples(scans, rows, labelled, repeat=config.data.repeat)
        nothing = np.zeros(0, np.int64)
        for name, method, data in (
            ("supervised", "pseudo_labels", examples(scans, nothing, labelled, repeat=1)),
            ("pseudo_labels", "pseudo_labels", mixed),
            ("fixmatch", "fixmatch", mixed),
            (ALL_LABELS, "pseudo_labels", examples(scans, nothing, rows, repeat=1)),
        ):
            found.setdefault(name, []).append(accuracy(method, data, draw))
    return found


def _trainer(config: ConfigDict, method: str) -> Any:
    """`(examples, seed) -> (inputs -> outputs)`: the trainer's own step, compiled once."""
    task = build(config, method)
    step = Step(task, Stepping(ema=config.training.stepping.ema))
    size, steps = config.training.batch_size, config.training.steps
    positions = jnp.arange(size, dtype=jnp.int32)
    init, predict = jax.jit(step.init), jax.jit(task.predict)
    # One call a step: convolutions inside a loop are slow on a CPU.
    once = jax.jit(lambda state, batch: step(state, batch, positions)[0], donate_argnums=0)

    def trained(data: Examples, seed: int) -> Any:
        state = init(jnp.uint32(seed))
        for rows in Batches(len(data["inputs"]), size, seed=seed).steps(0, steps):
            state = once(state, {name: array[rows] for name, array in data.items()})
        params = state.variables.params if state.average is None else state.average
        return partial(predict, Variables(params, state.variables.statistics))

    return trained
