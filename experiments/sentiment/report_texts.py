"""Texts as the network read them: each word coloured by the attention that it got."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from experiments.report import Html, Tone, badge, element, join
from experiments.report.formats import percent, signed

__all__ = ["Reading", "readings"]

_STRONGEST = 60  # percent of the colour, for the word with the most attention
_CLOSES = frozenset({".", ",", "!", "?", ";", ":", ")", "]", "%", "n't", "'s"})
_OPENS = frozenset({"(", "[", "$", "#"})


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """One text and what was made of it.

    Attributes:
        words: as the network reads them.
        attention: the weight of each, `[T]`, T at least the number of words; zeros for none.
        negative: probability that people find it negative.
        rating: the estimate of what people rate it.
        truth: what they do rate it.
        outcome: what was decided.
        reason: why.
        source: where the text is from.
    """

    words: Sequence[str]
    attention: np.ndarray
    negative: float
    rating: float
    truth: float
    outcome: str
    reason: str
    source: str


def readings(chosen: Iterable[Reading], tones: dict[str, Tone]) -> Html:
    """Texts one below the other, each with its outcome, its reason, and what people say."""
    return join(_reading(one, tones) for one in chosen)


def _reading(one: Reading, tones: dict[str, Tone]) -> Html:
    said = (
        f"{one.source} · negative at {percent(one.negative, 0)}, estimated "
        f"{signed(one.rating)}, rated {signed(one.truth)} by people"
    )
    return element(
        "div",
        element("p", _coloured(one), class_="reading"),
        element("p", badge(one.outcome, tones[one.outcome]), " ", one.reason, class_="caption"),
        element("p", said, class_="caption"),
        class_="number-story",
    )


def _coloured(one: Reading) -> Html:
    colour = "bad" if one.rating < 0 else "good"
    weights = np.asarray(one.attention[: len(one.words)], np.float64)
    if not weights.any():
        return join(one.words)
    shares = weights / weights.max()
    parts: list[Html | str] = []
    for position, (word, share) in enumerate(zip(one.words, shares, strict=True)):
        before = one.words[position - 1] if position else "("
        if word not in _CLOSES and before not in _OPENS:
            parts.append(" ")
        mixed = f"background:color-mix(in srgb, var(--{colour}) {_STRONGEST * share:.0f}%"
        parts.append(element("span", word, style=f"{mixed}, transparent)"))
    return join(parts)
