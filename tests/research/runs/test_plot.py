import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from research.arguments import ArgumentError
from research.runs import curves_html, curves_png, read_run
from research.runs.plot import smoothed


@pytest.fixture
def figures(monkeypatch):
    """The figures that are drawn, to look into."""
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    drawn = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda self, *a, **k: (drawn.append(self), save(self, *a, **k))
    )
    return drawn


def test_the_lines_are_the_records(make, tmp_path, figures):
    runs = [read_run(make("a")), read_run(make("b", rate=0.05))]
    curves_png(runs, tmp_path / "c.png", metrics=["loss", "accuracy"])
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    (figure,) = figures
    loss, accuracy = figure.axes
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "accuracy"]
    assert len(loss.lines) == 4
    assert len(accuracy.lines) == 2
    np.testing.assert_array_equal(loss.lines[0].get_xdata(), [10, 20, 30, 40])
    np.testing.assert_allclose(loss.lines[3].get_ydata(), np.exp([-1.0, -2.0]) + 0.1)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == [runs[0].name, runs[1].name, "train", "validation"]


def test_smoothing_leaves_the_values_behind(make, tmp_path, figures):
    curves_png([read_run(make("a"))], tmp_path / "c.png", smoothing=0.9)
    raw, smooth = figures[0].axes[0].lines[:2]
    assert raw.get_alpha() == 0.25
    np.testing.assert_allclose(smooth.get_ydata(), smoothed(raw.get_ydata(), 0.9))
    labels = [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert labels == ["train", "validation"]


def test_smoothed_is_the_weighted_mean_of_the_past():
    values = [3.0, 1.0, 4.0, 1.0, 5.0]
    for at, found in enumerate(smoothed(values, 0.7)):
        weights = 0.7 ** np.arange(at, -1, -1)
        assert found == pytest.approx(np.average(values[: at + 1], weights=weights))
    assert smoothed(values, 0.0) == values
    assert smoothed([1.0, float("inf"), 1.0], 0.5) == [1.0, float("inf"), pytest.approx(1.0)]


@pytest.mark.parametrize("rate", [0.001, 0.1])
def test_a_logarithmic_axis_has_plain_labels(make, tmp_path, figures, rate):
    run = read_run(make("a", rate=rate, steps=8))
    curves_png([run], tmp_path / "c.png", metrics=["loss"], logarithmic=True)
    axes = figures[0].axes[0]
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
    assert len(ticks) >= 2
    for label in axes.get_yticklabels():
        float(label.get_text())


def test_the_page_needs_nothing_else(make, tmp_path):
    pytest.importorskip("matplotlib")
    runs = [read_run(make("_<b>$x$")), read_run(make("b"))]
    curves_html(runs, tmp_path / "c.html")
    page = (tmp_path / "c.html").read_text()
    tags = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attributes):
            tags.append(tag)
            for name, value in attributes:
                assert not (name in ("src", "href") and "//" in (value or "")), (tag, value)

    Parser().feed(page)
    assert "svg" in tags
    assert not {"script", "link", "img", "iframe", "b"} & set(tags)
    assert "_&lt;b&gt;$x$" in page
    svg = page[page.index("<svg") : page.index("</svg>") + 6]
    ElementTree.fromstring(svg)  # well-formed
    assert page.count("<tr>") == 3


def test_equal_runs_give_equal_pages(make, tmp_path):
    pytest.importorskip("matplotlib")
    run = read_run(make("a"))
    pages = []
    for name in ("1.html", "2.html"):
        curves_html([run], tmp_path / name)
        pages.append((tmp_path / name).read_bytes())
    assert pages[0] == pages[1]
    assert f"<h1>{run.name}</h1>".encode() in pages[0]


def test_many_runs_have_as_many_colours(make, tmp_path, figures):
    runs = [read_run(make(f"run{at}")) for at in range(10)]
    curves_png(runs, tmp_path / "c.png")
    assert len({str(line.get_color()) for line in figures[0].axes[0].lines}) == 10


def test_a_single_evaluation_is_a_point(make, tmp_path, figures):
    curves_png([read_run(make("a", steps=1))], tmp_path / "c.png")
    (line,) = figures[0].axes[0].lines
    assert line.get_marker() == "o"


def test_without_records_there_is_nothing_to_draw(make, tmp_path):
    with pytest.raises(ArgumentError, match="no run has a metric loss: they have none yet"):
        curves_png([read_run(make("a", steps=0))], tmp_path / "c.png")
    with pytest.raises(ArgumentError, match="there is no run to draw"):
        curves_png([], tmp_path / "c.png")


def test_a_missing_matplotlib_is_named(make, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ArgumentError, match=r"pip install 'rulax\[report\]'"):
        curves_png([read_run(make("a"))], tmp_path / "c.png")
