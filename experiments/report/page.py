"""One self-contained HTML page: no script, no request to anywhere."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from experiments.report.markup import Html, element, join

__all__ = ["Section", "page"]

# The browser holds the page to its promise of asking nobody for anything.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page.

    Attributes:
        title: its heading, also listed at the top of the page.
        body: what it holds.
        lede: one paragraph that says what there is to see.
    """

    title: str
    body: Html
    lede: str = ""

    @property
    def anchor(self) -> str:
        """The title as a fragment identifier: `how-good-the-model-is`."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def page(
    *,
    title: str,
    subtitle: str,
    sections: Sequence[Section],
    footer: Section,
    headline: Html | None = None,
) -> str:
    """The whole document.

    Args:
        title: of the page and of the browser's tab.
        subtitle: one line below it.
        sections: in the order of the story.
        footer: the last section, set smaller: where the page comes from.
        headline: the few figures that matter, before the first section.

    Raises:
        ValueError: two sections have the same anchor, so links to them would be ambiguous.
    """
    chapters = (*sections, footer)
    anchors = Counter(section.anchor for section in chapters)
    repeated = sorted(anchor for anchor, times in anchors.items() if times > 1)
    if repeated:
        raise ValueError(f"sections need distinct titles, found more than one #{repeated[0]}")
    style = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        element("title", title),
        element("style", Html(style)),
    )
    body = element(
        "body",
        element(
            "header",
            element("h1", title),
            element("p", subtitle, class_="subtitle"),
            _contents(chapters),
        ),
        element("main", headline or Html(), *map(_section, sections)),
        element("footer", _section(footer)),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _contents(sections: Sequence[Section]) -> Html:
    links = [element("a", section.title, href=f"#{section.anchor}") for section in sections]
    return element("nav", join(links, " "), aria_label="Contents")


def _section(section: Section) -> Html:
    heading = f"{section.anchor}-heading"
    lede = element("p", section.lede, class_="lede") if section.lede else Html()
    return element(
        "section",
        element("h2", section.title, id=heading),
        lede,
        section.body,
        id=section.anchor,
        aria_labelledby=heading,
    )
