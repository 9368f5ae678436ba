"""Texts as arrays: tokens and windows of them, words, a vocabulary, hashed features."""

from research.data.text.bpe import BytePairEncoding
from research.data.text.hashing import hashed, word_parts
from research.data.text.vocabulary import PADDING, UNKNOWN, Vocabulary
from research.data.text.windows import windows
from research.data.text.words import words

__all__ = [
    "PADDING",
    "UNKNOWN",
    "BytePairEncoding",
    "Vocabulary",
    "hashed",
    "windows",
    "word_parts",
    "words",
]
