"""Drawing with matplotlib, kept as a small inline SVG that follows the theme of its page.

Figures are drawn in the sentinel colours of `Colour`, which become CSS variables: one
drawing serves light, dark and print. Text stays text, in the font of the page.
"""

from __future__ import annotations

import enum
import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from experiments.report.markup import Html, escape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Colour", "draw"]


class Colour(enum.StrEnum):
    """Colours to draw with; each is replaced by a variable of style.css."""

    INK = "#010101"
    MUTED = "#010102"
    LINE = "#010103"
    PAPER = "#010104"
    ACCENT = "#010105"
    SECOND = "#010106"
    THIRD = "#010107"
    GOOD = "#010108"
    WARN = "#010109"
    BAD = "#01010a"
    NEUTRAL = "#01010b"
    CHANGED = "#01010c"


_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",  # what matplotlib measures with; the page's font is narrower
    "font.size": 12.0,
    "axes.labelsize": 12.0,
    "axes.edgecolor": Colour.LINE.value,
    "axes.labelcolor": Colour.MUTED.value,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.linewidth": 1.0,
    "axes.titlelocation": "left",
    "axes.titlesize": 12.0,
    "grid.color": Colour.LINE.value,
    "grid.linewidth": 0.75,
    "hatch.color": Colour.PAPER.value,
    "legend.frameon": False,
    "legend.fontsize": 12.0,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "text.color": Colour.INK.value,
    "xtick.color": Colour.LINE.value,
    "xtick.labelcolor": Colour.MUTED.value,
    "xtick.major.size": 0.0,
    "xtick.major.pad": 7.0,
    "ytick.color": Colour.LINE.value,
    "ytick.labelcolor": Colour.MUTED.value,
    "ytick.major.size": 0.0,
    "ytick.major.pad": 7.0,
}


def draw(
    paint: Callable[[Figure], None], *, name: str, label: str, width: int = 460, height: int = 300
) -> Html:
    """Draws one figure.

    Args:
        paint: puts the axes and everything else on the figure, in colours of `Colour`.
        name: unique within the page; it prefixes the ids inside the SVG.
        label: what the figure shows, for who cannot see it.
        width: in CSS pixels at full size; the page scales it down where it must.
        height: in CSS pixels.

    Returns:
        An `<svg>` element. Equal drawings give equal bytes.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "the figures of a report need matplotlib, which is not installed: "
            "pip install 'rulax[report]'"
        ) from error
    buffer = io.StringIO()
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(width / 72, height / 72), layout="constrained")
        FigureCanvasSVG(figure)
        paint(figure)
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    return _inline(buffer.getvalue(), name=name, label=label)


def _inline(svg: str, *, name: str, label: str) -> Html:
    """A standalone SVG document made fit for the inside of an HTML page."""
    root = re.search(r'<svg\b[^>]*viewBox="([^"]+)"[^>]*>(.*)</svg>', svg, re.DOTALL)
    assert root is not None, "matplotlib wrote no <svg> with a viewBox"
    view_box, body = root.groups()
    # Matplotlib's style sheet would apply to the whole page; style.css has its one rule.
    body = re.sub(r"<style\b.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"<[^>]+>", lambda tag: _tidy(tag[0]), body)
    body = _scope_ids(body, name)
    body = re.sub(r"<defs>\s*</defs>", "", body)
    body = re.sub(r">\s+<", "><", body).strip()
    size = view_box.split()[2]
    return Html(
        f'<svg role="img" aria-label="{escape(label)}" viewBox="{view_box}" '
        f'style="max-width:{size}px">{body}</svg>'
    )


def _tidy(tag: str) -> str:
    """One tag: theme colours, the page's font, two decimals, no leftovers."""
    tag = tag.replace("xlink:href", "href").replace("\n", "")
    tag = re.sub(r" font-family: [^;\"]*;?", "", tag)
    tag = re.sub(r" transform=\"rotate\(-0 [^\"]*\"", "", tag)
    tag = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", tag)
    return re.sub(r"#0101[0-9a-f]{2}\b", lambda colour: _css(colour[0]), tag)


def _css(sentinel: str) -> str:
    colour = Colour(sentinel)
    return "currentColor" if colour is Colour.INK else f"var(--{colour.name.lower()})"


def _scope_ids(body: str, name: str) -> str:
    """Prefixes the ids that something refers to and drops the others."""
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', body))

    def scoped(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in used else ""

    body = re.sub(r' id="([^"]+)"', scoped, body)
    return re.sub(r'(href="|url\()#', rf"\1#{name}-", body)
