"""How surprising a text is, token by token and sentence by sentence."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np

from experiments.austen.gate import BREAK
from experiments.decisions import Program
from research.data.text.bpe import BytePairEncoding

_SENTENCE_END = re.compile(r"[.!?][\"')]*$")
_PARAGRAPHS = 40


@dataclasses.dataclass(frozen=True, kw_only=True)
class Surprise:
    """A paragraph of N tokens.

    Attributes:
        tokens: their texts.
        nats: of each, given what is before it.
    """

    tokens: tuple[str, ...]
    nats: tuple[float, ...]

    @property
    def text(self) -> str:
        """The paragraph."""
        return "".join(self.tokens)

    @property
    def bits(self) -> float:
        """Per character."""
        return sum(self.nats) / math.log(2) / max(len(self.text), 1)

    @property
    def perplexity(self) -> float:
        """Per token."""
        return math.exp(sum(self.nats) / max(len(self.nats), 1))

    @property
    def sentences(self) -> list[Surprise]:
        """Its sentences, each with what it costs after those before it."""
        found: list[Surprise] = []
        first = 0
        for place, token in enumerate(self.tokens, 1):
            if _SENTENCE_END.search(token) or place == len(self.tokens):
                found.append(Surprise(tokens=self.tokens[first:place], nats=self.nats[first:place]))
                first = place
        return found


def surprises(
    text: str, program: Program, encoding: BytePairEncoding, *, slots: int
) -> list[Surprise]:
    """The first paragraphs of a text that fit into as many tokens."""
    read = [encoding.encode(BREAK + part) for part in text.split(BREAK) if part]
    kept = [tokens for tokens in read if 1 < len(tokens) <= slots][:_PARAGRAPHS]
    if not kept:
        return []
    padded = np.zeros((len(kept), slots), np.int32)
    for row, tokens in enumerate(kept):
        padded[row, : len(tokens)] = tokens
    nats = program.predictor({"tokens": padded})["nats"]
    return [
        Surprise(
            tokens=tuple(encoding.decode([token]) for token in tokens[1:]),
            nats=tuple(map(float, nats[row, : len(tokens) - 1])),
        )
        for row, tokens in enumerate(kept)
    ]
