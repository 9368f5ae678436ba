import hashlib
import importlib.metadata
import json
import os
import subprocess

import jax
import pytest

from research import provenance
from research.provenance import add_attempt, packages, redacted
from research.workdir import Workdir, WorkdirError


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-b", "topic")
    (folder / "code.py").write_text("x = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    return folder


@pytest.fixture
def workdir(tmp_path):
    made = Workdir(tmp_path / "run")
    made.claim({"experiment": "e.py", "config": {"seed": 1}})
    return made


def manifest(workdir):
    return json.loads((workdir.path / "provenance.json").read_text())["attempts"]


def test_an_entry(workdir, checkout, monkeypatch):
    assert jax.device_count() == 8  # before XLA could read the flags below
    for name in [name for name in os.environ if name.startswith(("JAX_", "XLA_", "LIBTPU_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XLA_FLAGS", "--x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    entry = add_attempt(
        workdir,
        seed=7,
        data={"credit": "ab" * 32},
        command=["launch.py", "--config=e.py", "--api_key=hush"],
        repository=checkout,
    )
    assert manifest(workdir) == [entry]
    assert entry["seed"] == 7
    assert entry["data"] == {"credit": "ab" * 32}
    assert entry["command"] == ["launch.py", "--config=e.py", "--api_key=***"]
    assert entry["environment"] == {"XLA_FLAGS": "--x"}
    assert entry["packages"]["jax"] == importlib.metadata.version("jax")
    assert entry["devices"]["count"] == 8
    assert entry["git"]["branch"] == "topic"
    assert len(entry["git"]["commit"]) == 40
    assert entry["git"]["diff"] is None
    assert entry["git"]["untracked"] == []
    assert "hush" not in (workdir.path / "provenance.json").read_text()
    assert not workdir.has("provenance.diff")
    text = json.dumps(workdir.config(), sort_keys=True, separators=(",", ":"))
    assert entry["config_sha256"] == hashlib.sha256(text.encode()).hexdigest()


def test_changes_are_kept_once_for_each_state(workdir, checkout):
    for content in ("x = 2\n", "x = 2\n", "x = 3\n", "x = 2\n", "x = 1\n"):
        (checkout / "code.py").write_text(content)
        (checkout / "new.py").write_text("")
        add_attempt(workdir, repository=checkout)
    diffs = [entry["git"]["diff"] for entry in manifest(workdir)]
    assert [diff and diff["file"] for diff in diffs] == [
        "provenance.diff",
        "provenance.diff",
        "provenance-2.diff",
        "provenance.diff",
        None,
    ]
    kept = (workdir.path / "provenance-2.diff").read_bytes()
    assert b"-x = 1\n+x = 3\n" in kept
    assert hashlib.sha256(kept).hexdigest() == diffs[2]["sha256"]
    assert manifest(workdir)[0]["git"]["untracked"] == ["new.py"]


def test_a_huge_diff_is_cut(workdir, checkout, monkeypatch):
    monkeypatch.setattr(provenance, "_DIFF_BYTES", 100)
    (checkout / "code.py").write_text("y = 2\n" * 1000)
    diff = add_attempt(workdir, repository=checkout)["git"]["diff"]
    assert diff["truncated"]
    assert diff["bytes"] > 6000
    assert len((workdir.path / "provenance.diff").read_bytes()) == 100


def test_it_works_outside_a_checkout_and_without_git(workdir, tmp_path, checkout, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    outside = tmp_path / "outside"
    outside.mkdir()
    assert add_attempt(workdir, repository=outside)["git"] is None
    monkeypatch.setenv("PATH", "")
    assert add_attempt(workdir, repository=checkout)["git"] is None


def test_a_git_that_hangs_is_not_waited_for(workdir, checkout, monkeypatch):
    def hang(*_, timeout, **__):
        raise subprocess.TimeoutExpired("git", timeout)

    monkeypatch.setattr(subprocess, "run", hang)
    assert add_attempt(workdir, repository=checkout)["git"] is None


def test_a_run_without_a_config_has_no_hash(tmp_path):
    assert add_attempt(Workdir(tmp_path))["config_sha256"] is None


def test_the_first_and_the_newest_attempts_stay(workdir, checkout, monkeypatch):
    monkeypatch.setattr(provenance, "_ATTEMPTS", 3)
    for seed in range(6):
        add_attempt(workdir, seed=seed, repository=checkout)
    assert [entry["seed"] for entry in manifest(workdir)] == [0, 4, 5]


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"attempts": 3}'])
def test_a_damaged_manifest_is_named(workdir, text):
    (workdir.path / "provenance.json").write_text(text)
    with pytest.raises(WorkdirError, match=r"provenance.json is damaged .* delete it"):
        add_attempt(workdir)


def test_all_packages_have_a_version():
    found = packages()
    assert list(found) == sorted(found)
    assert {"jax", "numpy", "pytest"} <= set(found)


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["--token", "abc", "--x=1"], ["--token", "***", "--x=1"]),
        (["--DB_PASSWORD=abc"], ["--DB_PASSWORD=***"]),
        (["--url=https://me:abc@host/x"], ["--url=https://***@host/x"]),
        (["token", "--seed=3"], ["token", "--seed=3"]),
        (["--config.optimizer.credential=abc"], ["--config.optimizer.credential=***"]),
    ],
)
def test_secrets_are_hidden(command, shown):
    assert redacted(command) == shown
