"""How good a model is: learning curves, ROC, reliability, risk and coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.report.formats import NOTHING, count, decimal, percent
from experiments.report.markup import Html
from experiments.report.svg import Colour, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from research.inference import RiskCoverage

__all__ = ["learning_curves", "reliability", "risk_coverage_curve", "roc"]

_Corner: TypeAlias = Literal["upper left", "upper right", "lower right"]

# Ours stands out by colour, weight and dash; its rivals stay back.
_LINES: tuple[dict[str, Any], ...] = (
    {"color": Colour.ACCENT.value, "linewidth": 2.25, "zorder": 4},
    {"color": Colour.SECOND.value, "linewidth": 1.5, "linestyle": (0, (5, 2))},
    {"color": Colour.THIRD.value, "linewidth": 1.5, "linestyle": (0, (1.2, 1.6))},
    {"color": Colour.MUTED.value, "linewidth": 1.25, "linestyle": (0, (5, 2, 1, 2))},
)


def learning_curves(
    history: Sequence[Mapping[str, Any]], best_step: int, *, metric: str = "loss"
) -> Html:
    """Training and validation loss by step, with the step that was kept.

    Args:
        history: records `{"step": int, "train": {metric: float}, "validation": {...}}`;
            a part or a number that is absent or not finite leaves a gap.
        best_step: the step whose parameters were kept.
        metric: which number of the records to draw.

    Raises:
        ValueError: no record holds the metric.
    """
    curves = {part: _curve(history, part, metric) for part in ("train", "validation")}
    curves = {part: curve for part, curve in curves.items() if len(curve[0])}
    if not curves:
        raise ValueError(
            f"no learning curve to draw: none of the {len(history)} records of the history "
            f"holds a finite train or validation {metric}"
        )
    styles = {"train": _LINES[1], "validation": _LINES[0]}
    names = {"train": "training", "validation": "validation"}

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for part, (steps, values) in curves.items():
            axes.plot(steps, values, label=names[part], **styles[part])
        axes.axvline(best_step, color=Colour.INK.value, linewidth=1, linestyle=(0, (2, 2)))
        axes.set_xlabel("step")
        axes.set_ylabel(metric)
        axes.xaxis.set_major_formatter(_grouped)
        axes.margins(x=0.01)
        _legend(axes, "upper right")
        _note(axes, f"best: step {count(best_step)}", at=best_step)

    last = [f"{names[part]} {metric} ends at {decimal(v[-1])}" for part, (_, v) in curves.items()]
    return draw(
        paint,
        name=f"learning-{metric}",
        label=f"Learning curves: {', '.join(last)}; the best step is {count(best_step)}.",
    )


def roc(curves: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Html:
    """Receiver operating characteristic of up to four models, the first one ours.

    Args:
        curves: by name, false and true positive rates `[T]`, ascending from 0 to 1.

    Raises:
        ValueError: no curve, or more than four.
    """
    if not 1 <= len(curves) <= len(_LINES):
        raise ValueError(f"expected 1 to {len(_LINES)} ROC curves, found {len(curves)}")
    areas = {name: _area(false, true) for name, (false, true) in curves.items()}

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        _diagonal(axes)
        for line, (name, (false, true)) in zip(_LINES, curves.items(), strict=False):
            axes.plot(_floats(false), _floats(true), label=f"{name} {areas[name]:.3f}", **line)
        _unit_square(axes)
        axes.set_xlabel("false positive rate")
        axes.set_ylabel("true positive rate")
        _legend(axes, "lower right", title="area under the curve")

    listed = ", ".join(f"{name} {decimal(area)}" for name, area in areas.items())
    return draw(paint, name="roc", label=f"ROC curves; area under them: {listed}.", height=340)


def reliability(
    before: Mapping[str, Any], after: Mapping[str, Any], *, predictions: ArrayLike | None = None
) -> Html:
    """Predicted against observed frequency, before and after calibration; one curve if equal.

    Args:
        before: `predicted` `[M]`, `observed` `[M]` and `count` `[M]` per bin, and `error`.
        after: the same, after calibration.
        predictions: the calibrated probabilities `[N]`, for a histogram below; without them
            it shows the bins of `after`.
    """
    said = f"{_error(before)} before calibration and {_error(after)} after it"
    if before == after:
        said = f"{_error(after)}, no calibration was needed"
    where = _floats(after["predicted"] if predictions is None else predictions)
    weights = _floats(after["count"]) if predictions is None else np.ones(len(where))

    def paint(figure: Figure) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        _diagonal(upper)
        curves = [("before", before, _LINES[1], "s"), ("after", after, _LINES[0], "o")]
        if before == after:
            curves = [("as trained", after, _LINES[0], "o")]
        for name, bins, line, marker in curves:
            upper.plot(
                _floats(bins["predicted"]),
                _floats(bins["observed"]),
                label=f"{name} {_error(bins)}",
                marker=marker,
                markersize=4.5,
                **line,
            )
        upper.set_ylabel("observed frequency")
        _unit_square(upper)
        _legend(upper, "upper left", title="calibration error")
        lower.hist(where, bins=25, range=(0, 1), weights=weights, color=Colour.ACCENT.value)
        lower.set_xlabel("predicted probability")
        lower.set_ylabel("cases")
        lower.xaxis.set_major_formatter(_percent_tick)

    return draw(
        paint,
        name="reliability",
        label=f"Reliability: the calibration error is {said}; below, a histogram of predictions.",
        height=340,
    )


def risk_coverage_curve(
    curves: Mapping[str, RiskCoverage],
    *,
    budget: float | None = None,
    chosen: tuple[float, float] | None = None,
) -> Html:
    """Errors among what is decided, by the share that is decided; up to four, the first ours.

    Args:
        curves: by name, of `research.inference.risk_coverage`.
        budget: the share of errors that is allowed for, as a line.
        chosen: coverage and risk of what the rules decide, as a point.

    Raises:
        ValueError: no curve, or more than four.
    """
    if not 1 <= len(curves) <= len(_LINES):
        raise ValueError(f"expected 1 to {len(_LINES)} curves, found {len(curves)}")

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for line, (name, curve) in zip(_LINES, curves.items(), strict=False):
            axes.plot(curve.coverage, curve.risk, label=f"{name} {decimal(curve.area)}", **line)
        if budget is not None:
            axes.axhline(budget, color=Colour.INK.value, linewidth=1, linestyle=(0, (2, 2)))
            axes.annotate(
                f"budget {percent(budget)}",
                (0, budget),
                xytext=(4, 4),
                textcoords="offset points",
                color=Colour.MUTED.value,
            )
        if chosen is not None:
            axes.plot(*chosen, "o", color=Colour.INK.value, markersize=7, zorder=5)
        axes.set(xlim=(0, 1), ylim=(0, None))
        axes.xaxis.set_major_formatter(_percent_tick)
        axes.yaxis.set_major_formatter(lambda value, _: percent(value))
        axes.set_xlabel("share decided, the surest first")
        axes.set_ylabel("share wrong among them")
        _legend(axes, "upper left", title="mean over coverages")

    listed = ", ".join(f"{name} {decimal(curve.area)}" for name, curve in curves.items())
    return draw(paint, name="risk-coverage", label=f"Risk by coverage; mean risk: {listed}.")


def _curve(
    history: Sequence[Mapping[str, Any]], part: str, metric: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = [(r["step"], r[part][metric]) for r in history if metric in (r.get(part) or {})]
    array = np.asarray(points, np.float64).reshape(-1, 2)
    array = array[np.isfinite(array).all(axis=1)]
    return array[:, 0], array[:, 1]


def _floats(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, np.float64)


def _area(false: ArrayLike, true: ArrayLike) -> float:
    return float(np.trapezoid(_floats(true), _floats(false)))


def _error(bins: Mapping[str, Any]) -> str:
    error = bins.get("error")
    return NOTHING if error is None else decimal(error)


def _diagonal(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color=Colour.LINE.value, linewidth=1.25, zorder=1)


def _unit_square(axes: Axes) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xticks=np.linspace(0, 1, 6), yticks=np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(_percent_tick)
    axes.yaxis.set_major_formatter(_percent_tick)


def _percent_tick(value: float, _position: float = 0) -> str:
    return percent(value, 0)


def _grouped(value: float, _position: float = 0) -> str:
    return count(value)


def _legend(axes: Axes, place: _Corner, *, title: str | None = None) -> None:
    legend = axes.legend(loc=place, title=title, alignment="left", handlelength=2.2)
    legend.get_title().set_color(Colour.MUTED.value)


def _note(axes: Axes, text: str, *, at: float) -> None:
    """A word above a vertical line, within the axes."""
    low, high = axes.get_xlim()
    place = (at - low) / (high - low)
    axes.annotate(
        text,
        (at, 1.0),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 5),
        textcoords="offset points",
        ha="right" if place > 0.85 else "left" if place < 0.15 else "center",
        color=Colour.MUTED.value,
    )
