"""What getting batches costs: python benchmarks/loading.py [--steps N]

The same steps on the same batches, from examples on the device, in memory, in mapped files,
by threads and by Grain's processes, beside steps that take one batch again and again. All
run in turns in one process; batches are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from research.data.feeds import Feed, InMemory, Resident, Streamed
from research.data.mapped import Mapped, write_mapped

BATCH = 128
ROUNDS = 7


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """A data set and the network trained on it."""

    title: str
    examples: dict[str, np.ndarray]
    hidden: int
    steps_per_call: int
    encoded: bool = False


def problems() -> list[Problem]:
    rng = np.random.default_rng(0)

    def examples(count: int, width: int) -> dict[str, np.ndarray]:
        return {
            "x": rng.integers(0, 256, (count, width)).astype(np.uint8),
            "label": rng.integers(0, 10, count).astype(np.int32),
        }

    rows = examples(20_000, 100)
    images = examples(20_000, 3072)
    return [
        Problem(
            title="rows of 100 bytes, 10 steps a call", examples=rows, hidden=64, steps_per_call=10
        ),
        Problem(
            title="images of 3 kB, 1 step a call", examples=images, hidden=256, steps_per_call=1
        ),
        Problem(
            title="rows of 100 numbers as text, 10 steps a call",
            examples=rows,
            hidden=64,
            steps_per_call=10,
            encoded=True,
        ),
    ]


def trainer(problem: Problem, feed: Feed) -> Callable[[Any, Any, Any], Any]:
    """A jitted `(params, resident, loaded) -> params` of plain gradient descent, K steps."""

    def loss(params: Any, batch: Any) -> jax.Array:
        hidden = jax.nn.relu(batch["x"].astype(jnp.float32) / 255 @ params[0])
        logits = jax.nn.relu(hidden @ params[1]) @ params[2]
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), batch["label"][:, None], 1)
        return -chosen.mean()

    def step(params: Any, resident: Any, loaded: Any) -> Any:
        gradients = jax.grad(loss)(params, feed.batch(resident, loaded))
        return jax.tree.map(lambda p, g: p - 0.01 * g, params, gradients)

    def steps(params: Any, resident: Any, loaded: Any) -> Any:
        if problem.steps_per_call == 1:
            return step(params, resident, jax.tree.map(lambda leaf: leaf[0], loaded))
        return jax.lax.scan(lambda p, one: (step(p, resident, one), None), params, loaded)[0]

    return jax.jit(steps, donate_argnums=0)


class Contestant:
    """A feed and a training that goes on from round to round."""

    def __init__(self, problem: Problem, feed: Feed, *, fixed: bool = False) -> None:
        width = problem.examples["x"].shape[1]
        sizes = (width, problem.hidden, problem.hidden, 10)
        keys = jax.random.split(jax.random.key(0), 3)
        self.params = [
            jax.random.normal(key, pair) / pair[0] ** 0.5
            for key, pair in zip(keys, itertools.pairwise(sizes), strict=True)
        ]
        self.run = trainer(problem, feed)
        self.feed, self.count, self.step = feed, problem.steps_per_call, 0
        self.resident = jax.device_put(feed.resident)
        self.fixed = jax.device_put(feed.load(0, self.count)) if fixed else None

    def seconds_per_step(self, steps: int) -> float:
        began = time.perf_counter()
        for _ in range(steps // self.count):
            loaded = self.feed.load(self.step, self.count) if self.fixed is None else self.fixed
            self.params = self.run(self.params, self.resident, loaded)
            self.step += self.count
        jax.block_until_ready(self.params)
        return (time.perf_counter() - began) / steps


def compete(problem: Problem, folder: Path, steps: int) -> None:
    examples = problem.examples
    source: Any = Encoded(examples) if problem.encoded else InMemory(examples)
    setting = {"batch_size": BATCH, "seed": 0}
    feeds: dict[str, Feed] = {
        "on the device": Resident(examples=examples, **setting),
        "threads": Streamed(source, **setting),
        "Grain, 1 worker": Streamed(source, workers=1, **setting),
        "Grain, 2 workers": Streamed(source, workers=2, prefetch=4, **setting),
    }
    if not problem.encoded:
        mapped: Mapped = write_mapped(folder / problem.title, [examples])
        feeds["threads, mapped files"] = Streamed(mapped, **setting)
    still = Streamed(InMemory(examples), prefetch=0, **setting)
    contestants = {"one batch again and again": Contestant(problem, still, fixed=True)}
    contestants |= {name: Contestant(problem, feed) for name, feed in feeds.items()}
    still.close()

    for contestant in contestants.values():
        contestant.seconds_per_step(3 * problem.steps_per_call)
    expected, *others = [contestants[name].params for name in feeds]
    for other in others:
        jax.tree.map(np.testing.assert_array_equal, expected, other)

    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, contestant in contestants.items():
            contestant.seconds_per_step(16 * contestant.count)  # uses up what was read meanwhile
            times[name].append(contestant.seconds_per_step(steps))
    for feed in feeds.values():
        feed.close()
    # The best round, as other work on the machine can only add to it.
    spent = {name: min(values) for name, values in times.items()}
    bare = spent["one batch again and again"]
    print(f"\n{problem.title}, {BATCH} examples a step")
    for name, seconds in spent.items():
        print(f"  {name:28} {BATCH / seconds:10,.0f} examples/s  {seconds / bare:5.2f} x the time")


def main() -> None:
    """Prints a table for each problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200, help="of a round; a multiple of 10")
    steps = parser.parse_args().steps
    print(f"jax {jax.__version__}, numpy {np.__version__}, {jax.devices()[0].platform}")
    with tempfile.TemporaryDirectory() as folder:
        for problem in problems():
            compete(problem, Path(folder), steps)


if __name__ == "__main__":
    main()
