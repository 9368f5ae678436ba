"""What the training loop costs over its compiled step: python benchmarks/training.py [--rounds N]

The same compiled dispatches run bare, one after the other, and inside `fit`, in turns in one
process. Figures are ratios of medians. Times of `fit` leave out start and compilation.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

from experiments.experiment import load_experiment
from research import training
from research.data.feeds import Resident
from research.models import MLP, Network
from research.tasks import Classification
from research.training.executors import executor
from research.training.step import Step
from research.workdir import Workdir


class Scenario:
    """A task, its examples, and the arguments of `fit`."""

    def __init__(self, task: Any, train: Any, validation: Any, **arguments: Any) -> None:
        self.task, self.train, self.validation = task, train, validation
        self.arguments = arguments

    def bare(self, **changes: Any) -> float:
        """Seconds for all steps, dispatched in a loop that does nothing else."""
        options = self.arguments | changes
        count = options["steps_per_call"]
        feed = Resident(examples=self.train, batch_size=options["batch_size"], seed=0)
        machine = executor(
            Step(self.task, options.get("stepping", training.Stepping())),
            feed,
            options.get("parallel", training.Parallel()),
        )
        carry = machine.start(0)
        loads = [machine.load(at, count) for at in range(0, options["steps"], count)]
        carry, _ = jax.block_until_ready(machine(carry, loads[0]))
        began = time.perf_counter()
        for loaded in loads:
            carry, _ = machine(carry, loaded)
        jax.block_until_ready(carry)
        return time.perf_counter() - began

    def fitted(self, *, kept: bool) -> dict[str, float]:
        """Seconds by phase of a whole `fit`, with a workdir or without."""
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
            workdir = Workdir(Path(folder))
            if not kept:
                arguments = {**self.arguments, "evaluate_every": self.arguments["steps"]}
                arguments["saving"] = training.Saving()
            else:
                arguments = self.arguments
            training.fit(self.task, self.train, self.validation, workdir=workdir, **arguments)
            timing = json.loads((workdir.path / "timing.json").read_text())
        seconds: dict[str, float] = timing["seconds"]
        return seconds


def synthetic(width: int, *, steps: int, steps_per_call: int) -> Scenario:
    """An MLP on random numbers: only its speed matters here."""
    random = np.random.default_rng(0)

    def examples(count: int) -> dict[str, np.ndarray]:
        inputs = random.normal(size=(count, 64)).astype(np.float32)
        return {"inputs": inputs, "labels": (inputs[:, 0] > 0).astype(np.int32)}

    network = Network.from_nnx(lambda rngs: MLP(64, hidden=(width,) * 3, outputs=2, rngs=rngs))
    task = Classification(
        network=network, optimizer=training.adamw(learning_rate=1e-3, steps=steps)
    )
    return Scenario(
        task,
        examples(4096),
        examples(256),
        steps=steps,
        batch_size=128,
        evaluate_every=steps,
        steps_per_call=steps_per_call,
    )


def experiment(name: str, *, steps: int) -> Scenario:
    """An experiment of the project as it is configured, over some steps."""
    module = load_experiment(f"experiments/{name}/config.py")
    config = module.get_config()
    config.training.steps = steps
    config.training.patience = None
    with tempfile.TemporaryDirectory() as folder:
        workdir = Workdir(Path(folder))
        train, validation = module.training_examples(config, module.load_data(config), workdir)
        task = module.build_task(config, workdir)
    options = training.fit_options(config.training.to_dict())
    return Scenario(task, train, validation, **options)


def loop_costs(rounds: int) -> None:
    """The loop by itself, between start and end: no evaluation, nothing saved."""
    print(f"{'':34}{'bare step':>12}{'in fit':>12}{'overhead':>10}")
    for label, width, steps, count in (
        ("step of about 10 ms", 1024, 300, 1),
        ("small step, 1 a dispatch", 64, 2000, 1),
        ("small step, 50 a dispatch", 64, 10_000, 50),
    ):
        scenario = synthetic(width, steps=steps, steps_per_call=count)
        bare, inside = [], []
        for _ in range(rounds):
            bare.append(scenario.bare())
            seconds = scenario.fitted(kept=False)
            inside.append(seconds["step"] + seconds["data"])
        _row(label, bare, inside, steps)


def experiment_costs(rounds: int) -> None:
    """Everything: metrics, evaluations, checkpoints."""
    print(f"\n{'':34}{'bare step':>12}{'in fit':>12}{'overhead':>10}   of it, % of the bare time")
    for name, steps in (("credit", 1500), ("digits", 400)):
        scenario = experiment(name, steps=steps)
        bare, inside, parts = [], [], []
        for _ in range(rounds):
            bare.append(scenario.bare())
            seconds = scenario.fitted(kept=True)
            parts.append(seconds)
            inside.append(sum(seconds.values()) - seconds["start"] - seconds["compile"])
        base = statistics.median(bare)
        split = ", ".join(
            f"{phase} {statistics.median(p[phase] for p in parts) / base:.1%}"
            for phase in ("data", "evaluate", "save", "other")
        )
        _row(f"{name}, as configured", bare, inside, steps, f"   {split}")


def option_costs(rounds: int) -> None:
    """What the options of a step cost, beside the plain one."""
    print(f"\n{'':34}{'step':>12}{'to plain':>12}")
    scenario = synthetic(256, steps=600, steps_per_call=10)
    contestants: dict[str, dict[str, Any]] = {
        "plain, no guard": {"stepping": training.Stepping(guard="off")},
        "guard (the default)": {},
        "guard, skipping": {"stepping": training.Stepping(guard="skip")},
        "moving average": {"stepping": training.Stepping(guard="off", ema=0.999)},
        "accumulated in 4 parts": {"stepping": training.Stepping(guard="off", accumulate=4)},
        "shard_map": {"parallel": training.Parallel(executor="shard_map")},
        "pmap": {"parallel": training.Parallel(executor="pmap")},
    }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, changes in contestants.items():
            times[name].append(scenario.bare(**changes))
    plain = statistics.median(times["plain, no guard"])
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:34}{median / 600 * 1e6:9.0f} us{median / plain:12.2f}")


def _row(label: str, bare: list[float], inside: list[float], steps: int, more: str = "") -> None:
    each, all_ = (statistics.median(seconds) / steps for seconds in (bare, inside))
    overhead = all_ / each - 1
    print(f"{label:34}{each * 1e6:9.0f} us{all_ * 1e6:9.0f} us{overhead:10.1%}{more}", flush=True)


def main() -> None:
    """Prints all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    training.configure()
    devices = f"{jax.device_count()} x {jax.devices()[0].device_kind}"
    print(f"jax {jax.__version__}, {devices}, median of {rounds}")
    loop_costs(rounds)
    experiment_costs(rounds)
    option_costs(rounds)


if __name__ == "__main__":
    main()
