"""One clause of a rule text, laid out on as few lines as its width and comments allow."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rules.language.reserved import QUANTIFIERS
from rules.language.tokens import Token

__all__ = ["INDENT", "Line", "aligned", "lay_out"]

_CLAUSES, _COLUMN = ("policy", "default", "unknown", "dated"), len("unknown ")

WIDTH = 100
INDENT = 4

# Where a long line is broken: the first kind found wins, outside of brackets first.
_BREAKS = (("where",), (",",), (":",), ("then", "else"), ("or",), ("and",))


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
    for depth in range(max(depths) + 1):
        for words in _BREAKS:
            # A comma and a colon end their line, a keyword starts the next.
            shift = 1 if words[0] in (",", ":") else 0
            cuts = [
                index + shift
                for index, token in enumerate(tokens)
                if token.kind in ("keyword", "symbol")
                and token.text in words
                and depths[index] == depth
            ]
            pieces = _cut(tokens, cuts)
            if len(pieces) > 1:
                return _filled(pieces, indent) if words == (",",) else pieces
    return _cut(tokens, [index + 1 for index, token in enumerate(tokens) if token.comments])


def _depths(tokens: list[Token]) -> list[int]:
    """How deep in brackets and quantifiers each token is.

    What a quantifier ranges over is deeper than its body, up to its colon, which is as deep
    as the body; at any other colon no line is broken.
    """
    depths = []
    opened: list[str] = []
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        is_body = token.text == ":" and "bindings" in opened
        if is_body:
            _close(opened, "bindings")
            opened.append("body")
        elif token.text in (")", "]", "}"):
            _close(opened, "bracket")
        elif token.text == "else":
            _close(opened, "if")
        elif token.text in (",", "then"):
            while opened and opened[-1] == "body":
                opened.pop()
        elif token.text in ("(", "[", "{"):
            opened.append("bracket")
        elif token.text == "if":
            opened.append("if")
        depths.append(sum(map(_DEPTH.__getitem__, opened)) if token.text != ":" or is_body else -1)
        if token.text in QUANTIFIERS and following is not None and following.kind == "word":
            opened.append("bindings")
    return depths


_DEPTH = {"bracket": 1, "bindings": 2, "body": 1, "if": 0}


def _close(opened: list[str], kind: str) -> None:
    """Removes the innermost of a kind, and what is open within it."""
    while kind in opened and opened.pop() != kind:
        pass


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
        return 0 if previous.kind == "word" else 1
    # The clauses of a decision stand in a column.
    return max(1, _COLUMN - len(previous.text)) if index == 1 and previous.text in _CLAUSES else 1
