"""Contestants of no peer: what the harness is tried with."""

import os
import time

import numpy as np

from benchmarks.contest import Work


def waits(seconds, answer=0):
    return Work(run=lambda: time.sleep(seconds), answer=lambda: answer)


def tells(seconds, amount=None):
    """What it says, not what the clock says."""
    return Work(
        run=lambda: None,
        answer=lambda: 0,
        amount=amount,
        seconds=lambda: seconds,
        facts={"ready": 0.25},
    )


def prints():
    print("x" * 100_000)
    return Work(run=lambda: print("more"), answer=lambda: np.arange(3))


def has_no_package():
    import no_such_package  # noqa: F401


def dies():
    return Work(run=lambda: os._exit(3), answer=lambda: 0)


def says_variable(variable):
    return Work(run=lambda: None, answer=lambda: os.environ.get(variable, ""))
