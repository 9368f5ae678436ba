"""The canonical layout of a rule text; comments stay where they are.

Line breaks, blanks and needless parentheses are the formatter's; names, the spelling of
numbers, the order of everything and comments are the author's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from rules.language.layout import INDENT, Line, aligned, lay_out
from rules.language.parentheses import needless_parentheses
from rules.language.parser import parse_document
from rules.language.tokens import Comment, Token, scan

__all__ = ["format_text"]

_BLOCKS = ("decide", "rule", "constraint", "test")
_STARTS = ("ruleset", "import", "entity", "param", "input", "derive", *_BLOCKS)


def format_text(text: str, *, filename: str = "<rules>") -> str:
    """Formats a rule text.

    The result means the same (`Ruleset.sha256` is unchanged), and formatting it again
    changes nothing.

    Args:
        text: a rule text that parses; it need not be free of type errors.
        filename: where it came from, for messages.

    Raises:
        RuleError: the text does not parse.
    """
    document = parse_document(text, filename=filename)
    places = set()
    for span in needless_parentheses(document):
        places |= {(span.line, span.column), (span.end_line, span.end_column - 1)}
    comments, tokens = scan(text)
    lines: list[Line] = []
    after_block = False
    for declaration in _declarations(_without(tokens, places)):
        is_block = declaration[0].text in _BLOCKS
        inside, after = _split_comments(declaration[-1].comments)
        declaration[-1] = dataclasses.replace(declaration[-1], comments=inside)
        body = [line for clause in _clauses(declaration) for line in lay_out(*clause)]
        parts = [*_remarks(comments), (declaration[0].after_blank, body)]
        _append(lines, parts, apart=is_block or after_block)
        comments, after_block = after, is_block
    _append(lines, _remarks(comments), apart=after_block)
    return "\n".join(aligned(lines)) + "\n"


def _remarks(comments: Sequence[Comment]) -> list[tuple[bool, list[Line]]]:
    return [(comment.after_blank, [Line(comment.text)]) for comment in comments]


def _append(lines: list[Line], parts: Sequence[tuple[bool, list[Line]]], *, apart: bool) -> None:
    """Adds parts, an empty line before those that had one, and before the first if `apart`."""
    for index, (after_blank, text) in enumerate(parts):
        if lines and (after_blank or (apart and index == 0)):
            lines.append(Line(""))
        lines.extend(text)


def _without(tokens: list[Token], places: set[tuple[int, int]]) -> list[Token]:
    """Removes tokens at these places; their comments go to the token before."""
    kept: list[Token] = []
    for token in tokens:
        if (token.line, token.column) not in places:
            kept.append(token)
        elif token.comments:
            joined = (*kept[-1].comments, *token.comments)
            kept[-1] = dataclasses.replace(kept[-1], comments=joined)
    return kept


def _declarations(tokens: list[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = []
    for token in tokens:
        if token.kind == "keyword" and token.text in _STARTS:
            parts.append([])
        parts[-1].append(token)
    return parts


def _split_comments(
    comments: tuple[Comment, ...],
) -> tuple[tuple[Comment, ...], list[Comment]]:
    """Comments after a declaration: those that belong to it, those that lead the next."""
    for index, comment in enumerate(comments):
        if comment.own_line and (comment.after_blank or not comment.indented):
            return comments[:index], list(comments[index:])
    return comments, []


def _clauses(tokens: list[Token]) -> list[tuple[list[Token], int]]:
    """Splits a declaration into its header and its indented clauses."""
    starts = [0]
    texts = [token.text for token in tokens]
    match texts[0]:
        case "decide":
            starts += range(texts.index("}") + 1, len(tokens), 2)
        case "rule":
            outcome = texts.index("]") + 1 if texts[3] == "[" else 3
            starts += [outcome, outcome + 3]
            starts += [i for i, text in enumerate(texts) if text == "because"]
        case "constraint":
            starts.append(texts.index("]") + 1 if texts[2] == "[" else 2)
        case "test":
            starts += [i for i, text in enumerate(texts) if text in ("given", "expect")]
    ends = [*starts[1:], len(tokens)]
    return [
        (tokens[start:end], 0 if start == 0 else INDENT)
        for start, end in zip(starts, ends, strict=True)
    ]
