"""Runs side by side: what differs, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from research.runs.run import Run
from research.runs.texts import aligned, number, plain


def compare(runs: Sequence[Run]) -> dict[str, Any]:
    """What differs between runs, as plain data with a value per run.

    Returns:
        `runs`, their names; `config`, the keys whose values differ; `versions`, the commit
        and packages that differ; `metrics`, the best and last values. A run without a key
        has None there.
    """
    keys = sorted({key for run in runs for key in run.config})
    versions = [_versions(run) for run in runs]
    names = sorted({name for found in versions for name in found})
    last = [run.last() for run in runs]
    metrics = list(dict.fromkeys(name for found in last for name in found))
    best = {
        f"best {monitor}": [run.best if run.monitor == monitor else None for run in runs]
        for monitor in dict.fromkeys(run.monitor for run in runs)
    }
    return {
        "runs": [run.name for run in runs],
        "config": _differing({key: [run.config.get(key) for run in runs] for key in keys}),
        "versions": _differing({name: [found.get(name) for found in versions] for name in names}),
        "metrics": {
            "step": [run.step for run in runs],
            **best,
            **{name: [found.get(name) for found in last] for name in metrics},
        },
    }


def compared(runs: Sequence[Run]) -> str:
    """The same as a table, a column per run."""
    found = compare(runs)
    lines: list[tuple[str, ...]] = [("", *found["runs"])]
    for part, show in (("config", plain), ("versions", plain), ("metrics", number)):
        lines += [(key, *map(show, values)) for key, values in found[part].items()]
        if not found[part]:
            lines.append((f"({part}: no difference)", *[""] * len(runs)))
    return aligned(lines)


def _versions(run: Run) -> dict[str, Any]:
    if not run.attempts:
        return {}
    last = run.attempts[-1]
    git = last.get("git") or {}
    return {
        "commit": (git.get("commit") or "")[:12] or None,
        "changes": ((git.get("diff") or {}).get("sha256") or "")[:12] or None,
        "python": last.get("python"),
        **{f"package {name}": version for name, version in (last.get("packages") or {}).items()},
    }


def _differing(table: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {key: values for key, values in table.items() if any(v != values[0] for v in values)}
