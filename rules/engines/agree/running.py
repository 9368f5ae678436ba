"""A long run: seeds shared out to child processes, answers collected in their order."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias

from rules.engines.agree.worker import Job

__all__ = ["Answer", "Plan", "read_log", "run"]

Answer: TypeAlias = dict[str, Any]

BLOCK = 500  # programs that one process checks; then a fresh one takes over
THOROUGH = 16  # one block in so many is compiled by XLA with all its optimisations


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What to run.

    Attributes:
        job: what to do with each program.
        seeds: which programs.
        processes: how many at a time.
        limit: seconds after which a program counts as hung.
        log: a file with one line for each program; those that it has are not run again.
    """

    job: Job
    seeds: range
    processes: int = 1
    limit: float = 300.0
    log: Path | None = None


def run(plan: Plan, progress: Callable[[int, Answer], None]) -> list[Answer]:
    """Runs a plan; ctrl-c ends it early, with the answers so far.

    Args:
        plan: what to run.
        progress: told after each program how many are done, and its answer.

    Returns:
        The answers in the order of the seeds.
    """
    answers = {answer["seed"]: answer for answer in read_log(plan.log)}
    answers = {seed: answer for seed, answer in answers.items() if seed in plan.seeds}
    pending = [seed for seed in plan.seeds if seed not in answers]
    with contextlib.ExitStack() as stack:
        log = None if plan.log is None else stack.enter_context(plan.log.open("a"))
        with contextlib.suppress(KeyboardInterrupt):
            for answer in _answers(plan, _blocks(pending)):
                answers[answer["seed"]] = answer
                if log is not None:
                    print(json.dumps(answer), file=log, flush=True)
                progress(len(answers), answer)
    return [answers[seed] for seed in sorted(answers)]


def read_log(path: Path | None) -> Iterator[Answer]:
    """The answers in a log; a last line that was cut off is passed over."""
    if path is None or not path.exists():
        return
    for line in path.read_text().splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            yield json.loads(line)


def _blocks(seeds: list[int]) -> Iterator[tuple[bool, list[int]]]:
    """Seeds for one process each, and whether it compiles thoroughly."""
    by_block: dict[int, list[int]] = {}
    for seed in seeds:
        by_block.setdefault(seed // BLOCK, []).append(seed)
    for block, members in by_block.items():
        yield block % THOROUGH == 0, members


def _answers(plan: Plan, blocks: Iterable[tuple[bool, list[int]]]) -> Iterator[Answer]:
    waiting = iter(blocks)
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for _ in range(plan.processes):
            lane = stack.enter_context(_Lane(plan, waiting))
            if lane.next():
                selector.register(lane.output, selectors.EVENT_READ, lane)
        while selector.get_map():
            ready = [key.data for key, _ in selector.select(timeout=1.0)]
            for lane in [key.data for key in selector.get_map().values()]:
                if lane not in ready and not lane.is_late():
                    continue
                selector.unregister(lane.output)
                yield lane.answer(lane in ready)
                if lane.next():
                    selector.register(lane.output, selectors.EVENT_READ, lane)


class _Lane:
    """One child process after the other, with one seed at a time."""

    def __init__(self, plan: Plan, blocks: Iterator[tuple[bool, list[int]]]) -> None:
        self.plan = plan
        self.blocks = blocks
        self.thorough = False
        self.seeds: list[int] = []
        self.seed = 0
        self.started = 0.0
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> _Lane:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def output(self) -> Any:
        assert self.process is not None
        return self.process.stdout

    def next(self) -> bool:
        """Sends the next seed, to a new process where need be; False when all are done."""
        if not self.seeds:
            self.end()
            self.thorough, self.seeds = next(self.blocks, (False, []))
            if not self.seeds:
                return False
        if self.process is None:
            self.process = _start(self.plan.job, self.thorough)
        self.seed = self.seeds.pop(0)
        self.started = time.monotonic()
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died: reading will tell
            self.process.stdin.write(f"{self.seed}\n")
            self.process.stdin.flush()
        return True

    def is_late(self) -> bool:
        """Whether the process has had its time."""
        return time.monotonic() - self.started > self.plan.limit

    def answer(self, ready: bool) -> Answer:
        """The answer for the seed; a process that died or hung is a finding."""
        line = self.output.readline() if ready else ""
        if line:
            answer: Answer = json.loads(line)
            return answer
        hung = f"did not answer within {self.plan.limit:g} s"
        told = "the process died" if ready else hung
        self.end()
        finding = {"engine": "process", "text": f"seed {self.seed}: {told}"}
        return {"seed": self.seed, "seconds": self.plan.limit, "findings": [finding]}

    def end(self) -> None:
        """Ends the process, if there is one."""
        if self.process is None:
            return
        assert self.process.stdin is not None and self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=0 if self.is_late() else 10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process = None


def _start(job: Job, thorough: bool) -> subprocess.Popen[str]:
    form = json.dumps(dataclasses.asdict(job))
    command = [sys.executable, "-m", "rules.engines.agree.worker", form]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **_environment(thorough)},
        start_new_session=True,  # ctrl-c is for the parent, which ends its children
    )


def _environment(thorough: bool) -> Mapping[str, str]:
    """On the CPU; compiling takes most of a run, so most blocks do it in the quick way."""
    path = os.pathsep.join(
        filter(None, [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH")])
    )
    common = {"JAX_PLATFORMS": "cpu", "PYTHONPATH": path}
    if thorough:
        return common
    flags = [
        "--xla_backend_optimization_level=0",
        "--xla_llvm_disable_expensive_passes=true",
        "--xla_cpu_parallel_codegen_split_count=1",
    ]
    with contextlib.suppress(metadata.PackageNotFoundError):
        major, minor = metadata.version("jax").split(".")[:2]
        if (int(major), int(minor)) < (0, 12):  # later versions do not know it
            flags.append("--xla_cpu_use_fusion_emitters=false")
    return {**common, "XLA_FLAGS": " ".join([os.environ.get("XLA_FLAGS", ""), *flags]).strip()}
