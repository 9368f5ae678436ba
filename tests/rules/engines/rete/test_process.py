from __future__ import annotations

import os
import sys
import time

import pytest

from rules.engines.rete import process as module
from rules.engines.rete.process import DiedError, Process


def python(code: str) -> Process:
    return Process((sys.executable, "-c", code))


def test_a_process_that_ends() -> None:
    process = python("raise SystemExit(4)")
    with pytest.raises(DiedError, match="exit status 4"):
        process.receive(30)
    with pytest.raises(DiedError, match="exit status 4"):
        process.send("anything")
    process.end()


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_a_process_that_no_longer_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    process = python("import os, time; os.close(1); time.sleep(60)")
    with pytest.raises(DiedError, match="it closed its pipes"):
        process.receive(30)
    with pytest.raises(DiedError, match=r"it did not answer for 0\.1 s"):
        python("import time; time.sleep(60)").receive(0.1)
    process.end()
    process.end()  # again, to no effect
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_what_is_in_parts_is_put_together() -> None:
    process = python(
        "import sys, time\n"
        "from rules.engines.rete.worker import pack\n"
        "for byte in pack('x' * 9) + pack('y'):\n"
        "    sys.stdout.buffer.write(bytes([byte])); sys.stdout.flush()\n"
        "    time.sleep(0.001)\n"
    )
    started = time.monotonic()
    assert [process.receive(30), process.receive(30)] == ["x" * 9, "y"]
    assert time.monotonic() - started < 30
    process.end()
