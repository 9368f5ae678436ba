"""The page: one file that says all that the explanation says."""

from __future__ import annotations

import dataclasses
import html.parser

import pytest

from rules.explain import explain, page, why_not
from tests.rules.engines.building import above, rule, ruleset
from tests.rules.explain.policies import POLICY, applicant

VOID = {"meta", "!doctype"}


class Checked(html.parser.HTMLParser):
    """Fails on tags that do not match; collects text and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name in ("src", "href") or name.startswith("on") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"earns": {}},
        {"earns": None},
        {"p_fraud": 0.99},
        {"p_fraud": None},
        {"barred": ["zoe"], "late": [1, 2, 3]},
    ],
)
def test_a_page_is_whole_and_fetches_nothing(changes: dict[str, object]) -> None:
    case = applicant(**changes)
    found = explain(POLICY, case)
    others = [why_not(POLICY, case, outcome) for outcome in ("approve", "refer", "reject")]
    checked = Checked(page(found, others))
    text = "".join(checked.text)
    assert found.reason in text and found.sha256 in text and found.rule in text
    assert "script" not in checked.tags and "details" in checked.tags
    for need in found.needed:
        assert need in text
    for item in found.rules:
        assert item.name in text
    assert "Why not" in text and "did come out" in text


def test_texts_are_escaped() -> None:
    item = rule("r", "reject", above("x", 0.0))
    wild = dataclasses.replace(item, title="<script>alert(1)</script> & co", because=("<b>",))
    found = page(explain(ruleset([wild]), {"x": 1, "y": 1}))
    assert "<script>" not in found and "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in found
    assert "&lt;b&gt;" in found


def test_what_nothing_gives() -> None:
    small = ruleset([], default="approve")
    told = page(explain(small, {}), [why_not(small, {}, "reject")])
    assert "No rule gives reject" in told
