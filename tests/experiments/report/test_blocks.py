from __future__ import annotations

from types import SimpleNamespace

import pytest

import rules
from experiments.report import (
    Card,
    Html,
    Tone,
    badge,
    cards,
    code,
    definitions,
    details,
    figure,
    paragraph,
    provenance,
    share_bar,
    side_by_side,
)

NASTY = '<img src=x onerror="alert(1)">'


RULES = """ruleset r version 1
input x: float
decide outcome in {a, b}
    policy first
    default a
    unknown b
rule always "x is positive"
    outcome = b
    if x > 0
"""


def made(config: dict[str, object], *, name: str, more: dict[str, str]) -> str:
    report = SimpleNamespace(
        config=config,
        data={"name": name, "source": name, "licence": name, "rows": 1234},
        versions={"jax": "0.10.2"},
        created="today",
    )
    ruleset = rules.parse(RULES)
    return provenance(report, examples="rows", rulesets=(ruleset,), step=5, more=more).body


@pytest.mark.parametrize(
    "block",
    [
        cards([Card(label=NASTY, value=NASTY, note=NASTY)]),
        badge(NASTY, Tone.BAD),
        code(NASTY, label=NASTY),
        definitions({NASTY: NASTY}),
        details(NASTY, Html()),
        figure(Html("<svg></svg>"), title=NASTY, caption=NASTY),
        paragraph(NASTY, Html("<b>fine</b>")),
        share_bar({NASTY: 1.0}, {NASTY: Tone.GOOD}),
        made({NASTY: NASTY}, name=NASTY, more={NASTY: NASTY}),
    ],
)
def test_text_cannot_break_out(block: str) -> None:
    assert "<img" not in block
    assert "&lt;img" in block


@pytest.mark.parametrize("tone", Tone)
def test_an_outcome_is_never_told_by_colour_alone(tone: Tone) -> None:
    found = badge("approve", tone)
    assert tone.sign in found
    assert "approve" in found
    assert len({each.sign for each in Tone}) == len(Tone)


def test_share_bar_leaves_out_what_is_empty_but_names_it() -> None:
    tones = {"a": Tone.GOOD, "b": Tone.BAD}
    found = share_bar({"a": 1.0, "b": 0.0}, tones)
    assert found.count("flex-grow") == 1
    assert found.count("<li>") == 2
    assert "100%" in found


def test_details_can_be_open() -> None:
    assert details("s", Html("b"), opened=True).startswith("<details open>")
    assert details("s", Html("b"), class_="c").startswith('<details class="c">')


def test_a_figure_without_a_caption() -> None:
    assert 'caption">' not in figure(Html("<svg></svg>"), title="t").replace("figcaption>", "")


def test_side_by_side_keeps_order() -> None:
    assert side_by_side([Html("<i>1</i>"), Html("<i>2</i>")]) == (
        '<div class="columns"><i>1</i><i>2</i></div>'
    )


def test_provenance_tells_all_and_folds_config_and_rules() -> None:
    page = made({"seed": 0, "hidden": (64, 64)}, name="scans", more={"Method": "none"})
    ruleset = rules.parse(RULES)
    for told in ("scans: 1,234 rows", "step 5", "jax 0.10.2", "today", "none", ruleset.sha256):
        assert told in page
    assert "&quot;seed&quot;: 0" in page and "rule always" in page
    assert page.count("<details") == 2
