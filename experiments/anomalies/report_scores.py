"""The sections on scores: how far usual and strange lie apart, and pictures in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.report import (
    Cell,
    Column,
    Html,
    Section,
    Tone,
    badge,
    captioned,
    element,
    figure,
    join,
    picture,
    table,
)
from experiments.report.formats import decimal
from experiments.report.svg import Colour, draw

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["gallery", "section"]

Pictures = NDArray[np.floating[Any]]
_SHOWN = 10


def section(
    scores: NDArray[np.floating[Any]],
    kinds: NDArray[np.str_],
    models: Sequence[Mapping[str, Any]],
) -> Section:
    """How each kind's scores are distributed, and how well each detector tells them apart.

    Args:
        scores: of the model that decided, positive, `[N]`.
        kinds: what each picture is, `[N]`; the first is the usual kind.
        models: `name`, `auroc`, and `by_kind`, ours first.
    """
    names = list(models[0]["by_kind"])
    every = ["auroc", *names]

    def value(model: Mapping[str, Any], name: str) -> float:
        return float(model["auroc"] if name == "auroc" else model["by_kind"][name])

    best = {name: max(value(model, name) for model in models) for name in every}
    rows: list[list[Cell | str]] = [
        [
            model["name"],
            *(
                Cell(content=decimal(value(model, name)), best=value(model, name) == best[name])
                for name in every
            ),
        ]
        for model in models
    ]
    columns = [Column(title="Detector"), Column(title="All ↑", number=True)]
    columns += [Column(title=name.capitalize(), number=True) for name in names]
    return Section(
        title="How far apart they lie",
        lede="AUROC: the chance that a strange picture scores above a digit; 0.5 is guessing.",
        body=join(
            (
                figure(
                    _histograms(scores, kinds),
                    title="Scores by kind",
                    caption="Squared error per pixel, on a logarithmic axis; a line at the median.",
                ),
                table(
                    columns, rows, caption="Held-out pictures; the best of each column stands out"
                ),
            )
        ),
    )


def gallery(
    pictures: Pictures,
    drawn: Pictures,
    kinds: NDArray[np.str_],
    scores: NDArray[np.floating[Any]],
    outcomes: NDArray[np.str_],
    tones: Mapping[str, Tone],
) -> Section:
    """Pictures of each kind from the lowest to the highest score, with what was drawn.

    Args:
        pictures: `[N, H, W]`.
        drawn: as drawn again, `[N, H, W]`.
        kinds: what each is, `[N]`.
        scores: `[N]`.
        outcomes: what was decided, `[N]`.
        tones: the tone of each outcome.
    """

    def row(kind: str) -> Html:
        order = np.flatnonzero(kinds == kind)
        order = order[np.argsort(scores[order], kind="stable")]
        places = np.linspace(0, len(order) - 1, min(_SHOWN, len(order))).round().astype(int)
        shown = [
            (
                join(
                    (
                        picture(pictures[index], label=f"A {kind}"),
                        picture(drawn[index], label="Drawn again"),
                    )
                ),
                join((badge(outcomes[index], tones[outcomes[index]]), decimal(scores[index]))),
            )
            for index in order[places].tolist()
        ]
        return join((element("h3", kind.capitalize()), captioned(shown)))

    return Section(
        title="Pictures by score",
        lede="Of each kind ten, evenly spaced from the least strange to the strangest: the "
        "picture, what was drawn, the decision and the score.",
        body=join(row(kind) for kind in dict.fromkeys(kinds.tolist())),
    )


def _histograms(scores: NDArray[np.floating[Any]], kinds: NDArray[np.str_]) -> Html:
    names = list(dict.fromkeys(kinds.tolist()))
    logs = np.log10(np.maximum(np.asarray(scores, np.float64), 1e-6))
    edges = np.linspace(logs.min(), logs.max() + 1e-9, 60)
    medians = {name: float(np.median(logs[kinds == name])) for name in names}

    def paint(figure: Figure) -> None:
        panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
        for index, (axes, name) in enumerate(zip(panels, names, strict=True)):
            colour = Colour.ACCENT if index == 0 else Colour.NEUTRAL
            axes.hist(logs[kinds == name], bins=edges, color=colour.value)
            axes.axvline(medians[name], color=Colour.INK.value, linewidth=1)
            axes.set_yticks([])
            axes.set_ylabel(name, rotation=0, ha="right", va="center")
            axes.grid(visible=False)
        panels[-1].xaxis.set_major_formatter(lambda value, _: f"{10**value:.2g}")
        panels[-1].set_xlabel("score")

    listed = ", ".join(f"{name} {10**median:.3g}" for name, median in medians.items())
    return draw(
        paint,
        name="scores",
        label=f"Histograms of scores by kind; medians: {listed}.",
        width=860,
        height=60 + 52 * len(names),
    )
