"""What the rules are told about a text beside what the network makes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from research.data.text import words

_WORD = re.compile(r"[^\W\d_]+")
INSULTS = frozenset(Path(__file__).with_name("insults.txt").read_text(encoding="utf-8").split())


def facts(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Named arrays `[N]` for N texts.

    Returns:
        `words` int32, without signs and numbers; `exclamations` int32, how many marks;
        `shouted` float32, the share of words of two letters or more that are all capitals;
        `insults` int32, words of the list insults.txt.
    """
    found = [_WORD.findall(text) for text in texts]
    long = [[word for word in text if len(word) > 1] for text in found]
    return {
        "words": np.array([len(text) for text in found], np.int32),
        "exclamations": np.array([text.count("!") for text in texts], np.int32),
        "shouted": np.array(
            [sum(map(str.isupper, text)) / max(len(text), 1) for text in long], np.float32
        ),
        "insults": np.array(
            [sum(word in INSULTS for word in words(text)) for text in texts], np.int32
        ),
    }
