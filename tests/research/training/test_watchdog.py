import pytest

from research.arguments import ArgumentError
from research.training.watchdog import watchdog
from tests.research.training.processes import ended, line_of, start, until

HANG = """
import sys, time
from pathlib import Path
from research.training.watchdog import watchdog

def the_function_that_hangs(seconds):
    {hang}

with watchdog(float(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None) as beat:
    beat("step 120")
    the_function_that_hangs(60)
"""


def test_a_run_that_hangs_is_shown_and_ended(tmp_path):
    report = tmp_path / "run" / "hang.txt"
    process = start(HANG.format(hang="time.sleep(seconds)"), 0.4, report)
    code, _, error = ended(process)
    assert code == 75
    for text in (report.read_text(), error):
        assert (
            f"process {process.pid}: no progress for 0 s, the last thing begun was: step 120"
            in text
        )
        assert "in the_function_that_hangs" in text
        assert text.count("no progress for") == 1
        assert text.endswith("still no progress, ending the process with code 75\n")


def test_one_that_holds_the_interpreter_is_ended_too():
    # sleep of PyDLL keeps Python's lock, so no other thread of Python runs.
    hang = "import ctypes; time.sleep(0.5); ctypes.PyDLL(None).sleep(60)"
    code, _, error = ended(start(HANG.format(hang=hang), 1.0))
    assert code == 1
    assert "Timeout (0:00:03)!" in error
    assert "in the_function_that_hangs" in error


def test_while_it_goes_on_nothing_is_said(tmp_path, capfd):
    report = tmp_path / "hang.txt"
    with watchdog(10.0, report) as beat:
        for step in range(3):
            beat(f"step {step}")
    with watchdog(None, report) as beat:
        beat("step")
    assert not report.exists()
    assert capfd.readouterr().err == ""


def test_a_second_hang_is_reported_again(tmp_path):
    report = tmp_path / "hang.txt"
    with watchdog(1.0, report) as beat:
        for count, phase in ((1, "first"), (2, "second")):
            beat(phase)
            until(
                lambda count=count: (
                    report.exists() and report.read_text().count("no progress for") == count
                ),
                phase,
            )
    text = report.read_text()
    assert "the last thing begun was: first." in text
    assert "the last thing begun was: second." in text


def test_a_report_that_cannot_be_written_is_on_standard_error(tmp_path):
    (tmp_path / "file").write_text("")
    process = start(HANG.format(hang="time.sleep(seconds)"), 0.2, tmp_path / "file" / "hang.txt")
    code, _, error = ended(process)
    assert code == 75
    assert "in the_function_that_hangs" in error


def test_after_the_block_it_watches_no_more():
    script = """
import time
from research.training.watchdog import watchdog
with watchdog(0.1) as beat:
    beat("step")
print("left", flush=True)
time.sleep(0.5)
"""
    process = start(script)
    line_of(process, "left")
    assert ended(process) == (0, "", "")


@pytest.mark.parametrize("seconds", [0, -1.0])
def test_a_time_out_that_cannot_be_used(seconds):
    with pytest.raises(ArgumentError, match="expected more than 0"), watchdog(seconds):
        pass
