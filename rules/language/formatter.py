"""The canonical layout of a rule text; comments stay where they are.

Line breaks, blanks and needless parentheses are the formatter's; names, the spelling of
numbers, the order of everything and comments are the author's.
"""

from __future__ import annotations

import dataclasses

from rules.language.layout import INDENT, lay_out
from rules.language.parentheses import needless_parentheses
from rules.language.parser import parse_document
from rules.language.tokens import Comment, Token, scan

__all__ = ["format_text"]

_STARTS = ("ruleset", "input", "derive", "decide", "rule", "test")
_BLOCKS = ("decide", "rule", "test")


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
    lines: list[str] = []
    after_block = False
    for declaration in _declarations(_without(tokens, places)):
        is_block = declaration[0].text in _BLOCKS
        leading, after_blank = comments, declaration[0].after_blank
        apart = bool(lines) and (is_block or after_block)
        for comment in leading:
            lines += [""] * (apart or (comment.after_blank and bool(lines))) + [comment.text]
            apart = False
        lines += [""] * (apart or (after_blank and bool(lines)))
        inside, comments = _split_comments(declaration[-1].comments)
        declaration[-1] = dataclasses.replace(declaration[-1], comments=inside)
        for indent, clause in _clauses(declaration):
            lines += lay_out(clause, indent)
        after_block = is_block
    for comment in comments:
        lines += [""] * (comment.after_blank or after_block) + [comment.text]
        after_block = False
    return "\n".join(lines) + "\n"


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
        if token.kind == "word" and token.text in _STARTS:
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


def _clauses(tokens: list[Token]) -> list[tuple[int, list[Token]]]:
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
        case "test":
            starts += [i for i, text in enumerate(texts) if text in ("given", "expect")]
    ends = [*starts[1:], len(tokens)]
    return [
        (0 if start == 0 else INDENT, tokens[start:end])
        for start, end in zip(starts, ends, strict=True)
    ]
