"""From a text to words: lower case, emoticons kept whole, clitics apart from their words."""

from __future__ import annotations

import html
import re

_EMOTICON = r"(?:[<>]?[:;=8][\-o*']?[)\](\[dpos/\\:}{@|]+|[)\](\[dp/\\]+[\-o*']?[:;=8]|<3+|\^_\^)"
_TOKENS = re.compile(
    rf"https?://\S+|www\.\S+|@\w+|{_EMOTICON}(?!\w)|\d+(?:[.,:/]\d+)*|\w+(?:'\w+)*|[^\w\s]"
)
_STRETCHED = re.compile(r"(.)\1{2,}")
_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"'})


def words(text: str) -> list[str]:
    """Splits a text into lower-case words, numbers, emoticons and single signs.

    What carries no meaning of its own becomes one word for all: addresses of pages `<url>`,
    mentions `<user>`, numbers `<number>`. A letter that stands more than twice in a row stands
    twice ("sooooo" is "soo"), "n't" is a word of its own ("don't" is "do", "n't"), and so is a
    genitive's "'s". HTML entities are read as the signs they mean.

    Args:
        text: any.
    """
    plain = html.unescape(text).translate(_QUOTES).replace("''", '"').lower()
    return [word for token in _TOKENS.findall(plain) for word in _parts(token)]


def _parts(token: str) -> list[str]:
    if token.startswith(("http", "www.")):
        return ["<url>"]
    if token.startswith("@") and len(token) > 1:
        return ["<user>"]
    if token[0].isdigit():
        return ["<number>"]
    short = _STRETCHED.sub(r"\1\1", token)
    if short.endswith("n't"):
        return [short[:-3], "n't"] if len(short) > 3 else [short]
    if short.endswith("'s") and len(short) > 2:
        return [short[:-2], "'s"]
    return [short]
