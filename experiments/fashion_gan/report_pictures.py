"""The sections with pictures: what passed, what did not, how the GAN learned, walks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.fashion_gan.data import CLASSES
from experiments.fashion_gan.deciding import DecidedSamples
from experiments.fashion_gan.samples import grid
from experiments.report import (
    Html,
    Section,
    captioned,
    element,
    figure,
    join,
    moving_picture,
    picture,
    side_by_side,
)
from experiments.report.formats import count, percent
from rules import Ruleset

__all__ = ["beside", "learning", "passed", "rejected", "walks"]

_PER_CLASS, _COLUMNS, _PER_RULE = 16, 8, 8

Images = NDArray[np.float32]


def passed(decided: DecidedSamples) -> Section:
    """Per class, the accepted samples that the critic finds most real."""
    items = np.array(decided.table["item"].to_pylist())
    realism = decided.table["realism"].to_numpy()
    rows = []
    for name in CLASSES:
        found = np.flatnonzero(decided.accepted & (items == name))
        best = found[np.argsort(-realism[found])][:_PER_CLASS]
        if len(best):
            drawing = picture(
                grid(decided.images[best], columns=_COLUMNS),
                label=f"{len(best)} generated images of the kind {name}",
            )
            rows.append(element("div", element("h3", f"{name}: {count(len(found))}"), drawing))
    return Section(
        title="What passed, kind by kind",
        lede=(
            f"Of each kind, by the judge's word, up to {_PER_CLASS} accepted images that the "
            "critic finds most real, and how many there are."
        ),
        body=side_by_side(rows) if rows else element("p", "No sample passed the gate."),
    )


def learning(grids: Mapping[int, NDArray[np.float32]]) -> Section:
    """The same samples at every evaluation, as a film and side by side."""
    if not grids:
        return Section(title="Learning to draw", body=element("p", "No grids were kept."))
    steps = list(grids)
    film = moving_picture(
        list(grids.values()), label=f"The same 64 samples from step {steps[0]} to {steps[-1]}"
    )
    # The first, one early on and the last: most is learnt in the beginning.
    shown = dict.fromkeys((steps[-1], steps[0], steps[min(1, len(steps) - 1)]))
    stills = [
        figure(
            picture(grids[step], label=f"64 samples at step {step}"), title=f"Step {count(step)}"
        )
        for step in shown
    ]
    return Section(
        title="Learning to draw",
        lede=f"The same 64 numbers at each of {count(len(grids))} evaluations.",
        body=side_by_side((figure(film, title="From first to last"), *stills)),
    )


def walks(between: Sequence[Images]) -> Section:
    """From one accepted sample to the next, in equal steps."""
    rows = [
        picture(grid(walk, columns=len(walk)), label="A garment that turns into another one")
        for walk in between
    ]
    return Section(
        title="From one garment to another",
        lede=(
            "Each row walks from one accepted sample's noise to the next one's. A GAN that had "
            "only learnt images by heart would jump."
        ),
        body=join(rows) if rows else element("p", "Fewer than two samples passed the gate."),
    )


def rejected(decided: DecidedSamples, ruleset: Ruleset) -> Section:
    """The first samples that each rule rejected, with their reasons."""
    deciders = np.array(decided.table["rule"].to_pylist())
    reasons = decided.table["reason"].to_pylist()
    parts = []
    for rule in ruleset.ranked:
        found = np.flatnonzero(~decided.accepted & (deciders == rule.name))
        if not len(found):
            continue
        shown = [
            (
                picture((decided.images[row, ..., 0] + 1) / 2, label="A rejected sample"),
                Html(element("div", reasons[row])),
            )
            for row in found[:_PER_RULE]
        ]
        share = percent(len(found) / len(deciders))
        parts += [element("h3", f"{rule.title}: {count(len(found))} ({share})"), captioned(shown)]
    return Section(
        title="What was rejected, and why",
        lede=f"The first {_PER_RULE} that each rule decided.",
        body=join(parts) if parts else element("p", "Every sample passed."),
    )


def beside(neighbours: Sequence[tuple[Images, Images]]) -> Html:
    """Samples, each above the training image that it comes nearest to."""
    shown = []
    for sample, training in neighbours:
        pair = np.stack([sample, training])[..., None]
        shown.append(
            (
                picture(grid(pair, columns=1), label="A sample above its nearest training image"),
                Html(element("div", "sample, training")),
            )
        )
    return captioned(shown) if shown else element("p", "No sample passed the gate.")
