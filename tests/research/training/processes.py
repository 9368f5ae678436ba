"""Starting small Python processes and waiting for what they do."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]
SECONDS = 120  # a busy machine is no bug


def start(script, *arguments, **options):
    """A Python process of `script`, text or a file; one CPU device, output as text."""
    source = [str(script)] if isinstance(script, Path) else ["-c", script]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XLA_FLAGS": ""}
    return subprocess.Popen(
        [sys.executable, *source, *map(str, arguments)],
        env=environment | options.pop("env", {}),
        stdout=subprocess.PIPE,
        stderr=options.pop("stderr", subprocess.PIPE),
        text=True,
        **options,
    )


def line_of(process, expected=None):
    """The next line of its standard output, which must start with `expected`."""
    line = process.stdout.readline().rstrip()
    if expected is not None and not line.startswith(expected):
        process.kill()
        raise AssertionError(f"printed {line!r}, expected {expected!r}: {process.communicate()}")
    return line


def ended(process):
    """Its exit code, standard output and standard error."""
    try:
        out, error = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    return process.returncode, out, error


def until(condition, what):
    """Waits until `condition()`."""
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"still waiting after {SECONDS} s: {what}")
        time.sleep(0.01)
