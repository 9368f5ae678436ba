from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.report.markup import Html, element, escape, join

ANY_TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")))


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


@given(ANY_TEXT, ANY_TEXT)
def test_any_text_comes_back_as_it_went_in(text: str, attribute: str) -> None:
    reader = read(element("p", text, title=attribute))
    assert reader.tags == [("p", {"title": attribute})]
    assert reader.text == text


def test_html_is_not_escaped_twice() -> None:
    inner = element("b", "1 < 2")
    assert element("p", inner, " & more") == "<p><b>1 &lt; 2</b> &amp; more</p>"
    assert escape(inner) is inner


def test_attributes() -> None:
    found = element("a", class_="x", aria_label="y", open=True, hidden=False, title=None)
    assert found == '<a class="x" aria-label="y" open></a>'


def test_attribute_values_are_escaped_even_when_html() -> None:
    assert element("a", title=Html('"<b>')) == '<a title="&quot;&lt;b&gt;"></a>'


def test_join_escapes_parts_and_separator() -> None:
    assert join(["<", Html("<br>")], " & ") == "&lt; &amp; <br>"
    assert isinstance(join([]), Html)


def test_void_elements_have_no_end_and_no_children() -> None:
    assert element("img", alt="a") == '<img alt="a">'
    with pytest.raises(ValueError, match=r"<br> cannot hold anything, found 1 children"):
        element("br", "text")
