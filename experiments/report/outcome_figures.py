"""What decisions lead to: how many of each, how often it went wrong, what it is worth."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.report.formats import count, percent, signed
from experiments.report.markup import Html
from experiments.report.svg import Colour, draw
from experiments.report.tones import Tone
from research.inference.rates import Rate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Balance", "balance_bars", "event_rates", "outcome_bars"]


def outcome_bars(counts: Mapping[str, int], tones: Mapping[str, Tone]) -> Html:
    """How many cases each outcome got, with its share.

    Args:
        counts: cases by outcome, in the order to show.
        tones: the tone of each outcome.
    """
    total = sum(counts.values())
    shares = {name: n / total if total else 0.0 for name, n in counts.items()}

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for row, (name, n) in enumerate(counts.items()):
            axes.barh(row, n, height=0.56, color=_colour(tones[name]))
            _beside(axes, f"{count(n)}  ({percent(shares[name], 0)})", x=n, y=row)
        _rows(axes, counts, tones)
        axes.set_xlim(0, 1.28 * max([*counts.values(), 1]))
        axes.xaxis.set_visible(False)

    listed = ", ".join(f"{name} {count(n)} ({percent(shares[name])})" for name, n in counts.items())
    return draw(
        paint, name="outcomes", label=f"Cases by outcome: {listed}.", height=_height(counts)
    )


def event_rates(
    rates: Mapping[str, Rate],
    overall: Rate,
    tones: Mapping[str, Tone],
    *,
    event: str,
    among: str = "all cases",
    intervals: bool = True,
) -> Html:
    """How often the event came about per outcome, with 95 % Wilson intervals or as plain bars.

    Args:
        rates: by outcome, in the order to show; an outcome without cases shows no point.
        overall: what to compare with; a vertical line.
        tones: the tone of each outcome.
        event: what is counted, for the label: `default`.
        among: what `overall` is about.
        intervals: False where the cases are not independent, which the intervals assume.
    """

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axvline(overall.share, color=Colour.MUTED.value, linewidth=1, linestyle=(0, (3, 2)))
        highest = overall.share
        for row, (name, rate) in enumerate(rates.items()):
            if not rate.cases:
                continue
            low, high = rate.interval if intervals else (0.0, rate.share)
            highest = max(highest, high)
            colour = _colour(tones[name])
            if intervals:
                axes.plot([low, high], [row, row], color=colour, linewidth=3, alpha=0.55)
                axes.plot(rate.share, row, "o", color=colour, markersize=9, clip_on=False)
            else:
                axes.barh(row, rate.share, height=0.5, color=colour)
            _beside(axes, percent(rate.share), x=high, y=row)
        _rows(axes, rates, tones)
        limit = min(1.25 * highest + 0.02, 1.0)
        axes.set_xlim(0, limit)
        axes.set_xticks([tick for tick in axes.get_xticks() if 0 <= tick <= limit])
        axes.xaxis.set_major_formatter(lambda value, _: percent(value, 0))
        axes.annotate(
            f"{among} {percent(overall.share)}",
            (overall.share, 1.0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            color=Colour.MUTED.value,
        )

    listed = ", ".join(f"{name} {percent(rate.share)}" for name, rate in rates.items())
    return draw(
        paint,
        name="event-rates",
        label=f"Rate of {event} by outcome: {listed}; {among} {percent(overall.share)}.",
        height=_height(rates) + 40,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Balance:
    """What one way to decide earns and costs, all in one unit, costs as positive numbers."""

    name: str
    earned: float
    lost: float
    spent: float

    @property
    def result(self) -> float:
        """Earned less lost and spent."""
        return self.earned - self.lost - self.spent


def balance_bars(balances: Sequence[Balance], *, unit: str) -> Html:
    """Earnings to the right, losses and costs to the left, a diamond at the result.

    Args:
        balances: from top to bottom.
        unit: of the numbers, for the axis: `thousands`.
    """

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for row, balance in enumerate(balances):
            bars = (
                ("earned", 0.0, balance.earned, Tone.GOOD, None),
                ("lost", -balance.lost, balance.lost, Tone.BAD, None),
                ("reviews", -balance.lost - balance.spent, balance.spent, Tone.WARN, "////"),
            )
            for label, left, width, tone, hatch in bars:
                axes.barh(
                    row,
                    width,
                    left=left,
                    height=0.5,
                    color=_colour(tone),
                    hatch=hatch,
                    label=label if row == 0 else None,
                )
            axes.plot(
                balance.result,
                row,
                "D",
                color=Colour.INK.value,
                markeredgecolor=Colour.PAPER.value,
                markersize=9,
                label="result" if row == 0 else None,
                linestyle="none",
            )
            right = max(balance.earned, balance.result)
            _beside(axes, signed(balance.result), x=right, y=row, weight="bold")
        axes.axvline(0, color=Colour.MUTED.value, linewidth=1)
        axes.set_yticks(range(len(balances)), [balance.name for balance in balances])
        axes.invert_yaxis()
        axes.tick_params(axis="y", labelcolor=Colour.INK.value)
        axes.grid(visible=False, axis="y")
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.margins(x=0.16)
        axes.set_xlabel(unit)
        axes.xaxis.set_major_formatter(lambda value, _: count(value))
        figure.legend(loc="outside upper left", ncols=4, handlelength=1.0, columnspacing=1.1)

    listed = ", ".join(f"{balance.name} {signed(balance.result)}" for balance in balances)
    return draw(
        paint,
        name="balance",
        label=f"Result in {unit}: {listed}.",
        height=100 + 60 * len(balances),
    )


def _rows(axes: Axes, names: Mapping[str, object], tones: Mapping[str, Tone]) -> None:
    axes.set_yticks(range(len(names)), [f"{tones[name].sign} {name}" for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", labelcolor=Colour.INK.value, labelsize=13)
    axes.grid(visible=False, axis="y")
    axes.spines[["left", "bottom"]].set_visible(False)


def _beside(axes: Axes, text: str, *, x: float, y: float, weight: str = "normal") -> None:
    """A label a little to the right of a point."""
    if math.isfinite(x):
        axes.annotate(
            text, (x, y), xytext=(8, 0), textcoords="offset points", va="center", weight=weight
        )


def _height(rows: Mapping[str, object]) -> int:
    return 40 + 46 * len(rows)


def _colour(tone: Tone) -> str:
    return Colour[tone.name].value
