from __future__ import annotations

import re

import pytest

from experiments.report import Html, Section, page

FOOTER = Section(title="How it was made", body=Html("<p>by hand</p>"))


def test_a_page_holds_its_parts_in_order_and_escaped() -> None:
    found = page(
        title="A <b>",
        subtitle="1 < 2",
        headline=Html("<p>figures</p>"),
        sections=[
            Section(title="First & last", body=Html("<p>one</p>"), lede="<lede>"),
            Section(title="Second", body=Html("<p>two</p>")),
        ],
        footer=FOOTER,
    )
    assert found.startswith('<!doctype html>\n<html lang="en">')
    assert "<title>A &lt;b&gt;</title>" in found
    assert "<h1>A &lt;b&gt;</h1>" in found
    assert "&lt;lede&gt;" in found
    order = ["1 &lt; 2", "<p>figures", "First &amp; last</h2>", "<p>one", "<p>two", "<p>by hand"]
    body = found[found.index("<body>") :]
    places = [body.index(part) for part in order]
    assert places == sorted(places)


def test_the_contents_link_to_every_section() -> None:
    sections = [Section(title="What it cost: all of it", body=Html())]
    found = page(title="t", subtitle="s", sections=sections, footer=FOOTER)
    links = re.findall(r'href="#([^"]+)"', found)
    assert links == ["what-it-cost-all-of-it", "how-it-was-made"]
    assert all(f'<section id="{link}"' in found for link in links)


def test_the_page_asks_nobody_for_anything() -> None:
    found = page(title="t", subtitle="s", sections=[], footer=FOOTER)
    assert "default-src 'none'" in found
    for request in ("<script", "<link", "@import", "url(", "src=", "://"):
        assert request not in found


def test_sections_with_one_anchor() -> None:
    twice = [Section(title=title, body=Html()) for title in ("Rules!", "rules?")]
    with pytest.raises(ValueError, match="distinct titles, found more than one #rules"):
        page(title="t", subtitle="s", sections=twice, footer=FOOTER)
