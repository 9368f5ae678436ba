"""Runs as text: a line each, and one in full."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from research.runs.run import Run
from research.training.progress import duration

NOTHING = "-"

_HEADS = ("run", "experiment", "state", "step", "best", "time", "started")


def listed(runs: Iterable[Run]) -> str:
    """A table, a line per run."""
    return aligned([_HEADS, *(_line(run) for run in runs)])


def shown(run: Run) -> str:
    """One run: what it is, where its time went, its metrics, its configuration, its origin."""
    parts = [
        aligned(
            [
                ("run", run.name),
                ("experiment", run.experiment),
                ("state", f"{run.state}: {why}" if (why := _why(run)) else run.state),
                ("step", _steps(run)),
                ("best", _best(run)),
                *_origin(run),
            ]
        )
    ]
    if run.timing:
        parts.append("time\n" + indented(_time(run)))
    if metrics := run.last():
        parts.append("last metrics\n" + indented([(k, number(v)) for k, v in metrics.items()]))
    parts.append("config\n" + indented([(k, plain(v)) for k, v in run.config.items()]))
    return "\n\n".join(parts)


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def indented(lines: Sequence[Sequence[str]]) -> str:
    """The same, below a heading."""
    return "\n".join(f"  {line}" for line in aligned(lines).splitlines())


def number(value: float | None) -> str:
    """Six digits."""
    return NOTHING if value is None else f"{value:.6g}"


def plain(value: Any) -> str:
    """A value of a configuration, as JSON; `-` where the key is absent."""
    return NOTHING if value is None else json.dumps(value, default=str)


def _line(run: Run) -> tuple[str, ...]:
    started = str(run.attempts[0].get("started", NOTHING)) if run.attempts else NOTHING
    return (
        run.name,
        run.experiment,
        run.state,
        _steps(run),
        _best(run),
        NOTHING if run.seconds is None else _seconds(run.seconds),
        started[:16].replace("T", " "),
    )


def _steps(run: Run) -> str:
    return f"{run.step}/{run.steps}" if run.steps else str(run.step)


def _best(run: Run) -> str:
    return NOTHING if run.best is None else f"{run.monitor} {number(run.best)}"


def _why(run: Run) -> str:
    return str(run.timing.get("finished") or "")


def _time(run: Run) -> list[tuple[str, ...]]:
    spent = {**run.timing["seconds"], "lost": run.timing.get("lost", 0.0)}
    total = sum(spent.values()) or 1.0
    lines: list[tuple[str, ...]] = [
        (name, _seconds(seconds), f"{seconds / total:.0%}")
        for name, seconds in sorted(spent.items(), key=lambda item: -item[1])
        if seconds >= 0.005 * total
    ]
    goodput, attempts = run.timing.get("goodput"), run.timing.get("attempts", 1)
    if goodput is not None:
        lines.append(("goodput", f"{goodput:.0%}", f"of {attempts} attempt{'s'[: attempts > 1]}"))
    speeds = run.timing.get("speeds", {})
    lines += [
        (title, number(speeds[name]), "")
        for title, name in (
            ("steps/s", "speed/steps_per_second"),
            ("examples/s", "speed/examples_per_second"),
            ("MFU", "speed/utilisation"),
        )
        if name in speeds
    ]
    cache = run.timing.get("compile_cache", {})
    if looked_up := cache.get("hits", 0) + cache.get("misses", 0):
        lines.append(("compile cache", f"{cache['hits']} of {looked_up}", "programs"))
    return lines


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def _origin(run: Run) -> list[tuple[str, str]]:
    if not run.attempts:
        return []
    last = run.attempts[-1]
    git, devices = last.get("git") or {}, last.get("devices") or {}
    changed = f", changed: {git['diff']['file']}" if git.get("diff") else ""
    packages = last.get("packages") or {}
    core = [f"{name} {packages[name]}" for name in ("jax", "flax", "optax") if name in packages]
    return [
        ("started", str(run.attempts[0].get("started", NOTHING))),
        ("command", " ".join(last.get("command") or [])),
        ("commit", f"{git['commit'][:12]}{changed}" if git else NOTHING),
        ("devices", f"{devices.get('count')} x {devices.get('kind')}" if devices else NOTHING),
        ("versions", ", ".join([f"Python {last.get('python')}", *core])),
    ]
