"""The sections with pictures: examples of each outcome, errors, and what is no picture of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.images.output import Results, outcome_shares
from experiments.report import (
    Column,
    Html,
    Section,
    Tone,
    badge,
    captioned,
    element,
    join,
    picture,
    table,
)
from experiments.report.formats import count, percent

__all__ = ["missed", "outcomes", "strangers"]

_SHOWN, _MISSES, _STRANGERS = 16, 32, 8
_HEADINGS = {
    "accept": "Accepted, the least certain first",
    "human": "Sent to a person, the least certain first",
    "reject": "Rejected, the strangest first",
}


def outcomes(images: NDArray[np.uint8], results: Results, tones: Mapping[str, Tone]) -> Section:
    """Pictures of each outcome, those nearest to another outcome first.

    Args:
        images: the test pictures, uint8 `[N, H, W, 1]`.
        results: what was decided about them.
        tones: the tone of each outcome.
    """
    table_ = results.table
    blocks = []
    for name, tone in tones.items():
        sure = table_["confidence"].to_numpy()
        by = -table_["distance"].to_numpy() if name == "reject" else sure
        rows = np.flatnonzero(results.outcomes == name)
        rows = rows[np.argsort(by[rows], kind="stable")]
        shown = [
            (_drawn(images[row], results, row), _caption(results, row)) for row in rows[:_SHOWN]
        ]
        heading = element("h3", badge(name, tone), Html(" "), _HEADINGS[name])
        note = f"{count(min(len(rows), _SHOWN))} of {count(len(rows))}"
        blocks += [
            heading,
            element("p", note, class_="caption"),
            captioned(shown) if shown else element("p", "None."),
        ]
    return Section(
        title="Pictures by outcome",
        lede="What the network read, its probability, and where it is wrong the truth.",
        body=join(blocks),
    )


def missed(images: NDArray[np.uint8], results: Results) -> Section:
    """Accepted pictures that were misread, the surest first.

    Args:
        images: the test pictures, uint8 `[N, H, W, 1]`.
        results: what was decided about them.
    """
    confidence = results.table["confidence"].to_numpy()
    rows = np.flatnonzero((results.outcomes == "accept") & results.mistaken)
    rows = rows[np.argsort(-confidence[rows], kind="stable")]
    shown = [(_drawn(images[row], results, row), _caption(results, row)) for row in rows[:_MISSES]]
    if len(rows) == 0:
        lede = "None: every picture that was accepted was read right."
    else:
        lede = (
            f"{count(len(shown))} of {count(len(rows))}, the surest first. Some labels of the data "
            "are wrong themselves; nobody corrected them here."
        )
    return Section(
        title="Errors that slipped through", lede=lede, body=captioned(shown) if shown else Html()
    )


def strangers(
    decided: Mapping[str, tuple[NDArray[np.uint8], pa.Table]],
    usability: Mapping[str, float],
    *,
    noun: str,
    tones: Mapping[str, Tone],
) -> Section:
    """What became of pictures that nobody should accept.

    Args:
        decided: pictures uint8 `[M, H, W, 1]` and their decisions, by what they are.
        usability: see `experiments.images.usable.Usability`.
        noun: what should be on a picture.
        tones: the tone of each outcome.
    """
    columns = [Column(title="Shows"), Column(title="Pictures", number=True)]
    columns += [Column(title=name.capitalize(), number=True) for name in tones]
    rows = []
    shown = []
    for name, (images, decisions) in decided.items():
        shares = outcome_shares(decisions)
        rows.append([name, count(len(images)), *(percent(shares[outcome]) for outcome in tones)])
        for row in range(min(len(images), _STRANGERS)):
            outcome = decisions["outcome"][row].as_py()
            words = join((badge(outcome, tones[outcome]), element("div", name)))
            drawn = picture(images[row, ..., 0] / 255, label=f"{name}: {outcome}")
            shown.append((drawn, words))
    return Section(
        title=f"What is no {noun}",
        lede=(
            f"A network reads something into every picture. {percent(1 - usability['refused'])} of "
            f"the validation pictures are within {usability['far']:.1f} standard deviations of the "
            "nearest class, by the network's features; what is farther is rejected. A picture of "
            "something else is farther than one of ours in "
            f"{percent(usability['auc'])} of all pairs. What is neither accepted nor rejected, a "
            "person sees."
        ),
        body=join(
            (
                table(columns, rows, caption="Shares of the outcomes"),
                captioned(shown),
            )
        ),
    )


def _drawn(image: NDArray[np.uint8], results: Results, row: int) -> Html:
    kind = results.table["kind"][row].as_py()
    return picture(image[..., 0] / 255, label=f"A picture, read as {kind}")


def _caption(results: Results, row: int) -> Html:
    kind: Any = results.table["kind"][int(row)].as_py()
    sure = float(results.table["confidence"][int(row)].as_py())
    parts = [element("strong", kind), element("div", percent(sure, 1))]
    if results.mistaken[row]:
        parts.append(element("div", f"is {results.classes[results.labels[row]]}"))
    return join(parts)
