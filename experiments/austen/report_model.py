"""The sections on the model: what a character costs, and where the surprises are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.austen.surprise import Surprise
from experiments.report import (
    Cell,
    Column,
    Html,
    Section,
    Tone,
    element,
    figure,
    join,
    learning_curves,
    side_by_side,
    table,
)
from experiments.report.formats import NOTHING, count, decimal

__all__ = ["bits", "surprise"]

_PARAGRAPHS, _SENTENCES = 2, 5
_LEAST_WORDS = 5
_DARKEST = 8.0  # nats at which a token is shaded fully


def bits(evaluation: Mapping[str, Any], history: Sequence[Mapping[str, Any]], step: int) -> Section:
    """Bits per character beside n-grams and compressors, and how the model learned."""
    models = evaluation["models"]
    best = min(model["bits"] for model in models)
    most = max(model["bits"] for model in models)
    rows = [
        [
            Cell(content=model["name"]),
            Cell(
                content=decimal(model["bits"]),
                bar=model["bits"] / most,
                tone=Tone.CHANGED if model is models[0] else Tone.NEUTRAL,
                best=model["bits"] == best,
            ),
            Cell(content=NOTHING if model["validation"] is None else decimal(model["validation"])),
        ]
        for model in models
    ]
    columns = (
        Column(title="Model"),
        Column(title="Bits per character ↓", number=True, hint="Chapters 13 to 24"),
        Column(title="Validation", number=True, hint="Chapters 1 to 12", minor=True),
    )
    characters = evaluation["characters"]
    return Section(
        title="What a character costs",
        lede=(
            f"Trained on {count(characters['training'])} characters of five novels; a token "
            f"has {decimal(evaluation['characters_per_token'], 1)} characters on average, and all "
            "bits are counted against the same characters."
        ),
        body=side_by_side(
            (
                table(columns, rows, caption="Unseen chapters of “Persuasion”"),
                figure(
                    learning_curves(history, step),
                    title="Learning",
                    caption="Nats per token.",
                ),
            )
        ),
    )


def surprise(paragraphs: Sequence[Surprise]) -> Section:
    """Paragraphs shaded by surprise, and the most and least surprising sentences."""
    long = sorted(paragraphs, key=lambda paragraph: -len(paragraph.tokens))[:_PARAGRAPHS]
    sentences = sorted(
        (
            sentence
            for paragraph in paragraphs
            for sentence in paragraph.sentences
            if len(sentence.text.split()) >= _LEAST_WORDS
        ),
        key=lambda sentence: sentence.perplexity,
    )
    return Section(
        title="Where the model is surprised",
        lede="The darker a token, the less probable the model found it where it stands.",
        body=join(
            (
                *(_shaded(paragraph) for paragraph in long),
                side_by_side(
                    (
                        _sentences(sentences[:_SENTENCES], "Least surprising sentences"),
                        _sentences(sentences[: -_SENTENCES - 1 : -1], "Most surprising sentences"),
                    )
                ),
            )
        ),
    )


def _shaded(paragraph: Surprise) -> Html:
    return element(
        "p",
        *(
            element("span", token, title=f"{nats:.2f} nats", style=_shade(nats))
            for token, nats in zip(paragraph.tokens, paragraph.nats, strict=True)
        ),
        class_="reading",
    )


def _shade(nats: float) -> str:
    share = 70 * min(nats / _DARKEST, 1)
    return f"background:color-mix(in srgb, var(--warn) {share:.0f}%, transparent)"


def _sentences(sentences: Sequence[Surprise], caption: str) -> Html:
    columns = (
        Column(title="Sentence"),
        Column(title="Perplexity", number=True, hint="Per token"),
        Column(title="Bits per character", number=True, minor=True),
    )
    rows = [[s.text.strip(), decimal(s.perplexity, 1), decimal(s.bits, 2)] for s in sentences]
    return table(columns, rows, caption=caption)
