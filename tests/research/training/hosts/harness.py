"""Real processes on this machine, joined by gloo over the loopback interface."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from research.training.hosts import free_port

ROOT = Path(__file__).parents[4]
PROGRAMS = "tests.research.training.hosts.programs"


class Process:
    """One process of a run; output goes to files, so that nobody waits for a full pipe."""

    def __init__(self, command, environment, folder):
        self._paths = [folder / "stdout", folder / "stderr"]
        with contextlib.ExitStack() as stack:
            out, err = [stack.enter_context(path.open("wb")) for path in self._paths]
            self.popen = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=out, stderr=err
            )

    @property
    def stdout(self):
        return self._paths[0].read_text(errors="replace")

    @property
    def stderr(self):
        return self._paths[1].read_text(errors="replace")

    @property
    def code(self):
        return self.popen.poll()

    @property
    def said(self):
        """What the program told by `say`, in order."""
        lines = self.stdout.splitlines()
        return [json.loads(line[5:]) for line in lines if line.startswith("SAID ")]


class Processes(list):
    """The processes of one run."""

    def wait(self, timeout=60):
        """Waits for all; fails with everybody's output."""
        end = time.monotonic() + timeout
        for process in self:
            try:
                process.popen.wait(max(end - time.monotonic(), 0.01))
            except subprocess.TimeoutExpired:
                raise AssertionError(f"still running after {timeout} s\n{self.report()}") from None
        return self

    def wait_until(self, condition, timeout=60):
        """Waits until `condition(processes)`; fails when one ends before."""
        end = time.monotonic() + timeout
        while not condition(self):
            if time.monotonic() > end or any(process.code is not None for process in self):
                raise AssertionError(f"waited in vain\n{self.report()}")
            time.sleep(0.02)

    def report(self):
        return "\n".join(
            f"--- process {number}: exit {process.code}\n{process.stdout}\n{process.stderr}"
            for number, process in enumerate(self)
        )


@contextlib.contextmanager
def started(program, *arguments, processes=2, devices=4, environment=None, options=None):
    """Starts `programs.PROGRAM(*arguments)` in each process; kills what is left at the end.

    Args:
        program: a function of `programs`.
        arguments: strings.
        processes: how many.
        devices: virtual CPU devices of each.
        environment: on top of this process's, JAX's and SLURM's settings aside; a dictionary,
            or a function of the process's number.
        options: of `Hosts`, for every process; by default coordinator, processes and process.
    """
    port = free_port()
    base = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JAX_", "XLA_", "SLURM_", "OMPI_"))
    }
    running = Processes()
    with tempfile.TemporaryDirectory() as folder:
        try:
            for number in range(processes):
                given = {
                    "coordinator": f"127.0.0.1:{port}",
                    "processes": processes,
                    "process": number,
                }
                given = given if options is None else options
                own = Path(folder, str(number))
                own.mkdir()
                running.append(
                    Process(
                        [sys.executable, "-m", PROGRAMS, program, *arguments],
                        base
                        | {
                            "JAX_PLATFORMS": "cpu",
                            "JAX_NUM_CPU_DEVICES": str(devices),
                            "PYTHONPATH": str(ROOT),
                            "TEST_HOSTS": json.dumps(given),
                        }
                        | (environment(number) if callable(environment) else environment or {}),
                        own,
                    )
                )
            yield running
        finally:
            for process in running:
                if process.code is None:
                    process.popen.send_signal(signal.SIGKILL)
                process.popen.wait()


def run_processes(program, *arguments, timeout=90, **settings):
    """Runs to the end; every process must exit with 0.

    Returns:
        What each process said, by process.
    """
    with started(program, *arguments, **settings) as processes:
        processes.wait(timeout)
        assert all(process.code == 0 for process in processes), processes.report()
        return [process.said for process in processes]
