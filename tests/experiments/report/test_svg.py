from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from experiments.report.svg import Colour, draw


def paint(figure: Any) -> None:
    axes = figure.subplots()
    axes.plot([0, 1, 2], [1, 3, 2], "o-", color=Colour.ACCENT.value, label="a < b & 0.123456")
    axes.barh([1], [2], color=Colour.BAD.value, hatch="//")
    axes.legend()


def test_equal_drawings_are_equal_bytes() -> None:
    assert draw(paint, name="x", label="y") == draw(paint, name="x", label="y")


def test_it_is_well_formed_and_named() -> None:
    svg = draw(paint, name="one", label='1 < 2 "quoted"', width=300, height=200)
    root = ET.fromstring(svg)
    assert root.tag == "svg"
    assert root.get("role") == "img"
    assert root.get("aria-label") == '1 < 2 "quoted"'
    assert root.get("viewBox") == "0 0 300 200"


def test_colours_follow_the_theme_and_text_stays_text() -> None:
    svg = draw(paint, name="one", label="y")
    assert "#0101" not in svg
    assert "var(--accent)" in svg
    assert "var(--bad)" in svg
    assert "currentColor" in svg
    assert "a &lt; b &amp; 0.123456" in svg  # digits of a text are not rounded
    assert "font-family" not in svg


def test_nothing_points_outside() -> None:
    svg = draw(paint, name="one", label="y")
    for outside in ("http", "xlink", "<style", "<!DOCTYPE", "<metadata", "<?xml"):
        assert outside not in svg
    references = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    assert references
    assert references == set(re.findall(r' id="([^"]+)"', svg))


def test_ids_of_two_figures_differ() -> None:
    ids = [set(re.findall(r' id="([^"]+)"', draw(paint, name=n, label="y"))) for n in "ab"]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_the_settings_of_matplotlib_are_left_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw(paint, name="one", label="y")
    assert dict(matplotlib.rcParams) == before


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'rulax\[report\]'"):
        draw(paint, name="one", label="y")


def test_every_colour_has_a_value_in_the_style_sheet() -> None:
    from pathlib import Path

    import experiments.report

    css = Path(experiments.report.__file__).with_name("style.css").read_text(encoding="utf-8")
    light, dark = css.split("@media screen and (prefers-color-scheme: dark)")[:2]
    for colour in Colour:
        assert f"--{colour.name.lower()}:" in light
        assert f"--{colour.name.lower()}:" in dark
