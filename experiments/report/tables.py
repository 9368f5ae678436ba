"""Tables with bars in their cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from experiments.report.markup import Html, element
from experiments.report.tones import Tone

__all__ = ["Cell", "Column", "table"]

_SHORTEST = 0.02  # so that a bar above zero can be seen


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """A heading of a table.

    Attributes:
        title: as shown.
        number: aligns the cells right.
        hint: explains it on hover.
        minor: left out on a phone, where the others need the room.
    """

    title: str
    number: bool = False
    hint: str | None = None
    minor: bool = False

    def classes(self, *more: str) -> str | None:
        """The classes of its cells."""
        own = [name for name, on in (("number", self.number), ("minor", self.minor)) if on]
        return " ".join([*own, *more]) or None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cell:
    """What a cell says and how it says it.

    Attributes:
        content: text or `Html`.
        bar: length of the bar below the content, 0 to 1; None draws none.
        tone: colour of the bar.
        best: highlights the best of a column.
    """

    content: str
    bar: float | None = None
    tone: Tone = Tone.NEUTRAL
    best: bool = False


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell | str]], *, caption: str) -> Html:
    """A table whose first column names the rows.

    Args:
        columns: the headings.
        rows: one cell per column; a string is a cell of only that content.
        caption: what the table holds, read out by screen readers and shown above.

    Raises:
        ValueError: a row has another number of cells than there are columns.
    """
    for number, row in enumerate(rows):
        if len(row) != len(columns):
            raise ValueError(
                f"row {number} of the table {caption!r} has {len(row)} cells, "
                f"expected {len(columns)}: {', '.join(column.title for column in columns)}"
            )
    heading = element("tr", *(_heading(column) for column in columns))
    body = (
        element(
            "tr",
            *(
                _cell(cell, column, first=index == 0)
                for index, (cell, column) in enumerate(zip(row, columns, strict=True))
            ),
        )
        for row in rows
    )
    whole = element(
        "table",
        element("caption", caption),
        element("thead", heading),
        element("tbody", *body),
    )
    return element(
        "div", whole, class_="scroll", role="region", tabindex="0", aria_label=f"Table: {caption}"
    )


def _heading(column: Column) -> Html:
    return element(
        "th",
        column.title,
        scope="col",
        class_=column.classes(),
        title=column.hint,
    )


def _cell(cell: Cell | str, column: Column, *, first: bool) -> Html:
    cell = cell if isinstance(cell, Cell) else Cell(content=cell)
    content = element("strong", cell.content) if cell.best else cell.content
    bar = Html()
    if cell.bar is not None:
        length = min(max(cell.bar, _SHORTEST), 1.0) if cell.bar > 0 else 0.0
        bar = element("span", class_=f"meter {cell.tone.value}", style=f"--length:{length:.3f}")
    return element(
        "th" if first else "td",
        content,
        bar,
        scope="row" if first else None,
        class_=column.classes(*(["best"] if cell.best else [])),
    )
