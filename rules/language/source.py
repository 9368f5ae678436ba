"""Quoting from a source text."""

from __future__ import annotations

from rules.language.ir import Span

__all__ = ["excerpt"]


def excerpt(text: str, span: Span) -> str:
    """What stands at a place of a text, on one line, without comments."""
    lines = text.split("\n")[span.line - 1 : span.end_line]
    if not lines:
        return ""
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return " ".join(" ".join(line.partition("#")[0] for line in lines).split())
