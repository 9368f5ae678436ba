"""The trainer gets from a stream what it gets from the device."""

from __future__ import annotations

import jax
import numpy as np
import optax
import pytest

from research.arguments import ArgumentError
from research.data.feeds import InMemory, Streamed, in_order
from research.data.mapped import write_mapped
from research.models import MLP, Network
from research.tasks import Classification
from research.training import fit

OPTIONS = {"steps": 16, "batch_size": 16, "evaluate_every": 8, "steps_per_call": 4, "seed": 3}


def examples(seed: int, count: int) -> dict[str, np.ndarray]:
    inputs = np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32)
    # As files often have them: the device takes 32 bits.
    return {"inputs": inputs, "labels": (inputs[:, 0] > inputs[:, 1]).astype(np.int64)}


def task() -> Classification:
    return Classification(
        network=Network.from_nnx(
            lambda rngs: MLP(4, hidden=(8,), outputs=2, dropout=0.2, rngs=rngs)
        ),
        optimizer=optax.adam(0.01),
    )


def test_training_from_a_stream(tmp_path) -> None:
    train, validation = examples(0, 75), examples(1, 30)
    expected = fit(task(), train, validation, **OPTIONS)
    source = write_mapped(tmp_path / "train", [train])
    feed = Streamed(source, batch_size=16, seed=3)
    found = fit(task(), feed, validation, **OPTIONS)
    # Another program, so that roundings may differ.
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6),
        found.variables.params,
        expected.variables.params,
    )


def test_a_feed_with_another_order_than_the_run(tmp_path) -> None:
    held = examples(0, 75)
    feed = Streamed(InMemory(held), batch_size=16, seed=4)
    with pytest.raises(ArgumentError, match="seed is 3, the feed's is 4: give both the same"):
        fit(task(), feed, held, **OPTIONS)


def test_evaluation_in_order_is_evaluation_at_once() -> None:
    held = examples(2, 37)
    classification = task()
    variables = classification.init(jax.random.key(0))
    evaluate = jax.jit(classification.evaluate)
    whole = evaluate(variables, held | {"weight": np.ones(37, np.float32)})
    parts = [evaluate(variables, batch) for batch in in_order(InMemory(held), 8)]
    sums = jax.tree.map(lambda *leaves: sum(leaves), *parts)
    for name in whole:
        np.testing.assert_allclose(sums[name], whole[name], rtol=1e-5)
