"""Tables in YAML files, for people who like to see in a diff what changed."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rules.errors import RuleError, did_you_mean
from rules.language.ir import Span
from rules.language.source import read_text
from rules.tables.cells import Cell, Row, Sheet
from rules.tables.columns import NOTES, header_name
from rules.tables.settings import SETTINGS

__all__ = ["read_yaml"]

_PARTS = ("if", "then", "rows")
_EXAMPLE = "if: [income, purpose], then: outcome, rows: a list of {income: ..., outcome: ...}"


def read_yaml(path: Path) -> Sheet:
    """Reads a table: settings, `if` and `then` with the headers, and `rows`.

    Raises:
        OSError: the file cannot be read.
        RuleError: it is no YAML, or not of that form.
        ImportError: there is no YAML reader.
    """
    text = read_text(path)
    try:
        return _Reader(text).sheet(path.stem)
    except RuleError as error:
        raise error.within(str(path), text) from None


def _composed(text: str) -> Any:
    """The nodes of the text with their places; values stay as they are written."""
    try:
        import yaml
    except ImportError:
        raise ImportError(
            "tables in YAML need PyYAML: pip install pyyaml, or write the table in CSV"
        ) from None
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        raise RuleError(
            f"this is no YAML: {error.problem or error.context}",
            span=Span(line=line, column=column, end_line=line, end_column=column + 1),
            hint='put tests and texts in quotes: ">= 10", "[10..20)", "{income:,.0f} is little"',
        ) from None
    except yaml.YAMLError as error:
        raise RuleError(f"this is no YAML: {error}", hint="save it as UTF-8 text") from None


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        starts = [0, *(i + 1 for i, char in enumerate(text) if char == "\n")]
        self.lines = starts

    def sheet(self, name: str) -> Sheet:
        root = _composed(self.text)
        if root is None or root.id != "mapping":
            raise RuleError(
                "this is no table", span=self.cell_at(0, 0).span(), hint=f"for example {_EXAMPLE}"
            )
        settings: dict[str, tuple[Cell, Cell]] = {}
        parts: dict[str, Any] = {}
        for key, node in self.pairs(root):
            if key.text in _PARTS:
                parts[key.text] = node
            elif key.text in SETTINGS:
                settings[key.text] = (key, self.cell(node))
            else:
                known = (*_PARTS, *SETTINGS)
                raise key.error(
                    f"there is no setting {key.text}",
                    did_you_mean(key.text, known) or f"one of {', '.join(known)}",
                )
        for part in ("then", "rows"):
            if part not in parts:
                raise RuleError(
                    f"this table has no {part}",
                    span=self.cell_at(0, 0).span(),
                    hint=f"for example {_EXAMPLE}",
                )
        tests = tuple(self.headers(parts.get("if")))
        outputs = tuple(self.headers(parts["then"]))
        items = parts["rows"]
        if items.id != "sequence":
            raise self.cell(items).error("rows is a list", "start each row with a dash")
        named: dict[str, int] = {}
        for position, cell in enumerate((*tests, *outputs)):
            if header_name(cell) in named:
                raise cell.error(f"the column {header_name(cell)} comes twice")
            named[header_name(cell)] = position
        notes: dict[str, Cell] = {}
        rows = []
        for number, node in enumerate(items.value, start=1):
            rows.append(self.row(number, node, named, notes))
        return Sheet(
            name=name,
            settings=settings,
            tests=tests,
            outputs=outputs,
            notes=tuple(notes.values()),
            rows=tuple(rows),
            text=self.text,
        )

    def headers(self, node: Any) -> Iterator[Cell]:
        if node is None:
            return
        is_list = node.id == "sequence"
        for item in node.value if is_list else [node]:
            yield self.cell(item)

    def row(self, number: int, node: Any, named: dict[str, int], notes: dict[str, Cell]) -> Row:
        if node.id != "mapping":
            raise self.cell(node).error(
                f"row {number} is no mapping", "for example {income: < 10, outcome: reject}"
            )
        cells: dict[int, Cell] = {}
        for key, value in self.pairs(node):
            name = " ".join(key.text.split())
            if name not in named and name in NOTES:
                named[name] = len(named)
                notes[name] = key
            if name not in named:
                raise key.error(
                    f"there is no column {name}",
                    did_you_mean(name, (*named, *NOTES)) or f"one of {', '.join((*named, *NOTES))}",
                )
            cells[named[name]] = self.cell(value)
        return Row(number=number, cells=cells, span=self.raw(node).span())

    def pairs(self, node: Any) -> Iterator[tuple[Cell, Any]]:
        seen: set[str] = set()
        for key, value in node.value:
            cell = self.cell(key)
            if cell.text in seen:
                raise cell.error(f"{cell.text} is given twice")
            seen.add(cell.text)
            yield cell, value

    def cell(self, node: Any) -> Cell:
        """A value as it is written; a list of words, `[car, other]`, without its brackets."""
        raw = self.raw(node)
        if node.id == "sequence":
            return raw.part(1, -1 + len(raw.text)) if ".." not in raw.text else raw
        if node.id == "mapping":
            return raw
        if node.tag.endswith(":null"):
            return Cell(text="", places=raw.places[:1])
        text = " ".join(node.value.split("\n"))
        start, end = node.start_mark.index, node.end_mark.index
        offset = self.text[start:end].find(node.value)
        places = [self.place(min(start + max(offset, 0) + i, end)) for i in range(len(text) + 1)]
        return Cell(text=text, places=tuple(places)).part(0)

    def raw(self, node: Any) -> Cell:
        return self.cell_at(node.start_mark.index, _end(node)).part(0)

    def cell_at(self, start: int, end: int) -> Cell:
        text = self.text[start:end].replace("\n", " ")
        return Cell(text=text, places=tuple(self.place(i) for i in range(start, end + 1)))

    def place(self, index: int) -> tuple[int, int]:
        line = bisect.bisect_right(self.lines, index)
        return line, index - self.lines[line - 1] + 1


def _end(node: Any) -> int:
    """Where a node ends; a block ends where its last item does, not at the next token."""
    if node.id == "scalar" or node.flow_style or not node.value:
        end: int = node.end_mark.index
        return end
    last = node.value[-1]
    return max(map(_end, itertools.chain(last if isinstance(last, tuple) else (last,))))
