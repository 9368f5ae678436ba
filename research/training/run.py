"""One run: dispatches, and what happens between them."""

from __future__ import annotations

import collections
import dataclasses
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from research.arguments import require
from research.models.network import Variables
from research.training.boundaries import Boundaries
from research.training.checkpoints import Checkpoints
from research.training.diagnosis import Diverged, diagnose, keep_repro
from research.training.evaluation import Evaluator
from research.training.executors import Compile, Executor
from research.training.judging import Judge, Progress
from research.training.monitoring import Monitor
from research.training.overview import overview
from research.training.preemption import Preempted, StopRequested, interruptibly
from research.training.profiling import Tick
from research.training.sharding import bytes_per_device
from research.training.state import Carry
from research.workdir import Workdir, WorkdirError

_GO_ON, _SAVE, _STOP = 0, 1, 2  # what a process votes for at each dispatch
_AHEAD = 2  # dispatches in flight: the devices don't wait for the host, nor run away from it
# Variables of at most so many bytes are kept for each evaluation in flight.
_SPARE_BYTES = 2**24


class Fitted(NamedTuple):
    """A trained model.

    Attributes:
        variables: the networks' variables at the best evaluation.
        progress: how the run went.
        history: one record per report: `step`, `train` and, at evaluations, `validation`
            metrics.
        resumed_at: the step this call started from.
    """

    variables: Variables
    progress: Progress
    history: list[dict[str, Any]]
    resumed_at: int


class _Saved(NamedTuple):
    """The arrays of a checkpoint. The sums let an interval be resumed in its middle."""

    carry: Carry
    best: Variables


class _Evaluation(NamedTuple):
    """What was evaluated, and what waits for the metrics."""

    variables: Variables
    metrics: Callable[[], dict[str, float]]


class _Report(NamedTuple):
    """The sums of the steps since the report before, and the evaluation if one was due."""

    step: int
    sums: Any
    steps: Any
    evaluation: _Evaluation | None


class _Flight(NamedTuple):
    """A dispatch nobody has looked at yet: its last step, its flags, the report to make then."""

    step: int
    flags: jax.Array
    report: _Report | None


@dataclasses.dataclass(kw_only=True)
class Run:
    """The state of a run on the host, and what moves it; `fit` has the meaning of each field."""

    boundaries: Boundaries
    identity: dict[str, Any]
    notes: dict[str, Any]
    seed: int
    initial: Variables | None
    steps_per_call: int
    judge: Judge
    every_minutes: float | None
    workdir: Workdir | None
    on_evaluation: Callable[[int, Variables], None] | None
    machine: Executor
    evaluate: Evaluator
    checkpoints: Checkpoints | None
    shown: Monitor
    profile: Tick
    alive: Callable[[str], None]
    stop_requested: Callable[[], bool]

    def __call__(self) -> Fitted:
        """Runs to the end; see `fit` for what is raised."""
        self._now = Progress()
        self._flights: collections.deque[_Flight] = collections.deque()
        self._saved, resumed_at = Progress(), 0
        self._agreed = _GO_ON
        self._dispatches, self._deaf_until = 0, -1
        self._loaded: dict[int, Any] = {}
        self._value: float | None = None
        try:
            self._begin()
            resumed_at = self._now.step
            with self.shown.phase("step"):
                while self._now.finished is None:
                    if self.boundaries.reports(self._now.step) and not self._reported:
                        self._report()
                    else:
                        self._advance()
                    self._save_if_due()
        except StopRequested:
            if self._now != self._saved:
                self._save()
            raise Preempted(self._now.step) from None
        self.shown.keep(**dataclasses.asdict(self._now))
        # Off the mesh, so that they go with whatever arrays the caller has.
        variables = jax.device_put(jax.device_get(self.machine.gathered(self._best)))
        return Fitted(variables, self._now, self.shown.records, resumed_at)

    @property
    def _reported(self) -> bool:
        return self._now.reported == self._now.step

    # Beginning

    def _begin(self) -> None:
        with self.shown.phase("start"):
            self._announce()
            abstract = self.machine.abstract
            like = _Saved(abstract, abstract.state.evaluated)
            restored = self.checkpoints.restore(like) if self.checkpoints else None
            if self.checkpoints and restored:
                self._require_same_run(restored.notes["run"])
                self.checkpoints.drop_after(restored.step)
                self._now = self._saved = Progress(**restored.notes["progress"])
                self._carry, self._best = restored.tree
            else:
                self._carry = self.machine.start(self.seed, compiling=self._compiling("start"))
                if self.initial is not None:
                    self._carry = self.machine.with_variables(self._carry, self.initial)
                self._best = _copy(self._carry.state.evaluated)
            self.shown.resume(self._now.step, reported=self._now.reported)
            self.shown.measure(self.machine.flops_per_step, list(self.machine.mesh.devices.flat))
        self._saved_time = time.monotonic()

    def _announce(self) -> None:
        """What is trained, where it lives, and whether it fits."""
        known = self.evaluate.metrics(self.machine.abstract.state.evaluated)
        require(
            self.judge.monitor in known,
            f"monitor is {self.judge.monitor}, the task has {', '.join(sorted(known))}",
        )
        table = overview(self.machine.abstract.state.variables.params)
        self.machine.memory().check()
        if jax.process_index() == 0 and self.workdir:
            print(table.text(max_rows=30), file=sys.stderr)
            self.workdir.write_text("parameters.txt", table.text() + "\n")

    def _require_same_run(self, earlier: dict[str, Any]) -> None:
        differences = [
            f"{name} is {now}, was {earlier.get(name)}"
            for name, now in self.identity.items()
            if now != earlier.get(name)
        ]
        if differences and self.workdir:
            raise WorkdirError(
                f"{self.workdir.path} holds a run of other arguments ({'; '.join(differences)}): "
                "use another workdir"
            )

    # Going on

    def _advance(self) -> None:
        step = self._now.step
        count = self._count(step)
        self.alive("data")
        with self.shown.phase("data"):
            loaded = self._loaded.pop(step, None)
            if loaded is None:
                loaded = self.machine.load(step, count)
        self.machine.program(loaded, compiling=self._compile)
        self.profile(range(step, step + count), self._carry.steps)
        self._carry, flags = self.machine(self._carry, loaded, vote=self._vote())
        self._now = dataclasses.replace(self._now, step=step + count)
        self._dispatches += 1
        self._flights.append(_Flight(step + count, flags, None))
        self._load_ahead()
        self.alive("step")
        agreed = self._look() if len(self._flights) > _AHEAD else _GO_ON
        if jax.process_count() == 1:
            agreed = self._vote()
        self._agreed = agreed

    def _count(self, step: int) -> int:
        """Steps of the dispatch that begins at `step`."""
        return min(self.steps_per_call, self.boundaries.next(step) - step)

    def _load_ahead(self) -> None:
        """Finds the next dispatch's indices while the devices are at work on this one."""
        step = self._now.step
        if self.machine.resident and step < self.boundaries.steps:
            with self.shown.phase("data"):
                self._loaded[step] = self.machine.load(step, self._count(step))

    def _compile(self, build: Callable[[], Any]) -> Any:
        """Compiles a dispatch."""
        with self.shown.phase("compile"):
            program = self._compiling("compile")(build)
            self.machine.memory(program).check()
        return program

    def _compiling(self, what: str) -> Compile:
        """How to compile: so that a signal is heard meanwhile, where one process may stop alone."""

        def compiling(build: Callable[[], Any]) -> Any:
            self.alive(what)
            if jax.process_count() > 1:
                return build()
            return interruptibly(build, self.stop_requested)

        return compiling

    def _vote(self) -> int:
        if self.stop_requested():
            return _STOP
        due = (
            self.every_minutes is not None
            and self.checkpoints is not None
            and time.monotonic() - self._saved_time >= 60 * self.every_minutes
        )
        return _SAVE if due and jax.process_index() == 0 else _GO_ON

    def _look(self) -> int:
        """Waits for the oldest dispatch in flight; returns what the processes voted for at it."""
        flight = self._flights.popleft()
        bad_step, vote = np.asarray(flight.flags)
        self.shown.beat(flight.step)
        if bad_step >= 0:
            self._diverged(int(bad_step))
        if flight.report is not None:
            self._close(flight.report)
        return int(vote)

    def _land(self) -> None:
        """Waits for all dispatches in flight."""
        while self._flights:
            self._look()

    # Reports

    def _report(self) -> None:
        step, evaluation = self._now.step, None
        if self.boundaries.evaluates(step):
            if self._waits(step):
                self._land()
            evaluation = self._evaluation()
        report = _Report(step, self._carry.sums, self._carry.steps, evaluation)
        if self._flights:
            # Closed when the dispatch is looked at, so that nothing waits for it now.
            last = self._flights.pop()
            self._flights.append(last._replace(report=report))
        else:
            self._close(report)
        self._carry = self.machine.cleared(self._carry)
        self._now = dataclasses.replace(self._now, reported=step)

    def _waits(self, step: int) -> bool:
        """Whether the evaluation at `step` must be known before the steps after it begin."""
        return (
            self.judge.may_end(self._now, step)
            or self.on_evaluation is not None
            or jax.process_count() > 1
            or bytes_per_device(self.machine.abstract.state.evaluated) > _SPARE_BYTES
        )

    def _evaluation(self) -> _Evaluation:
        """Starts an evaluation of the variables as they are."""
        variables = self._carry.state.evaluated
        with self.shown.phase("compile"):
            self.evaluate.compile(variables, compiling=self._compiling("compile evaluation"))
        with self.shown.phase("evaluate"):
            metrics = self.evaluate.begin(variables, poll=self._poll)
            if self.on_evaluation is not None:
                host = jax.device_get(self.machine.gathered(variables))
                self.on_evaluation(self._now.step, host)
        return _Evaluation(_copy(variables), metrics)

    def _poll(self) -> None:
        self.alive("evaluate")
        if jax.process_count() == 1 and self.stop_requested():
            raise StopRequested

    def _close(self, report: _Report) -> None:
        """Writes a report, and judges its evaluation."""
        sums, steps = jax.device_get((report.sums, report.steps))
        train = {name: float(value) / float(steps) for name, value in sums.items() if steps}
        record: dict[str, Any] = {"step": report.step, "train": train}
        if report.evaluation is None:
            self.shown.record(record)
            return
        with self.shown.phase("evaluate"):
            validation = report.evaluation.metrics()
        self.shown.record(record | {"validation": validation})
        self._value = validation[self.judge.monitor]
        self._now = self.judge(self._now, report.step, self._value)
        if self._now.best_step == report.step:
            self._best = report.evaluation.variables

    # Keeping

    def _save_if_due(self) -> None:
        now = self._now
        if self.boundaries.reports(now.step) and not self._reported:
            return  # first the report, then what comes after it
        agreed, self._agreed = self._agreed, _GO_ON
        due = now.finished or self.boundaries.saves(now.step)
        if self.checkpoints and due and now != self._saved:
            self._save()
        elif agreed == _SAVE and self._dispatches > self._deaf_until:
            self._save(temporary=True)
        if agreed == _STOP and now.finished is None:
            raise StopRequested

    def _save(self, *, temporary: bool = False) -> None:
        self._land()
        again = self._now.step == self._saved.step  # stopped before its report, saved without it
        self._saved, self._saved_time = self._now, time.monotonic()
        # Votes that are on their way were cast before this.
        self._deaf_until = self._dispatches + _AHEAD
        with self.shown.phase("save"):
            self.alive("save")
            self.shown.keep(**dataclasses.asdict(self._now))
            if self.checkpoints:
                notes = {
                    "notes": self.notes,
                    "run": self.identity,
                    "progress": dataclasses.asdict(self._now),
                }
                if again:
                    self.checkpoints.drop_after(self._now.step - 1)
                evaluated = self._reported and self.boundaries.evaluates(self._now.step)
                self.checkpoints.save(
                    self._now.step,
                    _Saved(self._carry, self._best),
                    notes,
                    metric=self._value if evaluated else None,
                    temporary=temporary,
                )

    # Trouble

    def _diverged(self, step: int) -> None:
        """Names what went bad in a step that the guard stopped before, and keeps it."""
        state = self._carry.state
        if not all(leaf.is_fully_addressable for leaf in jax.tree.leaves(state)):
            raise Diverged(
                f"the loss or gradient can't be used at step {step}: lower the learning rate, clip "
                "gradients harder, or repeat the step in one process to see what went bad first"
            )
        state = jax.device_put(jax.device_get(state))
        batch = self.machine.batch(step)
        finding = diagnose(self.machine.step, state, batch)
        if self.workdir is None:
            raise Diverged(str(finding))
        raise Diverged(f"{finding}; kept in {keep_repro(self.workdir, finding, state, batch)}")


@jax.jit
def _copy(tree: Any) -> Any:
    return jax.tree.map(jnp.copy, tree)
