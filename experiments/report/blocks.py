"""The pieces a section is put together from: cards, badges, figures, folded details."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from experiments.report.formats import percent
from experiments.report.markup import Html, element, join
from experiments.report.tones import Tone

__all__ = [
    "Card",
    "badge",
    "cards",
    "code",
    "definitions",
    "details",
    "figure",
    "paragraph",
    "share_bar",
    "side_by_side",
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Card:
    """A key figure: what it is, its value, and what to compare it with."""

    label: str
    value: str
    note: str


def cards(items: Sequence[Card]) -> Html:
    """Key figures in a row that wraps."""
    return element(
        "dl",
        *(
            element(
                "div",
                element("dt", card.label),
                element("dd", card.value, class_="value"),
                element("dd", card.note, class_="note"),
            )
            for card in items
        ),
        class_="cards",
    )


def badge(text: str, tone: Tone) -> Html:
    """An outcome: its tone's sign and colour, and its name."""
    sign = element("span", tone.sign, aria_hidden="true")
    return element("span", sign, Html(" "), text, class_=f"badge {tone.value}")


def share_bar(shares: Mapping[str, float], tones: Mapping[str, Tone]) -> Html:
    """One bar cut into the shares of the outcomes, with a legend in words.

    Args:
        shares: by outcome, adding up to 1.
        tones: the tone of each outcome.
    """
    parts = (
        element("span", class_=tones[name].value, style=f"flex-grow:{share:.4f}")
        for name, share in shares.items()
        if share > 0
    )
    legend = (
        element(
            "li",
            element("strong", percent(share, 0), class_="value"),
            badge(name, tones[name]),
        )
        for name, share in shares.items()
    )
    return element(
        "div",
        element("div", *parts, class_="bar", aria_hidden="true"),
        element("ul", *legend),
        class_="shares",
    )


def figure(drawing: Html, *, title: str, caption: str = "") -> Html:
    """A drawing with its title above and, optionally, a caption below."""
    below = element("p", caption, class_="caption") if caption else Html()
    return element("figure", element("figcaption", title), drawing, below)


def side_by_side(blocks: Iterable[Html]) -> Html:
    """Blocks in columns, one below the other where the page is narrow."""
    return element("div", *blocks, class_="columns")


def details(summary: str, body: Html, *, opened: bool = False, class_: str | None = None) -> Html:
    """A part that the reader unfolds."""
    return element("details", element("summary", summary), body, open=opened, class_=class_)


def definitions(pairs: Mapping[str, str]) -> Html:
    """Names with their values."""
    return element(
        "dl",
        *(element("div", element("dt", name), element("dd", text)) for name, text in pairs.items()),
        class_="definitions",
    )


def code(text: str, *, label: str) -> Html:
    """Preformatted text that scrolls sideways on its own, reachable by keyboard."""
    return element("pre", element("code", text), tabindex="0", role="region", aria_label=label)


def paragraph(*parts: str, class_: str | None = None) -> Html:
    """A paragraph of text and `Html`."""
    return element("p", join(parts), class_=class_)
