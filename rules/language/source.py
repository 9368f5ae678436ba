"""Quoting from a source text."""

from __future__ import annotations

import re

from rules.language.ir import Span

__all__ = ["excerpt"]

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
