"""Writers that are killed, and writers that compete."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rules.audit import AuditLog, verify
from tests.effort import KILLS

WRITER = """
import sys, rules
from rules.audit import AuditLog
policy = rules.parse('''ruleset small version 1
input x: float
decide o in {yes, no} policy first default no unknown no
rule r "r" o = yes if x > 1''')
decided = rules.decide(policy, [{"x": float(i)} for i in range(int(sys.argv[2]))])
with AuditLog(sys.argv[1]) as log:
    for _ in range(int(sys.argv[3])):
        print(log.record(decided), flush=True)
"""


def writer(place: Path, batch: int, times: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(place), str(batch), str(times)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_no_accepted_record_is_lost_to_a_kill(tmp_path: Path) -> None:
    place, chance = tmp_path / "decisions.db", random.Random(0)
    for _ in range(KILLS):
        process = writer(place, batch=500, times=100_000)
        assert process.stdout is not None
        accepted = process.stdout.readline()  # it is running
        time.sleep(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        printed = process.communicate()[0].splitlines(keepends=True)
        complete = [line for line in printed if line.endswith("\n")]
        accepted = (complete or [accepted])[-1].strip()
        with AuditLog(place, create=False) as log:
            found = verify(log)
            assert found.sound, found.problem
            sequence, digest = accepted.split(":")
            assert log.entry(int(sequence)).hash == digest
            assert (log.head.sequence - 1) % 500 == 0  # batches are whole


@pytest.mark.slow
def test_two_writers_make_one_chain(tmp_path: Path) -> None:
    place = tmp_path / "decisions.db"
    both = [writer(place, batch=10, times=40) for _ in range(2)]
    for process in both:
        assert process.wait(timeout=120) == 0
    with AuditLog(place, create=False) as log:
        assert verify(log).sound
        assert log.head.sequence == 1 + 2 * 10 * 40
