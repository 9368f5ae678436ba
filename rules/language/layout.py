"""One clause of a rule text, laid out on as few lines as its width and comments allow."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rules.language.reserved import RESERVED
from rules.language.tokens import Token

__all__ = ["INDENT", "Line", "aligned", "lay_out"]

WIDTH = 100
INDENT = 4

# Where a long line is broken: the first kind found wins, outside of brackets first.
_BREAKS = ((",",), ("then", "else"), ("or",), ("and",))
_MAX_DEPTH = 3


class Line(NamedTuple):
    """A line, and the comment that stands beside it."""

    text: str
    comment: str = ""


def aligned(lines: Iterable[Line]) -> list[str]:
    """Lines as text; comments beside the lines of a paragraph stand in a column."""
    texts = []
    for _, group in itertools.groupby(lines, lambda line: not line.text):
        paragraph = list(group)
        width = max((len(text) for text, comment in paragraph if comment), default=0)
        texts += [f"{text:{width}}  {comment}" if comment else text for text, comment in paragraph]
    return texts


def lay_out(tokens: Sequence[Token], indent: int) -> list[Line]:
    """The lines of a clause, comments included.

    Args:
        tokens: of the clause; the text depends on them and not on the author's line breaks.
        indent: blanks before the first line; what follows is indented deeper.
    """
    lines = []
    for depth, part in _broken(list(tokens), indent):
        comments = part[-1].comments
        # Only one fits beside: a parenthesis that was removed may have left a second.
        beside = [comment.text for comment in comments[:1] if not comment.own_line]
        lines.append(Line(" " * depth + _join(part), *beside))
        margin = " " * (INDENT if part[-1] is tokens[-1] else indent + INDENT)
        lines.extend(Line(margin + comment.text) for comment in comments[len(beside) :])
    return lines


def _broken(tokens: list[Token], indent: int) -> list[tuple[int, list[Token]]]:
    must_break = any(token.comments for token in tokens[:-1])
    if not must_break and indent + len(_join(tokens)) <= WIDTH:
        return [(indent, tokens)]
    first, *rest = _pieces(tokens, indent)
    if not rest:
        return [(indent, tokens)]
    lines = _broken(first, indent)
    for piece in rest:
        lines += _broken(piece, indent + INDENT)
    return lines


def _pieces(tokens: list[Token], indent: int) -> list[list[Token]]:
    depths = _depths(tokens)
    for depth in range(_MAX_DEPTH):
        for words in _BREAKS:
            # A comma ends its line, a keyword starts the next.
            shift = 1 if words == (",",) else 0
            cuts = [
                index + shift
                for index, token in enumerate(tokens)
                if token.kind != "string" and token.text in words and depths[index] == depth
            ]
            pieces = _cut(tokens, cuts)
            if len(pieces) > 1:
                return _filled(pieces, indent) if shift else pieces
    return _cut(tokens, [index + 1 for index, token in enumerate(tokens) if token.comments])


def _depths(tokens: list[Token]) -> list[int]:
    depths, depth = [], 0
    for token in tokens:
        if token.text in ("(", "[", "{"):
            depth += 1
        elif token.text in (")", "]", "}"):
            depth -= 1
        depths.append(depth)
    return depths


def _cut(tokens: list[Token], cuts: list[int]) -> list[list[Token]]:
    edges = [0, *(cut for cut in cuts if 0 < cut < len(tokens)), len(tokens)]
    return [tokens[start:end] for start, end in itertools.pairwise(edges)]


def _filled(pieces: list[list[Token]], indent: int) -> list[list[Token]]:
    """Puts as many items of a list on a line as fit."""
    lines = [pieces[0]]
    for piece in pieces[1:]:
        margin = indent if len(lines) == 1 else indent + INDENT
        joined = lines[-1] + piece
        is_cut = any(token.comments for token in joined[:-1])
        if is_cut or margin + len(_join(joined)) > WIDTH:
            lines.append(piece)
        else:
            lines[-1] = joined
    return lines


def _join(tokens: Sequence[Token]) -> str:
    text = ""
    for index, token in enumerate(tokens):
        written = "=" if token.text == "==" else token.text
        text += " " * _gap(tokens, index) + written
    return text


def _gap(tokens: Sequence[Token], index: int) -> int:
    """Blanks before a token."""
    if index == 0:
        return 0
    previous, token = tokens[index - 1], tokens[index]
    if token.text in (",", ")", "]", "}", ":", "..") or previous.text in ("(", "[", "{", ".."):
        return 0
    if previous.kind == "sign":
        return 0
    if token.text == "(":
        is_call = previous.kind == "word" and previous.text not in RESERVED
        return 0 if is_call else 1
    # The three clauses of a decision stand in a column.
    return 2 if index == 1 and previous.text == "policy" else 1
