"""Steps of the same work in each of one or two processes, joined by gloo, a core for each."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from benchmarks.contest import Contestant, Row, Work

STEPS = 50
TASK: dict[str, Any] = {"task": "mlp", "width": 512, "steps": STEPS}
EXAMPLES = 128  # of a process in a step
_DONE = "DONE"


def processes_row() -> Row:
    """One process and two, as far as two cores can show it."""
    return Row(
        name="as many examples for each of more processes, a core for each",
        unit="steps",
        amount=float(STEPS),
        block=0.1,
        contestants=tuple(
            Contestant(
                name=f"{count} process{'es' * (count > 1)}, {EXAMPLES * count} examples a step",
                entry="benchmarks.loop_processes:together",
                options={"count": count},
            )
            for count in (1, 2)
        ),
        note="With no cost of the gradient's sums both would take the same time.",
    )


def together(*, count: int) -> Work:
    """So many processes of this module make steps at the same time."""
    from research.training.hosts import free_port

    port = free_port()
    command = [sys.executable, "-m", "benchmarks.loop_processes"]
    processes = [
        subprocess.Popen(
            [*command, str(index), str(count), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for index in range(count)
    ]

    def run() -> None:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout is not None
            # Libraries write to the output, too.
            if _DONE not in map(str.strip, process.stdout):
                raise RuntimeError(f"a process ended with code {process.wait()}")

    def answer() -> dict[str, int]:
        run()
        return {"steps": STEPS}

    return Work(run=run, answer=answer)


def main(index: int, count: int, port: int) -> None:
    """Makes the steps once for each line of the input; ends with it."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[index % len(cores)]})  # before XLA counts them

    from benchmarks.loop import bare
    from research.training.hosts import Hosts, initialise

    if count > 1:
        initialise(Hosts(coordinator=f"127.0.0.1:{port}", processes=count, process=index))
    work = bare(**TASK, batch=EXAMPLES * count)
    for _ in sys.stdin:
        work.run()
        print(_DONE, flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
