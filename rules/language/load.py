"""From text or file to a checked rule set."""

from __future__ import annotations

from pathlib import Path

from rules.checks.build import build_ruleset
from rules.errors import RuleError
from rules.language.ir import Ruleset, Span
from rules.language.parser import parse_document

__all__ = ["load", "parse", "read_text"]


def parse(text: str, *, filename: str = "<rules>") -> Ruleset:
    """Parses and checks a rule text.

    Args:
        text: the rule text.
        filename: where it came from, for messages.

    Raises:
        RuleError: what is wrong, where, and what to do; `RuleErrors` for several.
    """
    document = parse_document(text, filename=filename)
    return build_ruleset(document, text=text, filename=filename)


def load(path: str | Path) -> Ruleset:
    """Reads, parses and checks a rule file.

    Args:
        path: a UTF-8 text, by convention named `*.rules`.

    Raises:
        OSError: the file cannot be read.
        RuleError: as `parse`, or the file is not UTF-8.
    """
    return parse(read_text(path), filename=str(path))


def read_text(path: str | Path) -> str:
    """The text of a rule file, with Unix line ends.

    Raises:
        OSError: the file cannot be read.
        RuleError: the file is not UTF-8.
    """
    data = Path(path).read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise RuleError(
            "the file is not UTF-8",
            span=Span(line=line, column=1, end_line=line, end_column=2),
            filename=str(path),
            hint="save it as UTF-8",
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
