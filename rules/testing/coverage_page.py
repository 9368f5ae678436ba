"""Coverage as a page: the rule text, coloured by what the tests have seen of it."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from rules.language import ir
from rules.testing.coverage import Coverage, Seen
from rules.testing.coverage_text import summary

__all__ = ["coverage_page"]

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #6b7280;
  --good: #d8f3dc; --half: #ffe8b3; --bad: #ffd0d0; --line: #e5e7eb; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171c; --ink: #e6e6e6; --soft: #9aa3af;
  --good: #1d4029; --half: #574516; --bad: #5c2326; --line: #2a2f37; } }
body { background: var(--paper); color: var(--ink); margin: 0 auto; max-width: 72rem;
  padding: 2rem 1.5rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } .lede, .legend { color: var(--soft); }
pre { overflow-x: auto; font: .875rem/1.6 ui-monospace, monospace; border: 1px solid var(--line);
  border-radius: .5rem; padding: 1rem 0; }
pre span.n { display: inline-block; width: 3.5rem; padding-right: 1rem; text-align: right;
  color: var(--soft); user-select: none; }
mark { color: inherit; border-radius: .2rem; padding: .05rem 0; }
mark.good { background: var(--good); } mark.half { background: var(--half); }
mark.bad { background: var(--bad); }
table { border-collapse: collapse; margin: 1rem 0; } td { padding: .15rem 1.5rem .15rem 0; }
"""


def coverage_page(ruleset: ir.Ruleset, found: Coverage) -> str:
    """One self-contained HTML page without scripts.

    Args:
        ruleset: with its text; conditions of imported files are not shown.
        found: the coverage of its tests.
    """
    title = f"Test coverage of {ruleset.name}"
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>"
        for name, value in summary(found)
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{html.escape(title)}</h1>"
        f'<p class="lede">{html.escape(ruleset.filename)}, {found.tests} tests</p>'
        f"<table>{rows}</table>"
        '<p class="legend"><mark class="good">seen on both sides</mark> &nbsp; '
        '<mark class="half">seen on one side only</mark> &nbsp; '
        '<mark class="bad">never seen, or only unknown</mark></p>'
        f"<pre>{_listing(ruleset.text, _marked(found))}</pre></body></html>\n"
    )


def _marked(found: Coverage) -> list[Seen]:
    """What to colour, the outer before the inner."""
    items = [
        item
        for item in (*found.conditions, *found.constraints)
        if item.span is not None and item.span.source == 0 and item.kind == "condition"
    ]
    return sorted(items, key=_extent, reverse=True)


def _extent(item: Seen) -> tuple[int, int]:
    span = item.span
    assert span is not None
    return (span.end_line - span.line, span.end_column - span.column)


def _listing(text: str, items: Sequence[Seen]) -> str:
    lines = text.split("\n")
    owners: list[list[Seen | None]] = [[None] * len(line) for line in lines]
    for item in items:
        for line, column in _characters(item, lines):
            owners[line][column] = item
    return "\n".join(
        f'<span class="n">{number}</span>{"".join(_runs(line, owner))}'
        for number, (line, owner) in enumerate(zip(lines, owners, strict=True), start=1)
    )


def _characters(item: Seen, lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    span = item.span
    assert span is not None
    for line in range(span.line - 1, span.end_line):
        start = span.column - 1 if line == span.line - 1 else 0
        end = span.end_column - 1 if line == span.end_line - 1 else len(lines[line])
        for column in range(start, min(end, len(lines[line]))):
            yield line, column


def _runs(line: str, owner: Sequence[Seen | None]) -> Iterator[str]:
    start = 0
    for end in range(1, len(line) + 1):
        if end < len(line) and owner[end] is owner[start]:
            continue
        text, item = html.escape(line[start:end]), owner[start]
        if item is None:
            yield text
        else:
            kind = "good" if item.covered else "half" if item.true or item.false else "bad"
            yield f'<mark class="{kind}" title="{html.escape(_counts(item))}">{text}</mark>'
        start = end


def _counts(item: Seen) -> str:
    return f"true {item.true}, false {item.false}, unknown {item.unknown} times"
