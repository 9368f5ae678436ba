"""Training curves of runs, as a picture or as a page that needs nothing else."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from research.arguments import ArgumentError, did_you_mean, require
from research.runs.run import Run
from research.runs.texts import NOTHING, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, distinct for colour-blind eyes, without its yellow.
_PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
_STYLE: dict[Any, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "font.size": 10,
    "grid.color": "#e4e4e4",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "rulax",
    "text.parse_math": False,  # a run's name may hold a dollar sign
}
_PARTS = {"train": (0, (3, 2)), "validation": "-"}

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ color-scheme: light; background: #fff; color: #222; font: 15px/1.5 system-ui, sans-serif;
  margin: 2rem auto; max-width: 62rem; padding: 0 1rem }}
svg {{ height: auto; max-width: 100% }}
table {{ border-collapse: collapse; display: block; overflow-x: auto }}
th, td {{ border-bottom: 1px solid #ddd; padding: .3rem .8rem .3rem 0; text-align: left;
  white-space: nowrap }}
td {{ font-variant-numeric: tabular-nums }}
</style>
<h1>{title}</h1>
{svg}
{table}
</html>
"""


def curves_png(
    runs: Sequence[Run],
    path: Path,
    *,
    metrics: Sequence[str] = (),
    logarithmic: bool = False,
    smoothing: float = 0.0,
) -> None:
    """Draws training (dashed) and validation curves of runs into a PNG.

    Args:
        runs: a colour each.
        path: of the file.
        metrics: names without `train/` or `validation/`, a panel each; by default what the
            runs were monitored by.
        logarithmic: axis of the values.
        smoothing: weight of the past in an exponential moving average, 0 to below 1; the
            values themselves stay visible behind it.

    Raises:
        ArgumentError: no run has such a metric, or matplotlib is not installed.
    """
    path.write_bytes(_drawn(runs, "png", metrics, logarithmic, smoothing))


def curves_html(
    runs: Sequence[Run],
    path: Path,
    *,
    metrics: Sequence[str] = (),
    logarithmic: bool = False,
    smoothing: float = 0.0,
) -> None:
    """Like `curves_png`, as a page with the curves as SVG and a table; no scripts, no network."""
    drawn = _drawn(runs, "svg", metrics, logarithmic, smoothing).decode()
    svg = re.sub(r"^.*?(?=<svg)", "", drawn, flags=re.DOTALL)
    title = "Training curves" if len(runs) > 1 else runs[0].name
    page = _PAGE.format(title=html.escape(title), svg=svg, table=_table(runs))
    path.write_text(page, encoding="utf-8")


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """Exponential moving average, corrected for its start at zero as in Adam (2015).

    Values that are not finite are passed over and stay as they are.
    """
    average, total, result = 0.0, 0.0, []
    for value in values:
        if not np.isfinite(value):
            result.append(value)
            continue
        average = weight * average + (1 - weight) * value
        total = weight * total + (1 - weight)
        result.append(average / total)
    return result


def _drawn(
    runs: Sequence[Run], kind: str, metrics: Sequence[str], logarithmic: bool, smoothing: float
) -> bytes:
    require(bool(runs), "there is no run to draw")
    require(0 <= smoothing < 1, f"smoothing is {smoothing}, expected 0 to below 1")
    names = list(dict.fromkeys(metrics or [run.monitor for run in runs]))
    known = {name.partition("/")[2] for run in runs for name in run.last()}
    for name in names:
        require(
            name in known,
            f"no run has a metric {name}{did_you_mean(name, known)}"
            + (f": they have {', '.join(sorted(known))}" if known else ": they have none yet"),
        )
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ArgumentError(
            "curves are drawn with matplotlib, which is not installed: pip install 'rulax[report]'"
        ) from error
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(9, 1 + 3.6 * len(names)), layout="constrained")
        _paint(figure, runs, names, logarithmic, smoothing)
        buffer = io.BytesIO()
        figure.savefig(
            buffer, format=kind, dpi=130, metadata={"Date": None} if kind == "svg" else {}
        )
    return buffer.getvalue()


def _paint(
    figure: Figure, runs: Sequence[Run], names: Sequence[str], logarithmic: bool, smoothing: float
) -> None:
    from matplotlib.lines import Line2D

    panels = figure.subplots(len(names), 1, squeeze=False)[:, 0]
    colours = _colours(len(runs))
    parts: dict[str, Any] = {}
    for axes, name in zip(panels, names, strict=True):
        for run, colour in zip(runs, colours, strict=True):
            for part, dashes in _PARTS.items():
                steps, values = run.curve(f"{part}/{name}")
                if not steps:
                    continue
                line = {"color": colour, "linestyle": dashes, "linewidth": 1.8}
                if len(steps) == 1:
                    line["marker"] = "o"
                if smoothing:
                    axes.plot(steps, values, **line | {"alpha": 0.25})
                    values = smoothed(values, smoothing)
                axes.plot(steps, values, **line)
                parts[part] = dashes
        axes.set_title(name)
        if logarithmic:
            _logarithmic(axes)
    panels[-1].set_xlabel("step")
    kinds = {part: Line2D([], [], color="#555555", linestyle=parts[part]) for part in parts}
    named = {run.name: Line2D([], [], color=c) for run, c in zip(runs, colours, strict=True)}
    # Handles by hand: matplotlib leaves out labels that begin with an underscore.
    legend = {**(named if len(runs) > 1 else {}), **kinds}
    figure.legend(
        legend.values(), legend.keys(), loc="outside lower left", ncols=2 if len(legend) > 3 else 3
    )


def _logarithmic(axes: Axes) -> None:
    """A logarithmic axis with plain numbers, also where it spans less than a power of ten."""
    from matplotlib.ticker import AutoLocator, FuncFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    wide = high / low >= 10
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)) if wide else AutoLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _colours(count: int) -> Sequence[Any]:
    if count <= len(_PALETTE):
        return _PALETTE[:count]
    import matplotlib

    return list(matplotlib.colormaps["viridis"](np.linspace(0, 0.9, count)))


def _table(runs: Sequence[Run]) -> str:
    last = [run.last() for run in runs]
    names = list(dict.fromkeys(name for found in last for name in found))
    heads = ["run", "state", "step", "best", *names]
    rows = [
        [
            run.name,
            run.state,
            str(run.step),
            NOTHING if run.best is None else f"{run.monitor} {number(run.best)}",
            *(number(found.get(name)) for name in names),
        ]
        for run, found in zip(runs, last, strict=True)
    ]
    return "<table>" + _cells("th", heads) + "".join(_cells("td", row) for row in rows) + "</table>"


def _cells(tag: str, texts: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts) + "</tr>"
