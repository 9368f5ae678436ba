"""Source texts: reading them, and quoting from them."""

from __future__ import annotations

import re
from pathlib import Path

from rules.errors import RuleError
from rules.language.ir import Ruleset, Source, Span

__all__ = ["TABLES", "excerpt", "read_text", "source_of"]

TABLES = (".csv", ".yaml", ".yml")  # suffixes of decision tables

# A text in quotes, which may hold `#` and blanks of its own, or what stands between tokens.
_TEXT_OR_GAP = re.compile(r'("(?:\\.|[^"\\\n])*")|(?:\s|#[^\n]*)+')


def excerpt(text: str, span: Span) -> str:
    """What stands at a place of a text, on one line, without comments."""
    lines = text.split("\n")[span.line - 1 : span.end_line]
    if not lines:
        return ""
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return _TEXT_OR_GAP.sub(lambda match: match[1] or " ", "\n".join(lines)).strip()


def source_of(ruleset: Ruleset, span: Span | None) -> Source:
    """The file that a place is in: that of the rule set itself, or one that it imports."""
    if span is None or span.source == 0:
        return Source(filename=ruleset.filename, text=ruleset.text)
    return ruleset.sources[span.source - 1]


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
