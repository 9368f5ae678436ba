"""Prompts continued by the model, freely or under the rules."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from experiments.austen.gate import BREAK
from research.data.text.bpe import BytePairEncoding
from research.inference import Predictor
from research.inference.generation import Constraint, Generated, Greedy, Sampling, generate
from research.tasks import LanguageModel

Method = Greedy | Sampling


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Continuations:
    """B prompts and what the model made of them.

    Attributes:
        prompts: the texts.
        generated: host arrays; every sequence begins with a line break.
        encoding: of the tokens.
    """

    prompts: tuple[str, ...]
    generated: Generated
    encoding: BytePairEncoding

    @property
    def prompt_lengths(self) -> np.ndarray:
        """Tokens of each prompt, with the line break, `[B]`."""
        return np.array([len(self.encoding.encode(BREAK + prompt)) for prompt in self.prompts])

    def tokens(self, row: int) -> list[int]:
        """Of one text, the line break included."""
        kept = self.generated.tokens[row, : self.generated.lengths[row]]
        return [int(token) for token in kept]

    def text(self, row: int) -> str:
        """One text: the prompt and its continuation."""
        return self.encoding.decode(self.tokens(row)).removeprefix(BREAK)

    def added(self, row: int) -> str:
        """The continuation alone."""
        start = int(self.prompt_lengths[row])
        return self.encoding.decode(self.tokens(row)[start:])

    @property
    def texts(self) -> list[str]:
        """All texts."""
        return [self.text(row) for row in range(len(self.prompts))]

    @property
    def characters(self) -> int:
        """Of all continuations together."""
        return sum(len(self.added(row)) for row in range(len(self.prompts)))

    @property
    def cost(self) -> float:
        """What the constraint costs: bits per character that the model had meant otherwise.

        Minus the binary logarithm of the probability of what was allowed, per character.
        """
        return float(-np.sum(self.generated.log_allowed) / math.log(2) / max(self.characters, 1))

    @property
    def differing(self) -> np.ndarray:
        """Bool `[B, C]`: where the constraint kept the model from its choice."""
        differs: np.ndarray = np.not_equal(self.generated.tokens, self.generated.wanted)
        return differs


def method_of(settings: Mapping[str, Any]) -> Method:
    """How to choose tokens: greedy at temperature 0."""
    if not settings["temperature"]:
        return Greedy()
    return Sampling(temperature=settings["temperature"], top_p=settings["top_p"])


def continued(
    predictor: Predictor,
    encoding: BytePairEncoding,
    prompts: Sequence[str],
    *,
    length: int,
    new: int,
    method: Method,
    seed: int,
    constraint: Constraint | None = None,
) -> Continuations:
    """Continues prompts.

    Args:
        predictor: with a language model.
        encoding: of its tokens.
        prompts: beginnings of paragraphs.
        length: the most tokens of a text; of a long prompt only the end is read.
        new: tokens to add.
        method: of choosing.
        seed: of the draws; the same one draws alike with and without a constraint.
        constraint: on the tokens.
    """
    assert isinstance(predictor.task, LanguageModel)
    read = [encoding.encode(BREAK + prompt) for prompt in prompts]
    generated = generate(
        predictor.task.network,
        predictor.variables,
        [tokens.tolist() for tokens in read],
        length=length,
        new=new,
        method=method,
        key=jax.random.key(seed),
        constraint=constraint,
    )
    return Continuations(
        prompts=tuple(prompts), generated=jax.device_get(generated), encoding=encoding
    )


def openings(text: str, *, count: int, words: int) -> list[str]:
    """The first words of `count` long paragraphs of a text, spread over it."""
    paragraphs = [
        paragraph.split() for paragraph in text.split("\n") if len(paragraph.split()) > 2 * words
    ]
    if not paragraphs:
        return []
    chosen = np.linspace(0, len(paragraphs) - 1, min(count, len(paragraphs))).astype(int)
    return [" ".join(paragraphs[row][:words]) for row in chosen]
