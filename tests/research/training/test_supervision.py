import os
import signal
import sys
import threading

import pytest

from research.arguments import ArgumentError
from research.training import supervision
from research.training.supervision import supervise
from tests.research.training.processes import ended, line_of, start, until

# Counts its starts in a file, and ends as the next of the given codes; below 0, by a signal.
CHILD = """
import os, sys
from pathlib import Path
count = Path(sys.argv[1])
started = len(count.read_text()) if count.exists() else 0
count.write_text("x" * (started + 1))
if len(sys.argv) > 3 and started < int(sys.argv[3]):
    count.with_name("progress").write_text(str(started))
codes = [int(code) for code in sys.argv[2].split(",")]
code = codes[min(started, len(codes) - 1)]
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


def supervised(tmp_path, codes, *, progress_until=0, **options):
    count = tmp_path / "count"
    command = [sys.executable, "-c", CHILD, str(count), codes, str(progress_until)]
    options = {"max_restarts": 3, "first_wait_seconds": 0.0} | options
    return supervise(command, **options), len(count.read_text())


@pytest.mark.parametrize(
    ("codes", "code", "starts"),
    [
        ("0", 0, 1),
        ("75,0", 0, 2),
        ("-9,1,-15,0", 0, 4),
        ("75", 75, 4),
        ("-9", 137, 4),
        ("1,2,0", 2, 2),  # the command line can't be used: not again
    ],
)
def test_what_is_started_again(tmp_path, codes, code, starts):
    assert supervised(tmp_path, codes) == (code, starts)


def test_it_says_what_it_does(tmp_path, capfd):
    supervised(tmp_path, "75,-9,1", max_restarts=2)
    assert capfd.readouterr().err.splitlines() == [
        "supervisor: the command ended with code 75 (resumable); restart 1 of 2 in 0 s",
        "supervisor: the command was ended by SIGKILL; restart 2 of 2 in 0 s",
        "supervisor: the command ended with code 1; 2 restarts brought no progress: giving up",
    ]


def test_no_restarts_runs_it_once(tmp_path):
    assert supervised(tmp_path, "75", max_restarts=0) == (75, 1)


def test_with_progress_the_count_begins_anew(tmp_path):
    progress = tmp_path / "progress"
    # Five starts that get somewhere, and then three restarts that don't.
    assert supervised(tmp_path, "75", progress=progress, progress_until=5) == (75, 5 + 3)


def test_so_it_does_when_the_command_ran_for_long(tmp_path):
    codes = "75,75,75,75,75,75,0"
    assert supervised(tmp_path, codes, healthy_seconds=0.0, max_restarts=1) == (0, 7)


def test_the_waits_double_up_to_the_longest(monkeypatch, tmp_path):
    waits = []
    monkeypatch.setattr(supervision._Child, "told_within", lambda _, seconds: waits.append(seconds))
    supervised(tmp_path, "1", max_restarts=4, first_wait_seconds=1.0, longest_wait_seconds=3.0)
    assert waits == [1.0, 2.0, 3.0, 3.0]


SUPERVISOR = """
import sys
from research.training.supervision import supervise
assert "jax" not in sys.modules
sys.exit(supervise(sys.argv[2:], max_restarts=5, first_wait_seconds=float(sys.argv[1])))
"""
OBEDIENT = """
import signal, sys, time
def told(number, frame):
    print("told", number, flush=True)
    sys.exit(75)
signal.signal(signal.SIGTERM, told)
signal.signal(signal.SIGINT, told)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_passed_on_and_ends_the_supervision(number):
    process = start(SUPERVISOR, 0, sys.executable, "-c", OBEDIENT)
    line_of(process, "ready")
    process.send_signal(number)
    code, out, error = ended(process)
    assert (code, out) == (75, f"told {number.value}\n")
    assert error == (
        f"supervisor: {number.name} was passed on, the command ended with code 75 (resumable)\n"
    )


def test_a_signal_in_this_process(tmp_path, capfd):
    ready = tmp_path / "ready"
    child = OBEDIENT.replace('print("ready", flush=True)', f"open({str(ready)!r}, 'w').close()")

    def interrupt():
        until(ready.exists, "the command")
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    assert supervise([sys.executable, "-c", child], max_restarts=3) == 75
    thread.join()
    assert "SIGINT was passed on" in capfd.readouterr().err


def test_a_signal_while_waiting_in_this_process(capfd):
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGTERM))
    timer.start()
    command = [sys.executable, "-c", "exit(3)"]
    assert supervise(command, max_restarts=3, first_wait_seconds=60.0) == 3
    timer.join()


def test_a_signal_just_before_the_start():
    child = supervision._Child()
    child.tell(signal.SIGTERM, None)
    assert child.run(["sleep", "60"]) == 128 + signal.SIGTERM


def test_a_signal_between_two_starts_ends_the_supervision():
    process = start(SUPERVISOR, 60, sys.executable, "-c", "print('ran', flush=True); exit(3)")
    line_of(process, "ran")
    assert "restart 1 of 5 in 60 s" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    code, out, error = ended(process)
    assert (code, out) == (3, "")
    assert error == "supervisor: told to stop: not starting again\n"


def test_the_handlers_of_before_are_put_back(tmp_path):
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    supervised(tmp_path, "0")
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_arguments_that_cannot_be_used():
    with pytest.raises(ArgumentError, match="max_restarts is -1, expected 0 or more"):
        supervise(["true"], max_restarts=-1)
    with pytest.raises(ArgumentError, match="the command is empty"):
        supervise([], max_restarts=1)
    with pytest.raises(ArgumentError, match="can't run /no/such/program: No such file"):
        supervise(["/no/such/program"], max_restarts=1)
