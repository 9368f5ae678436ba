"""From a table to the declarations that it stands for."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from rules.checks.collect import Collector
from rules.errors import RuleError, did_you_mean, grouped
from rules.language import syntax
from rules.language.formatter import format_text
from rules.language.ir import POLICIES
from rules.language.printer import quoted_text
from rules.language.reserved import RESERVED
from rules.language.source import TABLES
from rules.language.syntax_printer import declaration_text
from rules.tables.cells import Row, Sheet
from rules.tables.columns import Columns, Output, read_columns
from rules.tables.csv_file import read_csv
from rules.tables.rule_rows import rule_of
from rules.tables.unary_tests import is_blank, unary_test
from rules.tables.value_rows import Line, derived_value

__all__ = ["SUFFIXES", "read_table", "rule_text", "table_text"]

TableDeclaration = (
    syntax.InputDeclaration
    | syntax.DecideDeclaration
    | syntax.DeriveDeclaration
    | syntax.RuleDeclaration
)
SUFFIXES = TABLES


def read_table(path: str | Path) -> tuple[tuple[TableDeclaration, ...], str]:
    """Reads a decision table.

    Args:
        path: a file in CSV or YAML.

    Returns:
        Inputs and the decision, as far as the header declares them, the rules and the derived
        values that the rows stand for; and the text of the file, which their spans are in.

    Raises:
        OSError: the file cannot be read.
        RuleError: everything wrong in it.
    """
    sheet = _sheet(Path(path))
    try:
        return tuple(_Table(sheet).declarations()), sheet.text
    except RuleError as error:
        raise grouped([item.within(str(path), sheet.text) for item in error.errors]) from None


def rule_text(path: str | Path) -> str:
    """The rule text that is a table by itself: a header, and the import of the table.

    Args:
        path: a file in CSV or YAML that declares its inputs and its decision.

    Raises:
        OSError: the file cannot be read.
        RuleError: it cannot be read as a table.
    """
    path = Path(path)
    sheet = _sheet(path)
    name, version = _identifier(sheet.name), "1"
    try:
        if "ruleset" in sheet.settings:
            cell = sheet.settings["ruleset"][1]
            name = cell.text
            if name != _identifier(name):
                raise cell.error("the name of a rule set is one word", f"write {_identifier(name)}")
        if "version" in sheet.settings:
            cell = sheet.settings["version"][1]
            version = cell.text
            if not (version.isascii() and version.isdigit()):
                raise cell.error("a version is a whole number", "for example 3")
    except RuleError as error:
        raise error.within(str(path), sheet.text) from None
    return f"ruleset {name} version {version}\n\nimport {quoted_text(path.name)}\n"


def table_text(path: str | Path) -> str:
    """What a table means, as rule text.

    Inputs that it does not declare are not declared there either.

    Args:
        path: a file in CSV or YAML.

    Raises:
        OSError: the file cannot be read.
        RuleError: as `read_table`.
    """
    declarations, _ = read_table(path)
    head = rule_text(path).split("\n", 1)[0]
    texts = [declaration_text(node) for node in declarations]
    return format_text("\n".join([head, *texts]))


def _sheet(path: Path) -> Sheet:
    if path.suffix.lower() == ".csv":
        return read_csv(path)
    sheet: Sheet = importlib.import_module("rules.tables.yaml_file").read_yaml(path)
    return sheet


def _identifier(text: str) -> str:
    name = re.sub(r"\W+", "_", text).strip("_") or "table"
    return f"{name}_" if name in RESERVED else f"t{name}" if name[0].isdigit() else name


class _Table:
    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.errors = Collector()
        self.columns: Columns = read_columns(sheet)

    def declarations(self) -> Iterator[TableDeclaration]:
        settings, decision = self.sheet.settings, self.columns.decision
        for column in self.columns.tests:
            if column.declared is not None:
                yield column.declared
        if decision is not None and decision.outcomes:
            yield self.decision(decision)
        elif wrong := [key for key in ("default", "unknown", "dated") if key in settings]:
            self.errors.add(self.no_decision(wrong[0], decision))
        name = self.name()
        lines = list(self.lines())
        if not self.sheet.rows:
            self.errors.add(
                RuleError("this table has no rows", span=self.columns.outputs[0].cell.span())
            )
        for output in self.columns.outputs:
            if output.type is None:
                for row, tests in lines:
                    with self.errors.catch():
                        rule = rule_of(row, tests, output, self.columns, name)
                        if rule is not None:
                            yield rule
        self.errors.raise_caught()
        for output in self.columns.outputs:
            if output.type is not None:
                values = [Line(row=row, tests=tests) for row, tests in lines]
                yield from derived_value(output, values, self.columns, self.is_unique())

    def lines(self) -> Iterator[tuple[Row, dict[int, syntax.Expression]]]:
        """The rows with the tests of their columns, without those of any value."""
        for row in self.sheet.rows:
            tests: dict[int, syntax.Expression] = {}
            for column in self.columns.tests:
                cell = row.cells.get(column.position)
                if cell is not None and not is_blank(cell):
                    with self.errors.catch():
                        tests[column.position] = unary_test(cell, column.operand, column.texts)
            yield row, tests

    def name(self) -> str:
        """What the names of its rules start with."""
        if "table" not in self.sheet.settings:
            return _identifier(self.sheet.name)
        cell = self.sheet.settings["table"][1]
        if cell.text != _identifier(cell.text):
            self.errors.add(
                cell.error("the name of a table is one word", f"write {_identifier(cell.text)}")
            )
        return _identifier(cell.text)

    def decision(self, output: Output) -> syntax.DecideDeclaration:
        clauses = []
        for key in ("policy", "default", "unknown", "dated"):
            if key in self.sheet.settings:
                head, cell = self.sheet.settings[key]
                text, span = cell.text, cell.span()
                quoted = text[:1] == '"' and text[-1:] == '"' and len(text) > 1
                word = syntax.Word(text=text[1:-1] if quoted else text, span=span, quoted=quoted)
                clauses.append(syntax.Clause(keyword=head.text, word=word, span=head.span()))
        return syntax.DecideDeclaration(
            name=output.name,
            outcomes=output.outcomes,
            clauses=tuple(clauses),
            span=output.cell.span(),
        )

    def no_decision(self, key: str, decision: Output | None) -> RuleError:
        head, _ = self.sheet.settings[key]
        if decision is None:
            return head.error(
                f"{key} belongs to a decision, and this table only derives values",
                "what follows where no row applies stands in a last row with - in every test",
            )
        return head.error(
            f"{key} is said where the decision is declared, which is not in this table",
            f"declare it here with its outcomes, -> {decision.name.text} in {{...}}, or leave "
            f"{key} out",
        )

    def is_unique(self) -> bool:
        """Whether at most one row may apply; by default the first that does is taken."""
        declares = self.columns.decision is not None and self.columns.decision.outcomes
        if "policy" not in self.sheet.settings:
            return False
        _, cell = self.sheet.settings["policy"]
        allowed = POLICIES if declares else ("first", "unique")
        if cell.text not in allowed:
            raise cell.error(
                f"derived values take the policy first or unique, not {cell.text}",
                did_you_mean(cell.text, allowed),
            )
        return cell.text == "unique"
