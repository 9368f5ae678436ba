"""Passages through the model and the rules, as one program."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

import rules
from experiments.austen.passages import Library, Passages
from experiments.decisions import Program
from research.data.text.bpe import BytePairEncoding
from research.inference import Predictor, threshold_for
from research.inference.decider import Columns
from research.models.network import Variables
from research.tasks import LanguageModel
from rules import Ruleset

_AT_ONCE = 32
# A passage is not read alone but after a line break, as paragraphs are.
BREAK = "\n"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenScores(Predictor):
    """A language model that answers with the nats of every token, and no logits."""

    def predict(self, variables: Variables, columns: Columns) -> dict[str, jax.Array]:
        """`nats` `[B, T - 1]` of tokens `[B, T]`, few texts at a time: logits are large."""
        assert isinstance(self.task, LanguageModel)
        task = self.task
        nats = jax.lax.map(
            lambda row: task.nats(variables, row[None])[0],
            self.prepare(columns),
            batch_size=_AT_ONCE,
        )
        return {"nats": nats}


def columns(
    texts: Sequence[str], encoding: BytePairEncoding, library: Library, *, slots: int
) -> dict[str, np.ndarray]:
    """Arrays `[N, ...]` of passages, for the program.

    Args:
        texts: N.
        encoding: gives their tokens.
        library: measures them.
        slots: of a passage so many tokens are read, the rest is not judged by the model.
    """
    tokens = np.zeros((len(texts), slots), np.int32)
    lengths = np.zeros(len(texts), np.int32)
    characters = np.ones(len(texts), np.float32)
    for row, text in enumerate(texts):
        read = encoding.encode(BREAK + text)[:slots]
        tokens[row, : len(read)], lengths[row] = read, len(read)
        characters[row] = max(len(encoding.decode(read)) - len(BREAK), 1)
    measured = [library.measured(text) for text in texts]
    return {
        "tokens": tokens,
        "lengths": lengths,
        "characters": characters,
        "words": np.array([m["words"] for m in measured], np.int32),
        **{
            name: np.array([m[name] for m in measured], np.float32)
            for name in ("real_words", "copied", "repeated")
        },
    }


def present(predictions: Mapping[str, jax.Array], columns: Columns) -> dict[str, jax.Array]:
    """Inputs of the rules."""
    nats = predictions["nats"]
    counted = jnp.arange(nats.shape[1]) < columns["lengths"][:, None] - 1
    bits = (nats * counted).sum(1) / math.log(2) / columns["characters"]
    given = {name: columns[name] for name in ("words", "real_words", "copied", "repeated")}
    return {"bits": bits, **given}


def trusted(program: Program, cases: Columns, passages: Passages, *, budget: float) -> float:
    """Up to how many bits per character a passage may be accepted; 0 where none may be.

    The most for which, among passages that nothing else speaks against, those that should not
    pass stay within the error budget (`research.inference.threshold_for`).
    """
    open_program = with_plain(program, 0.0)
    decided = open_program(cases)
    deciding = [program.decider.rules[rule] if rule >= 0 else "" for rule in decided.decisions.rule]
    unsettled = np.array([name == "doubtful" for name in deciding])
    wrong = np.array([expected != "accept" for expected in passages.expected])
    if not unsettled.any():
        return 0.0
    threshold = threshold_for(-decided.seen["bits"][unsettled], wrong[unsettled], budget=budget)
    return max(-threshold.value, 0.0)


def with_plain(program: Program, plain: float) -> Program:
    """The program with that param of its rules."""
    ruleset: Ruleset = rules.with_params(program.decider.ruleset, {"plain": plain})
    return dataclasses.replace(program, decider=rules.compile(ruleset, fired=True))
