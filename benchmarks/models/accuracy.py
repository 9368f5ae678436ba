"""From the start of a process to 98 % of MNIST's test digits: imports and compilation included."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.contest import PEERS, Contestant, Row, Work
from benchmarks.models.training import VARIABLES

ACCURACY, BATCH, EVERY, MOST = 0.98, 64, 100, 4000
DATA = Path(tempfile.gettempdir()) / "rulax-benchmarks-mnist.npz"


def rows() -> tuple[Row, ...]:
    """Two seeds; the caches of the compiler empty at each start, or filled by the first one."""
    ours = f"{__name__}:ours"
    return tuple(
        Row(
            name=f"MNIST to {ACCURACY:.0%}, seed {seed}",
            contestants=(
                Contestant(name="ours", entry=ours, options={"seed": seed, "warm": True}),
                Contestant(
                    name="ours, nothing cached", entry=ours, options={"seed": seed, "warm": False}
                ),
                Contestant(
                    name="torch eager",
                    entry="benchmarks.peers.torch_accuracy:reach",
                    options={"seed": seed},
                    environment=PEERS,
                ),
            ),
            variables=VARIABLES,
            block=0.0,
            note="The CNN, batch 64, evaluated on all 10,000 test digits every 100 steps.",
        )
        for seed in (0, 1)
    )


def process(module: str, seed: int, variables: Mapping[str, str]) -> None:
    """A training in a process of its own.

    Raises:
        RuntimeError: it ended without the accuracy.
    """
    ended = subprocess.run(
        [sys.executable, "-m", module, str(seed)], env=variables, capture_output=True, text=True
    )
    if ended.returncode:
        raise RuntimeError(ended.stderr.strip().rsplit("\n", 1)[-1])


def arrays() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """To train and to test: `inputs` float32 `[N, 28, 28, 1]` from 0 to 1, `labels` int32."""
    with np.load(DATA) as found:
        train, test = (
            {
                "inputs": found[f"{part}_images"].astype(np.float32) / 255,
                "labels": found[f"{part}_labels"],
            }
            for part in ("train", "test")
        )
    return train, test


def ours(seed: int, warm: bool) -> Work:
    """Our trainer's program and its evaluation."""
    _keep()
    cache = tempfile.TemporaryDirectory()

    def run() -> None:
        with tempfile.TemporaryDirectory() as empty:
            used = cache.name if warm else empty
            process(__name__, seed, {**os.environ, "RULAX_CACHE": used})

    return Work(run=run, answer=lambda: f"{ACCURACY:.0%}")


def _keep() -> None:
    """Writes the digits where the peers can read them."""
    from research.data.datasets import mnist

    if DATA.exists():
        return
    dataset = mnist.load()
    written = DATA.with_suffix(".new.npz")
    np.savez(
        written,
        train_images=dataset.train.images,
        train_labels=dataset.train.labels,
        test_images=dataset.test.images,
        test_labels=dataset.test.labels,
    )
    written.replace(DATA)


def _train(seed: int) -> int:
    """Trains until the accuracy is reached; says after how many steps."""
    from benchmarks.models import cnn, steps
    from research.data.feeds import Resident
    from research.tasks import Classification
    from research.training import Parallel, configure
    from research.training.evaluation import Evaluator
    from research.training.executors import executor
    from research.training.step import Step

    configure()
    train, test = arrays()
    task = Classification(network=cnn.our_network(), optimizer=steps.adam())
    parallel = Parallel()
    feed = Resident(examples=train, batch_size=BATCH, seed=seed)
    machine = executor(Step(task), feed, parallel)
    evaluate = Evaluator(task, test, mesh=machine.mesh, axes=parallel.batch_axes)
    carry = steps.begun(machine, machine.start(seed), f"{seed}/")
    for step in range(MOST):
        carry, _ = machine(carry, machine.load(step, 1))
        if (step + 1) % EVERY == 0:
            found = evaluate(carry.state.evaluated)["accuracy"]
            print(step + 1, f"{found:.4f}", flush=True)
            if found >= ACCURACY:
                return step + 1
    raise RuntimeError(f"{found:.2%} after {MOST} steps, expected {ACCURACY:.0%}")


if __name__ == "__main__":
    _train(int(sys.argv[1]))
