"""What was measured, kept: `results/GROUP.json`, and all of it as `results/README.md`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from benchmarks.contest.measure import Figure
from benchmarks.contest.row import Row

RESULTS = Path(__file__).resolve().parents[1] / "results"
HEAD = """# Results

Written by `make bench` and its parts; see [the benchmarks](../README.md) for how. Ratios say how
many times quicker the first line of a table is than the line's own contestant; **below 1 it has
lost** to that one, within 10 % of 1 it is a tie. A turn is "disturbed" if others used the machine
while it ran.
"""


def record(row: Row, figures: tuple[Figure, ...]) -> dict[str, Any]:
    """A row as it is kept."""
    return {
        "name": row.name,
        "unit": row.unit,
        "note": row.note,
        "goals": dict(row.goals),
        "figures": [dataclasses.asdict(figure) for figure in figures],
    }


def write(group: str, title: str, machine: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Keeps a group's rows beside those that were measured before, and the table of all groups.

    Args:
        group: Names the file.
        title: Heads the group's tables.
        machine: As `machine.described`.
        rows: As `record`; a row of the same name is replaced.
    """
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{group}.json"
    kept = json.loads(path.read_text())["rows"] if path.exists() else []
    new = {row["name"]: row for row in rows}
    merged = [new.pop(row["name"], row) for row in kept] + list(new.values())
    content = {"title": title, "machine": machine, "rows": merged}
    _replace(path, json.dumps(content, indent=1) + "\n")
    _replace(RESULTS / "README.md", markdown())


def markdown() -> str:
    """All that is kept, as Markdown."""
    parts = [HEAD]
    for path in sorted(RESULTS.glob("*.json")):
        group = json.loads(path.read_text())
        parts.append(f"## {group['title']}\n\n{machine_line(group['machine'])}\n")
        parts.extend(table(row) for row in group["rows"])
    return "\n".join(parts)


def machine_line(machine: dict[str, Any]) -> str:
    """Machine and versions in one line."""
    both = [
        f"{whose}: " + ", ".join(f"{name} {version}" for name, version in machine[whose].items())
        for whose in ("ours", "peers")
        if machine[whose]
    ]
    return f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; " + "; ".join(
        both
    )


def table(row: dict[str, Any]) -> str:
    """A row of a group as a table of its contestants."""
    unit = f"{row['unit']} a second" if row["unit"] else "rate"
    lines = [f"### {row['name']}\n", f"| | median | from, to | {unit} | ratio | goal |"]
    lines.append("|---|---:|---:|---:|---:|---:|")
    for figure in row["figures"]:
        if figure["failed"]:
            lines.append(f"| {figure['name']} | {_short(figure['failed'])} | | | | |")
            continue
        spread = f"{seconds(figure['least'])}, {seconds(figure['most'])}"
        if figure["disturbed"]:
            spread += f" ({figure['disturbed']} disturbed)"
        facts = "".join(f"; {name} {value:.3g}" for name, value in figure["facts"].items())
        lines.append(
            f"| {figure['name']}{facts} | {seconds(figure['seconds'])} | {spread} "
            f"| {amount(figure['rate'])} | {_marked(figure)} "
            f"| {times(row['goals'].get(figure['name']))} |"
        )
    return "\n".join([*lines, "", *([row["note"], ""] if row["note"] else [])])


def seconds(value: float) -> str:
    """A duration in the unit that fits it."""
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def amount(value: float | None) -> str:
    """A rate in thousands, millions or billions."""
    if value is None:
        return ""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def times(ratio: float | None) -> str:
    """A ratio with its sign, to at least two digits."""
    if ratio is None:
        return ""
    if ratio >= 100:
        return f"{ratio:,.0f} x"
    return f"{ratio:.2f} x" if ratio >= 0.1 else f"{ratio:.2g} x"


def _marked(figure: dict[str, Any]) -> str:
    """The ratio, bold where ours has lost to it; our own forms are no opponents."""
    ratio, ours = figure["ratio"], figure["name"].startswith("ours")
    lost = ratio is not None and ratio < 1 and not ours
    return f"**{times(ratio)}**" if lost else times(ratio)


def _short(text: str) -> str:
    line = " ".join(text.replace("|", "/").split())
    return line if len(line) <= 120 else f"{line[:117]}..."


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
