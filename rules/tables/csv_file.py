"""Tables in CSV files, as spreadsheets write them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from rules.errors import RuleError, did_you_mean
from rules.language.ir import Span
from rules.language.source import read_text
from rules.tables.cells import Cell, Place, Row, Sheet
from rules.tables.columns import ARROWS
from rules.tables.settings import SETTINGS

__all__ = ["read_csv"]

_SEPARATORS = (",", ";", "\t")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Record:
    number: int
    cells: tuple[Cell, ...]
    span: Span

    @property
    def is_empty(self) -> bool:
        return not any(cell.text for cell in self.cells)


def read_csv(path: Path) -> Sheet:
    """Reads a table: settings, the header, which is the first row with `->`, and the rows.

    The separator (comma, semicolon or tab) is the one that makes a header of it.

    Raises:
        OSError: the file cannot be read.
        RuleError: no UTF-8 or UTF-16, no header, a row that is too long.
    """
    text = _decoded(path)
    try:
        records = _best(text)
        head = next((i for i, record in enumerate(records) if _outputs(record)), None)
        if head is None:
            raise RuleError(
                "no row of this table has an output column",
                span=Span(line=1, column=1, end_line=1, end_column=2),
                hint="the header names what is tested, then what follows: "
                "income, purpose, -> outcome",
            )
        return _sheet(path.stem, text, records[:head], records[head], records[head + 1 :])
    except RuleError as error:
        raise error.within(str(path), text) from None


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return read_text(path)
    try:  # what spreadsheets call Unicode text
        return data.decode("utf-16").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise RuleError(
            "the file is neither UTF-8 nor UTF-16", filename=str(path), hint="save it as CSV UTF-8"
        ) from None


def _best(text: str) -> list[_Record]:
    """The records by the separator that finds a header with the most cells."""
    if text[:4].lower() == "sep=":  # as spreadsheets say it
        return [r for r in _records(text, text[4:5]) if r.number > 1]
    readings = [list(_records(text, separator)) for separator in _SEPARATORS]
    return max(readings, key=_header_width)


def _header_width(records: Sequence[_Record]) -> int:
    return next((len(record.cells) for record in records if _outputs(record)), 0)


def _outputs(record: _Record) -> list[int]:
    return [i for i, cell in enumerate(record.cells) if cell.text.startswith(ARROWS)]


def _records(text: str, separator: str) -> Iterator[_Record]:
    """The rows that say something: neither blank nor a comment."""
    for number, (fields, start, end) in enumerate(_fields(text, separator), start=1):
        cells = [_cell(field) for field in fields]
        while len(cells) > 1 and not cells[-1].text:
            cells.pop()
        span = Span(line=start[0], column=start[1], end_line=end[0], end_column=end[1])
        record = _Record(number=number, cells=tuple(cells), span=span)
        if not record.is_empty and not cells[0].text.startswith("#"):
            yield record


Field = list[tuple[str, Place]]  # characters with their places, and "" at the end


def _fields(text: str, separator: str) -> Iterator[tuple[list[Field], Place, Place]]:
    """The fields of each record as RFC 4180 has them, with the places of their characters."""
    line, column, quoted = 1, 1, False
    fields: list[Field] = [[]]
    start: Place = (1, 1)
    length, index = len(text), 0
    opening: Place = (1, 1)
    while index < length:
        char, place = text[index], (line, column)
        field = fields[-1]
        index, column = index + 1, column + 1
        if char == "\n":
            line, column = line + 1, 1
        if quoted:
            if char != '"':
                field.append((" " if char == "\n" else char, place))
            elif text[index : index + 1] == '"':
                field.append(('"', place))
                index, column = index + 1, column + 1
            else:
                quoted = False
        elif char == "#" and len(fields) == 1 and not any(c.strip() for c, _ in field):
            end = text.find("\n", index)  # a comment, in which quotes mean nothing
            skipped = (length if end < 0 else end) - index
            field.append(("#", place))
            index, column = index + skipped, column + skipped
        elif char == '"' and not any(c.strip() for c, _ in field):
            quoted, opening = True, place
            field.clear()
        elif char == separator:
            field.append(("", place))
            fields.append([])
        elif char == "\n":
            field.append(("", place))
            yield fields, start, place
            fields, start = [[]], (line, column)
        else:
            field.append((char, place))
    if quoted:
        raise RuleError(
            "this cell has no closing quote",
            span=Span(
                line=opening[0],
                column=opening[1],
                end_line=opening[0],
                end_column=opening[1] + 1,
            ),
            hint='a quote within a cell in quotes is written twice: ""',
        )
    if len(fields) > 1 or fields[0]:
        fields[-1].append(("", (line, column)))
        yield fields, start, (line, column)


def _cell(field: Field) -> Cell:
    text = "".join(char for char, _ in field)
    whole = Cell(text=text, places=tuple(place for _, place in field))
    return whole.part(0)


def _sheet(
    name: str,
    text: str,
    before: Sequence[_Record],
    header: _Record,
    rows: Sequence[_Record],
) -> Sheet:
    first = _outputs(header)[0]
    wanted = [cell for cell in header.cells if cell.text and not cell.text.startswith("#")]
    tests = tuple(cell for cell in header.cells[:first] if cell in wanted)
    outputs = tuple(cell for cell in wanted if cell.text.startswith(ARROWS))
    notes = tuple(cell for cell in header.cells[first:] if cell in wanted and cell not in outputs)
    position = {cell.places[0]: i for i, cell in enumerate((*tests, *outputs, *notes))}
    positions = [position.get(cell.places[0]) for cell in header.cells]
    return Sheet(
        name=name,
        settings=_settings(before),
        tests=tests,
        outputs=outputs,
        notes=notes,
        rows=tuple(_row(record, header, positions) for record in rows),
        text=text,
    )


def _row(record: _Record, header: _Record, positions: Sequence[int | None]) -> Row:
    if len(record.cells) > len(header.cells):
        extra = record.cells[len(header.cells)]
        raise extra.error(
            f"row {record.number} has {len(record.cells)} cells, the header {len(header.cells)}",
            "put a cell that has the separator in it in quotes",
        )
    for cell, position, head in zip(record.cells, positions, header.cells, strict=False):
        if position is None and cell.text and not head.text:
            raise cell.error(
                "this column has no header", "name what it is; # makes it a remark: # note"
            )
    cells = {
        position: cell
        for cell, position in zip(record.cells, positions, strict=False)
        if position is not None
    }
    return Row(number=record.number, cells=cells, span=record.span)


def _settings(records: Sequence[_Record]) -> dict[str, tuple[Cell, Cell]]:
    found: dict[str, tuple[Cell, Cell]] = {}
    for record in records:
        key, *values = record.cells
        said = [cell for cell in values if cell.text]
        if key.text not in SETTINGS:
            raise key.error(
                f"there is no setting {key.text}",
                did_you_mean(key.text, SETTINGS)
                or f"before the header stand settings: {', '.join(SETTINGS)}; "
                "the header has an output column: -> outcome",
            )
        if len(said) != 1:
            raise key.error(f"{key.text} takes one value, in the cell beside it")
        if key.text in found:
            raise key.error(f"{key.text} is given twice")
        found[key.text] = (key, said[0])
    return found
