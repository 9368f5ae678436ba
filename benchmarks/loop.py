"""The training loop: what it adds to the compiled step; loading, checkpoints, devices."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.contest import PEERS, Contestant, Row, Work

HERE = "benchmarks.loop:"
# Keyword arguments of `scenario`, and how many steps one run makes.
LOOPS: Mapping[str, tuple[dict[str, Any], int]] = {
    "steps of about 10 ms": ({"width": 1024, "batch": 128}, 100),
    "small steps, one a dispatch": ({"width": 64, "batch": 128}, 2000),
    "small steps, 50 a dispatch": ({"width": 64, "batch": 128, "count": 50}, 5000),
}
# A run of usual length, and one beside which what the end costs is little.
CONFIGURED = {"credit": (1500, 15_000), "digits": (400, 2000)}
PARAMETERS = {"1 M": 1_000_000, "50 M": 50_000_000}


def rows() -> tuple[Row, ...]:
    """Loops, experiments, the small MLP beside torch, loading, checkpoints, devices."""
    from benchmarks.loop_loading import loading_rows
    from benchmarks.loop_processes import processes_row

    return (
        *(
            _beside_bare(name, {"task": "mlp", **task}, steps)
            for name, (task, steps) in LOOPS.items()
        ),
        *(
            _beside_bare(
                f"{name} as configured, {steps} steps, with metrics, evaluations and checkpoints",
                {"task": name},
                steps,
            )
            for name, lengths in CONFIGURED.items()
            for steps in lengths
        ),
        _beside_torch(),
        *loading_rows(),
        *(_checkpoints(name, count) for name, count in PARAMETERS.items()),
        _devices(),
        processes_row(),
    )


def _beside_bare(name: str, task: dict[str, Any], steps: int) -> Row:
    options = {**task, "steps": steps}
    looping = task["task"] == "mlp"
    evaluations = (
        []
        if looping
        else [
            Contestant(
                name="the compiled steps and evaluations",
                entry=f"{HERE}bare",
                options=options | {"evaluating": True},
            )
        ]
    )
    return Row(
        name=name,
        unit="steps",
        amount=float(steps),
        block=0.1,
        contestants=(
            Contestant(name="fit", entry=f"{HERE}fitted", options=options | {"looping": looping}),
            Contestant(name="the compiled steps alone", entry=f"{HERE}bare", options=options),
            *evaluations,
        ),
        goals={"the compiled steps alone": 0.98 if looping else 0.95},
        note="The time of `fit` "
        + ("between start and end." if looping else "without start and compilation."),
    )


def _beside_torch() -> Row:
    task = {"task": "mlp", "width": 64, "layers": 2, "features": 100, "batch": 32, "classes": 10}
    steps = 10_000
    run: dict[str, Any] = {**task, "steps": steps}
    return Row(
        name="fit, MLP 100-64-64-10, batch 32",
        unit="samples",
        amount=32.0 * steps,
        block=0.1,
        contestants=(
            Contestant(
                name="fit, 100 a dispatch", entry=f"{HERE}fitted", options=run | {"count": 100}
            ),
            Contestant(name="fit, auto", entry=f"{HERE}fitted", options=run | {"count": "auto"}),
            Contestant(name="fit, 1 a dispatch", entry=f"{HERE}fitted", options=run),
            Contestant(
                name="the compiled steps alone", entry=f"{HERE}bare", options=run | {"count": 100}
            ),
            Contestant(
                name="torch eager",
                entry="benchmarks.peers.torch_training:mlp",
                options={"batch": 32, "count": steps, "losses": 1},
                environment=PEERS,
            ),
        ),
        goals={"torch eager": 15.0},
    )


def _checkpoints(name: str, count: int) -> Row:
    peer = "benchmarks.peers.checkpoints:"
    options = {"parameters": count}
    return Row(
        name=f"a checkpoint of {name} parameters and Adam's state",
        block=0.1,
        contestants=(
            Contestant(name="what training waits for", entry=f"{HERE}saving", options=options),
            Contestant(
                name="until it is on the disk",
                entry=f"{HERE}saving",
                options=options | {"wait": True},
            ),
            Contestant(name="np.savez", entry=f"{peer}savez", options=options),
            Contestant(
                name="torch.save", entry=f"{peer}torch_save", options=options, environment=PEERS
            ),
        ),
    )


def _devices() -> Row:
    def contestant(count: int) -> Contestant:
        return Contestant(
            name=f"{count} virtual device{'s' * (count > 1)}, {128 * count} examples a step",
            entry=f"{HERE}bare",
            options={"task": "mlp", "width": 512, "batch": 128 * count, "steps": 100},
            variables={"XLA_FLAGS": f"--xla_force_host_platform_device_count={count}"},
        )

    return Row(
        name="as many examples for each of more devices",
        unit="steps",
        amount=100.0,
        block=0.1,
        contestants=(contestant(1), contestant(2)),
        note="One device has both cores, too: virtual devices are for trying out, not for speed.",
    )


def scenario(task: str, *, steps: int, count: int | str = 1, **sizes: int) -> dict[str, Any]:
    """The arguments of `fit` for a network on random numbers, or for an experiment."""
    return _mlp(steps, count, **sizes) if task == "mlp" else _configured(task, steps)


def fitted(*, looping: bool = False, **options: Any) -> Work:
    """`fit` with a workdir, timed without its start and its compilation.

    Args:
        looping: count no evaluation, save or end either.
        **options: of `scenario`.
    """
    from research import training
    from research.workdir import Workdir

    training.configure()
    arguments = scenario(**options)
    seconds: list[float] = []

    def run() -> int:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
            workdir = Workdir(Path(folder))
            step = training.fit(workdir=workdir, **arguments).progress.step
            timing = json.loads((workdir.path / "timing.json").read_text())["seconds"]
        counted = {"data", "step"} if looping else timing.keys() - {"start", "compile"}
        seconds.append(sum(timing[phase] for phase in counted))
        return step

    return Work(run=run, answer=lambda: {"steps": run()}, seconds=lambda: seconds[-1])


def bare(*, evaluating: bool = False, **options: Any) -> Work:
    """The same dispatches in a loop that does nothing else.

    Args:
        evaluating: make the evaluations, too, but wait for none before the end.
        **options: of `scenario`.
    """
    import jax

    from research import training
    from research.data.feeds import Resident
    from research.training.evaluation import Evaluator
    from research.training.executors import executor
    from research.training.step import Step

    training.configure()
    arguments = scenario(**options)
    count, steps = arguments["steps_per_call"], arguments["steps"]
    feed = Resident(examples=arguments["train"], batch_size=arguments["batch_size"], seed=0)
    task, parallel = arguments["task"], arguments.get("parallel", training.Parallel())
    machine = executor(
        Step(task, arguments.get("stepping", training.Stepping())),
        feed,
        parallel,
    )
    evaluator = Evaluator(
        task, arguments["validation"], mesh=machine.mesh, axes=parallel.batch_axes
    )
    loads = [(at + count, machine.load(at, count)) for at in range(0, steps, count)]
    carry = machine.start(0)

    def run() -> int:
        nonlocal carry
        waiting = []
        for step, loaded in loads:
            carry, _ = machine(carry, loaded)
            if evaluating and step % arguments["evaluate_every"] == 0:
                waiting.append(evaluator.begin(carry.state.evaluated))
        jax.block_until_ready((carry, [metrics() for metrics in waiting]))
        return int(carry.state.step)

    return Work(run=run, answer=lambda: {"steps": run()})


def saving(*, parameters: int, wait: bool = False) -> Work:
    """`Checkpoints.save` of three arrays for each parameter."""
    import jax.numpy as jnp

    from benchmarks.peers.checkpoints import arrays
    from research.training.checkpoints import Checkpoints

    folder = tempfile.TemporaryDirectory()  # goes with the process
    tree = {name: jnp.asarray(array) for name, array in arrays(parameters).items()}
    checkpoints = Checkpoints(Path(folder.name))
    step, seconds = 0, [0.0]

    def run() -> object:
        nonlocal step
        step += 1
        began = time.perf_counter()
        checkpoints.save(step, tree, {})
        if not wait:
            seconds[0] = time.perf_counter() - began
        checkpoints.wait()
        if wait:
            seconds[0] = time.perf_counter() - began
        return folder

    return Work(
        run=run, answer=lambda: sum(a.size for a in tree.values()), seconds=lambda: seconds[0]
    )


def _mlp(
    steps: int,
    count: int | str,
    *,
    width: int,
    batch: int,
    layers: int = 3,
    features: int = 64,
    classes: int = 2,
) -> dict[str, Any]:
    import numpy as np
    import optax

    from research.models import MLP, Network
    from research.tasks import Classification

    random = np.random.default_rng(0)

    def examples(number: int) -> dict[str, Any]:
        inputs = random.normal(size=(number, features)).astype(np.float32)
        return {"inputs": inputs, "labels": random.integers(0, classes, number).astype(np.int32)}

    hidden = (width,) * layers
    network = Network.from_nnx(
        lambda rngs: MLP(features, hidden=hidden, outputs=classes, rngs=rngs)
    )
    return {
        "task": Classification(network=network, optimizer=optax.adam(1e-3)),
        "train": examples(4096),
        "validation": examples(256),
        "steps": steps,
        "batch_size": batch,
        "evaluate_every": steps,
        "steps_per_call": count,
    }


def _configured(name: str, steps: int) -> dict[str, Any]:
    from experiments.experiment import load_experiment
    from research import training
    from research.workdir import Workdir

    module = load_experiment(f"experiments/{name}/config.py")
    config = module.get_config()
    config.training.steps = steps
    config.training.patience = None
    with tempfile.TemporaryDirectory() as folder:
        workdir = Workdir(Path(folder))
        train, validation = module.training_examples(config, module.load_data(config), workdir)
        task = module.build_task(config, workdir)
    options = training.fit_options(config.training.to_dict())
    return {"task": task, "train": train, "validation": validation, **options}
