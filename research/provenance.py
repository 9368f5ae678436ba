"""Where a run comes from: what would be needed to make it again."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from research.workdir import Workdir

MANIFEST = "provenance.json"

_ENVIRONMENT = re.compile(r"(JAX|XLA|LIBTPU)_\w+")
_DIFF_BYTES = 1_000_000
_UNTRACKED = 100
_ATTEMPTS = 100
_GIT_SECONDS = 10
_SECRET = re.compile(r"secret|token|passw|credential|api[-_]?key|private[-_]?key", re.IGNORECASE)
_USER_OF_URL = re.compile(r"(?<=://)[^/@\s]+@")


def add_attempt(
    workdir: Workdir,
    *,
    seed: int | None = None,
    data: Mapping[str, str] | None = None,
    command: Sequence[str] | None = None,
    repository: Path | None = None,
) -> dict[str, Any]:
    """Adds an entry to the manifest `provenance.json`, once per attempt, when it starts.

    The changes that git has not seen are kept beside it in `provenance.diff` (if a later
    attempt has others, in `provenance-2.diff` and so on), up to a megabyte. What looks like
    a secret in the command line is replaced; of the environment only variables of JAX, XLA
    and libtpu are kept.

    Args:
        workdir: of the run; its `config.json` is hashed.
        seed: of the run.
        data: checksums by name.
        command: `sys.argv` by default.
        repository: a folder inside the git checkout that was run, by default that of this
            package. Without git, or outside a checkout, the entry says nothing of it.

    Returns:
        The entry.

    Raises:
        WorkdirError: when it can't be written, or `provenance.json` is damaged.
    """
    import jax

    parse = lambda manifest: list(manifest["attempts"])  # noqa: E731
    attempts = workdir.read_json(MANIFEST, parse) if workdir.has(MANIFEST) else []
    entry = {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": platform.node(),
        "pid": os.getpid(),
        "command": redacted(sys.argv if command is None else command),
        "git": _git(repository or Path(__file__).resolve().parent, workdir, attempts),
        "config_sha256": _config_hash(workdir),
        "seed": seed,
        "data": dict(data or {}),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages(),
        "devices": {
            "kind": jax.devices()[0].device_kind,
            "platform": jax.devices()[0].platform,
            "count": jax.device_count(),
            "processes": jax.process_count(),
        },
        "environment": {
            name: value
            for name, value in sorted(os.environ.items())
            if _ENVIRONMENT.fullmatch(name)
        },
    }
    attempts.append(entry)
    # A run that is restarted for ever keeps the first entry and the newest.
    kept = attempts if len(attempts) <= _ATTEMPTS else [attempts[0], *attempts[1 - _ATTEMPTS :]]
    workdir.write_json(MANIFEST, {"attempts": kept})
    return entry


def packages() -> dict[str, str]:
    """The versions of all installed distributions, by name in lower case."""
    found = {
        name.lower(): distribution.version
        for distribution in importlib.metadata.distributions()
        if (name := distribution.metadata["Name"])
    }
    return dict(sorted(found.items()))


def redacted(command: Sequence[str]) -> list[str]:
    """A command line with `***` for the values of flags that are named like secrets.

    Also for names and passwords in addresses.
    """
    shown: list[str] = []
    hide_next = False
    for argument in command:
        flag, equals, _ = argument.partition("=")
        secret = argument.startswith("-") and _SECRET.search(flag) is not None
        if hide_next:
            shown.append("***")
        elif secret and equals:
            shown.append(f"{flag}=***")
        else:
            shown.append(_USER_OF_URL.sub("***@", argument))
        hide_next = secret and not equals
    return shown


def _config_hash(workdir: Workdir) -> str | None:
    if not workdir.has("config.json"):
        return None
    text = json.dumps(workdir.config(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _git(
    folder: Path, workdir: Workdir, attempts: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    commit = _ask(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    diff = _ask(folder, "diff", "HEAD", "--no-color", "--no-ext-diff") or b""
    changed = _ask(folder, "status", "--porcelain", "--untracked-files=normal") or b""
    return {
        "commit": commit.decode().strip(),
        "branch": (_ask(folder, "branch", "--show-current") or b"").decode().strip() or None,
        "untracked": [
            line[3:] for line in changed.decode(errors="replace").splitlines() if line[:2] == "??"
        ][:_UNTRACKED],
        "diff": _kept_diff(diff, workdir, attempts) if diff else None,
    }


def _kept_diff(
    diff: bytes, workdir: Workdir, attempts: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    digest = hashlib.sha256(diff).hexdigest()
    earlier = [a["git"]["diff"] for a in attempts if a.get("git") and a["git"].get("diff")]
    for kept in earlier:
        if kept["sha256"] == digest:
            return dict(kept)
    number = len({kept["file"] for kept in earlier}) + 1
    name = "provenance.diff" if number == 1 else f"provenance-{number}.diff"
    with workdir.write(name) as temporary:
        temporary.write_bytes(diff[:_DIFF_BYTES])
    return {
        "file": name,
        "sha256": digest,
        "bytes": len(diff),
        "truncated": len(diff) > _DIFF_BYTES,
    }


def _ask(folder: Path, *arguments: str) -> bytes | None:
    """What git says; None where there is no git, no checkout, or no answer in time."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=True,
            timeout=_GIT_SECONDS,
            stdin=subprocess.DEVNULL,
            # Reading must not wait for, or disturb, what somebody else does there.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout
