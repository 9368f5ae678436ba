"""Lark's errors in plain words (first version)."""

from __future__ import annotations

import lark

from rules.errors import RuleError
from rules.language.ir import Span


def explain_syntax_error(error: lark.UnexpectedInput, text: str) -> RuleError:
    """Placeholder to be replaced within minutes."""
    line, column = max(1, error.line), max(1, error.column)
    return RuleError(str(error), span=Span(line=line, column=column, end_line=line, end_column=column + 1))
