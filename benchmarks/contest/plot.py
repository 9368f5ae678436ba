"""Ratios of a group as a picture: `python -m benchmarks.contest.plot GROUP FILE.svg [--base NAME]`

One line per row, one mark per contestant: how many times as quick as the base it is.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.contest.results import RESULTS


def speeds(row: dict[str, Any], base: str) -> dict[str, float]:
    """How many times as quick as the base each contestant of a row is; empty without the base."""
    slower = {
        figure["name"]: figure["ratio"] or 1.0 for figure in row["figures"] if not figure["failed"]
    }
    return {name: slower[base] / ratio for name, ratio in slower.items()} if base in slower else {}


def draw(group: str, base: str, path: Path) -> None:
    """Draws a group's picture.

    Args:
        group: As in `results/GROUP.json`.
        base: The contestant that is 1.
        path: Where to; the ending says in which format.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    content = json.loads((RESULTS / f"{group}.json").read_text())
    rows = [(row["name"], found) for row in content["rows"] if (found := speeds(row, base))]
    names = list(dict.fromkeys(name for _, found in rows for name in found if name != base))
    figure, axes = pyplot.subplots(figsize=(8, 1.1 + 0.34 * len(rows)), layout="constrained")
    places = range(len(rows), 0, -1)
    for at, name in enumerate(names):
        points = [(f[name], y) for (_, f), y in zip(rows, places, strict=True) if name in f]
        x, y = zip(*points, strict=True)
        axes.scatter(x, y, label=name, s=28 if at else 70, zorder=3 - at / 99)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xticks([0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50], minor=False)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} x")
    axes.minorticks_off()
    all_speeds = [speed for _, found in rows for speed in found.values()]
    axes.set_xlim(min(all_speeds) / 1.2, max(all_speeds) * 1.2)
    axes.set_yticks(list(places), [name for name, _ in rows])
    axes.set_xlabel(f"speed, {base} = 1 (log scale; right is quicker)")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.legend(
        loc="outside lower center", ncols=min(len(names), 4), frameon=False, columnspacing=1
    )
    figure.savefig(path)
    pyplot.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("group")
    parser.add_argument("path", type=Path)
    parser.add_argument("--base", default="torch eager")
    arguments = parser.parse_args()
    draw(arguments.group, arguments.base, arguments.path)
