"""The tokens of a rule text with their comments, for the formatter.

The parser drops comments and layout; the formatter needs both. A text that parses has no
lexical surprises, so one regular expression is enough here.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from rules.language.reserved import RESERVED

__all__ = ["Comment", "Token", "scan"]

_PATTERN = re.compile(
    r"""
      (?P<comment>\#[^\n]*)
    | (?P<string>"(?:\\.|[^"\\\n])*")
    | (?P<number>[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\w)
      |[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*)?(?:[eE][+-]?[0-9]+|%)?)
    | (?P<word>[^\W\d]\w*)
    | (?P<symbol>\.\.|[<>!=]=|[-+*/<>=:,(){}\[\]])
    """,
    re.VERBOSE,
)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """A comment.

    Attributes:
        text: from `#` on, without blanks at the end.
        own_line: nothing but blanks stands before it.
        indented: it does not start in the first column.
        after_blank: the line before it is empty.
    """

    text: str
    own_line: bool
    indented: bool
    after_blank: bool


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A word, number, string or symbol, with the comments that follow it.

    Attributes:
        kind: `word`, `keyword` for one that a value follows, `number` (or a date), `string`,
            `symbol`, or `sign` for the minus of a negation.
        text: as written.
        line: counted from 1.
        column: counted from 1.
        after_blank: an empty line stands before it, or before the comments before it.
        comments: up to the next token.
    """

    kind: str
    text: str
    line: int
    column: int
    after_blank: bool
    comments: tuple[Comment, ...] = ()


def scan(text: str) -> tuple[list[Comment], list[Token]]:
    """Splits a rule text that parses.

    Args:
        text: a rule text.

    Returns:
        The comments before the first token, and the tokens.
    """
    head: list[Comment] = []
    tokens: list[Token] = []
    for item in _items(text):
        if isinstance(item, Token):
            tokens.append(item)
        elif tokens:
            tokens[-1] = dataclasses.replace(tokens[-1], comments=(*tokens[-1].comments, item))
        else:
            head.append(item)
    return head, tokens


def _items(text: str) -> Iterator[Comment | Token]:
    line, line_start, end_line = 1, 0, 0
    position = 0
    previous, in_annotations = ("symbol", ""), False
    for match in _PATTERN.finditer(text):
        breaks = text.count("\n", position, match.start())
        if breaks:
            line += breaks
            line_start = text.rfind("\n", 0, match.start()) + 1
        position = match.start()
        column = position - line_start + 1
        after_blank = 0 < end_line < line - 1
        if match.lastgroup == "comment":
            yield Comment(
                text=match[0].rstrip(),
                own_line=line > end_line,
                indented=column > 1,
                after_blank=after_blank,
            )
        else:
            kind = _kind(str(match.lastgroup), match[0], previous, in_annotations)
            yield Token(
                kind=kind,
                text=match[0],
                line=line,
                column=column,
                after_blank=after_blank,
            )
            previous = kind, match[0]
            in_annotations = match[0] == "[" or (in_annotations and match[0] != "]")
        end_line = line


def _kind(kind: str, text: str, previous: tuple[str, str], in_annotations: bool) -> str:
    """The kind of a token, from that of its pattern and the token before."""
    before, before_text = previous
    if kind == "word" and text in RESERVED - {"true", "false"}:
        return "keyword"
    # Only the keyword stands right after a name; elsewhere `where` is a name itself.
    if text == "where" and before == "word":
        return "keyword"
    if text == "-":
        awaits_value = before in ("keyword", "sign", "symbol") and before_text not in (")", "}")
        return "sign" if in_annotations or awaits_value else kind
    return kind
