"""From text or file to a checked rule set."""

from __future__ import annotations

from pathlib import Path

from rules.checks.build import build_ruleset
from rules.language.imports import with_imports
from rules.language.ir import Ruleset
from rules.language.parser import parse_document
from rules.language.source import TABLES, read_text

__all__ = ["load", "parse", "read_text"]


def parse(text: str, *, filename: str = "<rules>") -> Ruleset:
    """Parses and checks a rule text.

    Args:
        text: the rule text.
        filename: where it came from, for messages; what it imports is looked for beside it.

    Raises:
        RuleError: what is wrong, where, and what to do; `RuleErrors` for several.
    """
    document = parse_document(text, filename=filename)
    document, sources = with_imports(document, text=text, filename=filename)
    return build_ruleset(document, text=text, filename=filename, sources=sources)


def load(path: str | Path) -> Ruleset:
    """Reads, parses and checks a rule file and what it imports.

    Args:
        path: a UTF-8 text, by convention named `*.rules`; or a decision table (`*.csv`,
            `*.yaml`, `*.yml`) that declares its inputs: the rule set that imports it.

    Raises:
        OSError: the file cannot be read.
        RuleError: as `parse`, or the file is not UTF-8.
    """
    path = Path(path)
    if path.suffix.lower() in TABLES:
        from rules.tables import rule_text  # few files need it

        return parse(rule_text(path), filename=str(path.with_suffix(".rules")))
    return parse(read_text(path), filename=str(path))
