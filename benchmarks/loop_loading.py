"""What getting batches costs, by each feed, beside steps on one batch again and again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contest import Contestant, Row, Work

BATCH, EXAMPLES = 128, 20_000
# Bytes of an example, width of the network, steps of a dispatch, and whether it is a text.
PROBLEMS: Mapping[str, dict[str, Any]] = {
    "rows of 100 bytes, 10 steps a dispatch": {"size": 100, "hidden": 64, "count": 10},
    "images of 3 kB, 1 step a dispatch": {"size": 3072, "hidden": 256, "count": 1},
    "rows of 100 numbers as text, 10 steps a dispatch": {
        "size": 100,
        "hidden": 64,
        "count": 10,
        "encoded": True,
    },
}


def loading_rows() -> tuple[Row, ...]:
    """A row for each problem."""
    return tuple(_row(name, problem) for name, problem in PROBLEMS.items())


def _row(name: str, problem: dict[str, Any]) -> Row:
    feeds: dict[str, dict[str, Any]] = {
        "on the device": {"feed": "resident"},
        "threads": {"feed": "threads"},
        "threads, mapped files": {"feed": "mapped"},
        "Grain, 1 worker": {"feed": "threads", "workers": 1},
        "one batch again and again": {"feed": "fixed"},
    }
    if problem.get("encoded"):
        del feeds["threads, mapped files"]
    return Row(
        name=f"loading {name}",
        unit="examples",
        amount=100.0 * BATCH,
        contestants=tuple(
            Contestant(name=name, entry="benchmarks.loop_loading:steps", options=problem | feed)
            for name, feed in feeds.items()
        ),
    )


class Encoded:
    """Texts that Python must parse, one by one: work that holds the GIL."""

    def __init__(self, examples: dict[str, np.ndarray]) -> None:
        self.labels = examples["label"]
        self.texts = [json.dumps(row.tolist()) for row in examples["x"]]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        rows = [json.loads(self.texts[index]) for index in indices]
        return {"x": np.array(rows, np.uint8), "label": self.labels[indices]}


def steps(
    *, size: int, hidden: int, count: int, feed: str, encoded: bool = False, workers: int = 0
) -> Work:
    """A hundred steps of gradient descent on the batches of a feed."""
    import jax

    from research.data.feeds import Feed, InMemory, Resident, Streamed
    from research.data.mapped import write_mapped

    random = np.random.default_rng(0)
    examples: dict[str, np.ndarray] = {
        "x": random.integers(0, 256, (EXAMPLES, size)).astype(np.uint8),
        "label": random.integers(0, 10, EXAMPLES).astype(np.int32),
    }
    folder = tempfile.TemporaryDirectory()
    setting: dict[str, Any] = {"batch_size": BATCH, "seed": 0}
    source: Any = Encoded(examples) if encoded else InMemory(examples)
    batches: Feed
    if feed == "resident":
        batches = Resident(examples=examples, **setting)
    elif feed == "mapped":
        batches = Streamed(write_mapped(Path(folder.name) / "mapped", [examples]), **setting)
    else:
        batches = Streamed(source, workers=workers, **setting)
    resident = jax.device_put(batches.resident)
    train, params = _descent(batches, (size, hidden, hidden, 10), count)
    fixed = jax.device_put(batches.load(0, count)) if feed == "fixed" else None
    step = 0

    def run() -> Any:
        nonlocal params, step
        for _ in range(100 // count):
            loaded = batches.load(step, count) if fixed is None else fixed
            params = train(params, resident, loaded)
            step += count
        jax.block_until_ready(params)
        return folder

    def answer() -> dict[str, Any]:
        run()
        return {} if feed == "fixed" else {"readout": np.asarray(params[2])}

    return Work(run=run, answer=answer)


def _descent(feed: Any, sizes: tuple[int, ...], count: int) -> tuple[Any, Any]:
    """A jitted `(params, resident, loaded) -> params` of `count` steps, and the first params."""
    import itertools

    import jax
    import jax.numpy as jnp

    keys = jax.random.split(jax.random.key(0), 3)
    params = [
        jax.random.normal(key, pair) / pair[0] ** 0.5
        for key, pair in zip(keys, itertools.pairwise(sizes), strict=True)
    ]

    def loss(params: Any, batch: Any) -> jax.Array:
        hidden = jax.nn.relu(batch["x"].astype(jnp.float32) / 255 @ params[0])
        logits = jax.nn.relu(hidden @ params[1]) @ params[2]
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), batch["label"][:, None], 1)
        return -chosen.mean()

    def step(params: Any, resident: Any, loaded: Any) -> Any:
        gradients = jax.grad(loss)(params, feed.batch(resident, loaded))
        return jax.tree.map(lambda p, g: p - 0.01 * g, params, gradients)

    def steps(params: Any, resident: Any, loaded: Any) -> Any:
        if count == 1:
            return step(params, resident, jax.tree.map(lambda leaf: leaf[0], loaded))
        return jax.lax.scan(lambda p, one: (step(p, resident, one), None), params, loaded)[0]

    return jax.jit(steps, donate_argnums=0), params
