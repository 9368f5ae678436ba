"""What the rules promise of a written text, checked on the text itself in plain Python.

Shares nothing with the constraint: no tokens' features, no automaton, no rule engine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LETTERS = re.compile(r"[A-Za-z]+")


def broken(
    text: str,
    tokens: Sequence[int],
    *,
    forbidden: Sequence[str],
    longest_sentence: int,
    longest_word: int,
    repeats: int,
) -> list[str]:
    """The names of the rules that a text breaks.

    Args:
        text: the whole of it, from the beginning of a paragraph.
        tokens: of the text.
        forbidden: beginnings of words, in any case.
        longest_sentence: words.
        longest_word: letters.
        repeats: tokens in a row that may not stand there twice.
    """
    found = {
        "forbidden_word": any(
            re.search(rf"(?<![a-z]){word.lower()}", text.lower()) for word in forbidden
        ),
        "plain_letters": not text.isascii(),
        "no_digits": any(character.isdigit() for character in text),
        "word_too_long": any(len(word) > longest_word for word in _LETTERS.findall(text)),
        "repeated": _repeated(tokens, repeats),
        "two_marks": '""' in text,
        "sentence_too_long": any(
            len(_LETTERS.findall(sentence)) > longest_sentence
            for sentence in re.split(r"[.!?\n]", text)
        ),
        "left_unfinished": any(
            not re.search(r"[.!?][\"')]*$", paragraph)
            for paragraph in text.split("\n")[:-1]
            if paragraph
        ),
        **_quotations(text),
    }
    return [name for name, is_broken in found.items() if is_broken]


def _repeated(tokens: Sequence[int], length: int) -> bool:
    runs = [tuple(tokens[at : at + length]) for at in range(len(tokens) - length + 1)]
    return len(set(runs)) < len(runs)


def _quotations(text: str) -> dict[str, bool]:
    """What is wrong with its quotation marks, character by character."""
    twice = unopened = left = quoting = False
    for before, character in zip("\n" + text, text, strict=False):
        if character == '"':
            if before != "-":
                opens = before in " \n(["
                twice |= opens and quoting
                unopened |= not opens and not quoting
            quoting = not quoting
        elif character == "\n":
            left |= quoting
            quoting = False
    return {"quoted_twice": twice, "quote_without_opening": unopened, "left_open": left}
