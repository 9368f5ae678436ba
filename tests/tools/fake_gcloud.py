"""Plays gcloud for the scripts of tools/tpu: records every call and keeps a TPU in a folder.

`FAKE_CLOUD` names the folder. `lives.json` there lists, for each TPU that will be created, the
states that `describe` finds one after the other, the last one for ever; "ACTIVE/PREEMPTED" is
a request that is active and a node that is gone. Hosts are folders, and what ssh runs there
is really run.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

HOSTS = 2


def main(arguments):
    cloud = Path(os.environ["FAKE_CLOUD"])
    with (cloud / "calls.jsonl").open("a") as file:
        file.write(json.dumps(arguments) + "\n")
    words = [word for word in arguments if not word.startswith("--")]
    flags = dict(word[2:].partition("=")[::2] for word in arguments if word.startswith("--"))
    if words[0] == "storage":
        return
    verb = words[3]
    {"queued-resources": request, "tpu-vm": node}[words[2]](cloud, verb, words[4:], flags)


def request(cloud, verb, words, flags):
    life = cloud / "life.json"
    if verb == "create":
        lives = json.loads((cloud / "lives.json").read_text())
        life.write_text(json.dumps(lives.pop(0)))
        (cloud / "lives.json").write_text(json.dumps(lives))
        for number in range(HOSTS):
            (cloud / f"host{number}").mkdir()
    elif not life.exists():
        sys.exit("ERROR: (gcloud) NOT_FOUND: Resource 'queuedResources/x' was not found")
    elif verb == "delete":
        life.unlink()
        for number in range(HOSTS):
            end(cloud / f"host{number}")
            shutil.rmtree(cloud / f"host{number}")
    else:
        states = json.loads(life.read_text())
        (cloud / "node").write_text(states[0].partition("/")[2] or "READY")
        print(states[0].partition("/")[0])
        life.write_text(json.dumps(states[1:] or states))


def node(cloud, verb, words, flags):
    if verb == "describe":
        print((cloud / "node").read_text())
        return
    chosen = range(HOSTS) if flags["worker"] == "all" else [int(flags["worker"])]
    failed = 0
    for home in (cloud / f"host{number}" for number in chosen):
        if not home.exists():
            sys.exit("ERROR: could not connect")
        if verb == "scp":
            shutil.copy(words[0], home)
        else:
            command = ["bash", "-c", flags["command"]]
            environment = os.environ | {"HOME": str(home)}
            failed |= subprocess.run(command, cwd=home, env=environment).returncode
    sys.exit(failed)


def end(home):
    """What a host runs dies with it."""
    pid = home / "rulax" / "run.pid"
    if pid.exists():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(pid.read_text()), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
