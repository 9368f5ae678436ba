"""The scripts of tools/tpu, against a gcloud that is played."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.fake_gcloud import HOSTS, end

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "tools" / "tpu"
NAMES = ["create", "install", "run", "status", "recreate", "collect", "delete"]

SETTINGS = """
PROJECT=project ZONE=zone NAME=tpu ACCELERATOR=v4-16 IMAGE=image SPOT=1
CREATE_FLAGS=(--labels='a=b c')
WORKDIR={folder}/runs/credit BUCKET= PYTHON=3.12 EXTRAS=demo POLL=0.05 RESTARTS=5
PREPARE="mkdir -p $WORKDIR"
COMMAND='{command}'
"""

pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None or shutil.which("git") is None, reason="needs bash and git"
)


class Cloud:
    """A checkout of the scripts, settings, and the cloud that they will see."""

    def __init__(self, folder):
        self.folder = folder
        self.checkout = folder / "checkout"
        shutil.copytree(SCRIPTS, self.checkout / "tools" / "tpu")
        git = ["git", "-C", str(self.checkout), "-c", "user.name=x", "-c", "user.email=x"]
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
            subprocess.run([*git, *command], check=True)
        binaries = folder / "bin"
        binaries.mkdir()
        self._script(
            binaries / "gcloud", f"exec {sys.executable} {ROOT}/tests/tools/fake_gcloud.py"
        )
        # Installing is recorded, not done.
        self._script(
            binaries / "uv",
            f'echo "$@" >> {folder}/uv.log; [ "$1" != venv ] || mkdir -p .venv/bin; true #',
        )
        self.environment = os.environ | {
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "FAKE_CLOUD": str(folder),
        }
        self.lives(["PROVISIONING", "ACTIVE"])
        self.settings("true")

    @staticmethod
    def _script(path, line):
        path.write_text(f'#!/bin/bash\n{line} "$@"\n')
        path.chmod(0o755)

    def lives(self, *lives):
        (self.folder / "lives.json").write_text(json.dumps(lives))

    def settings(self, command, more=""):
        text = SETTINGS.format(folder=self.folder, command=command) + more
        (self.checkout / "tools" / "tpu" / "settings").write_text(text)

    def __call__(self, name, *options, code=0):
        result = subprocess.run(
            [self.checkout / "tools" / "tpu" / name, *options],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert result.returncode == code, f"{result.stdout}\n{result.stderr}"
        return result.stdout + result.stderr

    @property
    def calls(self):
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def changes(self):
        """What was called, without looking."""
        verbs = [call[3] if call[0] == "compute" else "storage" for call in self.calls]
        return [
            "start" if "on_host/start" in call[-1] else verb
            for call, verb in zip(self.calls, verbs, strict=True)
            if verb != "describe" and "on_host/state" not in call[-1]
        ]

    def wait_for(self, pattern):
        for _ in range(200):
            text = self("status")
            if len(re.findall(pattern, text)) == HOSTS:
                return text
        raise AssertionError(text)


@pytest.fixture
def cloud(tmp_path):
    made = Cloud(tmp_path)
    yield made
    for number in range(HOSTS):
        end(tmp_path / f"host{number}")


def test_a_dry_run_prints_the_calls_and_makes_none(cloud):
    shown = {name: cloud(name, "--dry_run") for name in NAMES}
    assert cloud.calls == []
    assert shown["create"] == (
        "gcloud compute tpus queued-resources create tpu --zone=zone --project=project "
        "--node-id=tpu --accelerator-type=v4-16 --runtime-version=image --spot "
        r"--labels=a=b\ c" + "\n"
    )
    assert shown["delete"] == (
        "gcloud compute tpus queued-resources delete tpu --zone=zone --project=project "
        "--force --quiet\n"
    )
    ssh = shlex.split(shown["run"])
    assert ssh[:6] == ["gcloud", "compute", "tpus", "tpu-vm", "ssh", "tpu"]
    assert "--worker=all" in ssh
    assert ssh[-1] == "--command=bash rulax/tools/tpu/on_host/start true"
    assert shown["recreate"].count("gcloud") == 7
    assert f"tpu:{cloud.folder}/runs/credit {cloud.checkout}/runs " in shown["collect"]
    cloud.settings("true", more="BUCKET=gs://bucket/credit SPOT=0")
    assert "--spot" not in cloud("create", "--dry_run")
    assert "gcloud storage rsync --recursive gs://bucket/credit " in cloud("collect", "--dry_run")


def test_what_is_called_is_what_a_dry_run_prints(cloud):
    shown = [shlex.split(cloud(name, "--dry_run"))[1:] for name in ("create", "run", "delete")]
    cloud("create")
    cloud("install")
    for name in ("run", "delete"):
        cloud(name)
    changes = [c for c in cloud.calls if c[3] in ("create", "delete") or "start" in c[-1]]
    assert changes == shown


def test_create_install_run_status(cloud):
    cloud.settings('echo "hello  from" $(basename $HOME), $((1 + 1)); exit 3')
    assert "PROVISIONING, waiting" in cloud("create")
    assert cloud("create").endswith("tpu is ACTIVE\n")  # there already
    assert cloud("install").count("installed on") == HOSTS
    uv = (cloud.folder / "uv.log").read_text()
    assert uv.count("venv --quiet --python 3.12 .venv") == HOSTS
    assert uv.count("--constraint constraints.txt --editable .[demo] jax[tpu]") == HOSTS
    assert cloud("status").count("run: not started") == HOSTS
    assert cloud("run").count("run: started") == HOSTS
    text = cloud.wait_for("run: exit 3")
    assert "hello  from host0, 2" in text
    assert "hello  from host1, 2" in text
    assert cloud.changes == ["create", "scp", "ssh", "start"]


def test_a_command_runs_once_at_a_time(cloud):
    cloud.settings("sleep 60")
    for name in ("create", "install", "run"):
        cloud(name)
    assert cloud("run").count("running already") == HOSTS
    cloud("install")  # while it runs: the checkout is replaced, the run goes on
    assert cloud("status").count("run: running") == HOSTS
    for number in range(HOSTS):
        end(cloud.folder / f"host{number}")
    cloud.wait_for("run: exit unknown")
    assert cloud("run").count("run: started") == HOSTS


# Each host gets half way in its first life and leaves a checkpoint in the shared workdir.
RESUMABLE = """
mark={folder}/runs/credit/$(basename $HOME); test -f $mark && exit 0; touch $mark; {then}
"""


@pytest.mark.parametrize("lost", ["SUSPENDED", "ACTIVE/PREEMPTED", "FAILED"])
def test_a_tpu_that_is_taken_back_is_made_anew_and_the_run_resumes(cloud, lost):
    cloud.lives(["ACTIVE"] * 4 + [lost], ["WAITING_FOR_RESOURCES", "ACTIVE"])
    cloud.settings(RESUMABLE.format(folder=cloud.folder, then="sleep 60").replace("\n", " "))
    text = cloud("recreate")
    assert "tpu is MISSING, making it anew" in text
    assert f"tpu is {lost.rpartition('/')[2]}, making it anew" in text
    assert "done on every host" in text
    once = ["create", "scp", "ssh", "start"]
    assert cloud.changes == [*once, "delete", *once]


@pytest.mark.parametrize("code", [75, 134, 1])
def test_a_command_that_ends_is_started_again(cloud, code):
    cloud.settings(RESUMABLE.format(folder=cloud.folder, then=f"exit {code}").replace("\n", " "))
    text = cloud("recreate")
    assert f"ended ( {HOSTS} exit {code} ), starting it again" in text
    assert cloud.changes == ["create", "scp", "ssh", "start", "start"]


def test_a_command_that_can_not_run_is_not_started_again(cloud):
    cloud.settings("echo error: no such experiment; exit 2")
    text = cloud("recreate", code=2)
    assert "can't run as it is (exit 2)" in text
    assert "error: no such experiment" in text
    assert cloud.changes.count("start") == 1


def test_recreate_gives_up_after_so_many_starts(cloud):
    cloud.settings("exit 1", more="RESTARTS=3")
    assert "started it 3 times, giving up" in cloud("recreate", code=1)
    assert cloud.changes.count("start") == 3


def test_recreate_installs_what_an_earlier_attempt_did_not(cloud):
    cloud("create")
    assert "nothing is installed" in cloud("recreate")
    assert cloud.changes == ["create", "scp", "ssh", "start"]


def test_a_request_that_fails_says_so(cloud):
    cloud.lives(["PROVISIONING", "FAILED"])
    assert "tpu is FAILED: see above; run delete, then create again" in cloud("create", code=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("PROJECT=", "settings does not set PROJECT"),
        ("SPOT=yes", "SPOT is yes"),
    ],
)
def test_bad_settings(cloud, change, message):
    cloud.settings("true", more=change)
    assert message in cloud("create", code=2)
    assert cloud.calls == []


def test_options(cloud):
    assert "not an option: --dryrun (there are" in cloud("create", "--dryrun", code=2)
    assert "there is no nowhere: copy " in cloud("create", "--settings=nowhere", code=2)
    other = cloud.folder / "other settings"
    other.write_text((cloud.checkout / "tools" / "tpu" / "settings").read_text() + "NAME=other")
    assert " describe other " in cloud("status", f"--settings={other}", "--dry_run")
    assert " delete other " in cloud("recreate", f"--settings={other}", "--dry_run")


def test_the_example_has_every_setting(cloud):
    example = (SCRIPTS / "settings.example").read_text()
    (cloud.checkout / "tools" / "tpu" / "settings").write_text(example)
    for name in NAMES:
        assert "gcloud " in cloud(name, "--dry_run")


def test_shellcheck():
    if shutil.which("shellcheck") is None:
        pytest.skip("needs shellcheck")
    files = sorted(p for p in SCRIPTS.rglob("*") if p.is_file() and p.name != "settings")
    subprocess.run(["shellcheck", "-x", *files], check=True, cwd=SCRIPTS)
