"""The machine at hand: what it is, what is installed, how busy it is."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

PACKAGES = (
    *("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy", "scikit-learn", "torch"),
    *("keras", "polars", "duckdb", "zen-engine", "clipspy", "durable-rules", "clingo", "problog"),
)
_ASK = (
    "import json, sys\n"
    f"sys.path.insert(0, {str(Path(__file__).resolve().parents[2])!r})\n"
    "from benchmarks.contest.machine import versions\n"
    "print(json.dumps(versions()))"
)


def busy_seconds() -> float:
    """Processor seconds that all processes together have used; 0 where the system doesn't tell."""
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    except OSError:
        return 0.0
    user, nice, system, _idle, _waiting, interrupt, soft, _stolen = map(float, fields)
    return (user + nice + system + interrupt + soft) / os.sysconf("SC_CLK_TCK")


def versions() -> dict[str, str]:
    """Of Python and of the packages that matter here, as far as they are installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def described(peers: str | None) -> dict[str, object]:
    """The machine and both environments.

    Args:
        peers: The peers' Python, or None.
    """
    their: dict[str, str] = {}
    if peers:
        asked = subprocess.run([peers, "-c", _ASK], capture_output=True, text=True, check=True)
        their = json.loads(asked.stdout)
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "ours": versions(),
        "peers": their,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), "")
