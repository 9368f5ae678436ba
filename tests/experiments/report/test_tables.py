from __future__ import annotations

import pytest

from experiments.report import Cell, Column, Tone, table

COLUMNS = [Column(title="Rule"), Column(title="Cases <", number=True, hint='"how many"')]


def test_cells_headings_and_caption() -> None:
    found = table(COLUMNS, [["a & b", Cell(content="7", best=True)]], caption="All > none")
    assert "<caption>All &gt; none</caption>" in found
    assert '<th scope="row">a &amp; b</th>' in found
    assert '<td class="number best"><strong>7</strong></td>' in found
    assert 'title="&quot;how many&quot;">Cases &lt;</th>' in found


@pytest.mark.parametrize(
    ("bar", "length"),
    [(0, "0.000"), (0.5, "0.500"), (0.0001, "0.020"), (3, "1.000"), (-1, "0.000")],
)
def test_bars_stay_within_their_cell(bar: float, length: str) -> None:
    found = table(COLUMNS, [["a", Cell(content="1", bar=bar, tone=Tone.BAD)]], caption="c")
    assert f'class="meter bad" style="--length:{length}"' in found


def test_no_rows() -> None:
    assert "<tbody></tbody>" in table(COLUMNS, [], caption="c")


def test_a_row_of_the_wrong_length() -> None:
    with pytest.raises(ValueError, match=r"row 1 of the table 'c' has 1 cells, expected 2: Rule"):
        table(COLUMNS, [["a", "b"], ["a"]], caption="c")
