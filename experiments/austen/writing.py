"""Rules as a constraint on what may be written: decided for every candidate, inside the loop."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.austen.automaton import TokenAutomaton
from experiments.austen.candidates import Candidates, style
from research.inference.generation import Constraint, Step, no_repeats
from rules.engines.xla import CompiledRuleset

_STYLES = np.array([style(byte) for byte in range(256)], np.int32)
_BREAK, _MARK = ord("\n"), ord('"')


class Standing(NamedTuple):
    """How B texts stand, arrays `[B]`.

    Attributes:
        automaton: state of the automaton of forbidden words.
        quoting: a quotation is open.
        words: in the sentence so far.
        ended: the last sign but for quotation marks ends a sentence.
        letters: of the word so far, 0 after anything but a letter.
        last: the last byte.
    """

    automaton: jax.Array
    quoting: jax.Array
    words: jax.Array
    ended: jax.Array
    letters: jax.Array
    last: jax.Array


class Audit(NamedTuple):
    """What the rules say of tokens, arrays `[B, C]`.

    Attributes:
        rule: rank of the rule that forbids the token; negative where it is allowed.
        judged: whether there is a token to judge: after the prompt, before the end.
    """

    rule: np.ndarray
    judged: np.ndarray


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Writing:
    """The rule set with all that its inputs are made of.

    Attributes:
        decider: with the outcomes `allow` and `forbid`.
        candidates: features of the V tokens.
        automaton: of the forbidden words, over the same tokens.
        repeats: how many tokens in a row make a repetition.
    """

    decider: CompiledRuleset
    candidates: Candidates
    automaton: TokenAutomaton
    repeats: int

    @functools.cached_property
    def constraint(self) -> Constraint:
        """For `generate`."""
        return Constraint(allowed=self._allowed, start=self._start, advance=self._advance)

    def check(self) -> None:
        """Traces a decision without running it.

        Raises:
            TypeError, ValueError: when the rules need what there is not.
        """
        tokens = jnp.zeros((1, 2), jnp.int32)
        lengths = jnp.ones(1, jnp.int32)
        logits = jnp.zeros((1, len(self.candidates.last)))
        step = Step(tokens, lengths, logits)
        jax.eval_shape(lambda: self._allowed(self._start(tokens, lengths), step))

    def audit(
        self, tokens: Any, lengths: Any, prompts: Any, candidates: Any | None = None
    ) -> Audit:
        """Which rules forbid the tokens of texts, each judged in the text as it stands.

        Args:
            tokens: int `[B, C]`.
            lengths: int `[B]`, of the texts, their prompts included.
            prompts: int `[B]`, lengths of the prompts, which nobody judges; 1 or more.
            candidates: int `[B, C]`, judged in place of the tokens themselves: what the
                model wanted there.
        """
        judged = np.arange(np.shape(tokens)[1]) >= np.asarray(prompts)[:, None]
        judged &= np.arange(np.shape(tokens)[1]) < np.asarray(lengths)[:, None]
        asked = tokens if candidates is None else candidates
        rule = self._audited(jnp.asarray(tokens, jnp.int32), jnp.asarray(asked, jnp.int32))
        return Audit(rule=np.where(judged, np.asarray(rule), -1), judged=judged)

    @functools.cached_property
    def _audited(self) -> Any:
        """Compiled: tokens and candidates `[B, C]` to the forbidding rules `[B, C]`."""
        return jax.jit(self._replayed)

    def _replayed(self, tokens: jax.Array, asked: jax.Array) -> jax.Array:
        count, slots = tokens.shape

        def one(standing: Standing, place: jax.Array) -> tuple[Standing, jax.Array]:
            logits = jnp.zeros((count, len(self.candidates.last)))
            step = Step(tokens, jnp.full(count, place), logits)
            wanted = jax.lax.dynamic_index_in_dim(asked, place, axis=1)
            decisions = self.decider(self._columns(standing, step, wanted))
            here = jax.lax.dynamic_index_in_dim(tokens, place, axis=1, keepdims=False)
            forbidden = decisions.outcome == self._forbid
            return self._advance(standing, here), jnp.where(forbidden, decisions.rule, -1)[:, 0]

        _, rules = jax.lax.scan(one, self._beginning(count), jnp.arange(slots))
        return rules.T

    @property
    def _forbid(self) -> int:
        return self.decider.outcomes.index("forbid")

    def _allowed(self, standing: Standing, step: Step) -> jax.Array:
        everything = jnp.arange(step.logits.shape[-1])[None]
        columns = self._columns(standing, step, everything)
        return self.decider(columns).outcome != self._forbid

    def _beginning(self, count: int) -> Standing:
        nothing = jnp.zeros(count, jnp.int32)
        return Standing(
            automaton=nothing + self.automaton.start,
            quoting=nothing > 0,
            words=nothing,
            ended=nothing == 0,
            letters=nothing,
            last=nothing + _BREAK,
        )

    def _start(self, tokens: jax.Array, lengths: jax.Array) -> Standing:
        def one(standing: Standing, place: jax.Array) -> tuple[Standing, None]:
            here = jax.lax.dynamic_index_in_dim(tokens, place, axis=1, keepdims=False)
            read = place < lengths
            moved = self._advance(standing, here)
            kept = jax.tree.map(lambda new, old: jnp.where(read, new, old), moved, standing)
            return kept, None

        places = jnp.arange(tokens.shape[1])
        return jax.lax.scan(one, self._beginning(tokens.shape[0]), places)[0]

    def _advance(self, standing: Standing, tokens: jax.Array) -> Standing:
        of = self._features(tokens)
        begins = self._begins_word(standing, of)
        ends = of["stops"] | of["breaks"]
        odd = of["marks"] % 2 == 1
        return Standing(
            automaton=jnp.asarray(self.automaton.following)[standing.automaton, tokens],
            # A quotation does not outlast its paragraph: some editions leave it open.
            quoting=(standing.quoting ^ odd) & ~of["breaks"],
            words=jnp.where(ends, 0, standing.words + begins),
            ended=jnp.where(of["only_quotes"], standing.ended, of["ended"]),
            letters=jnp.where(of["ends_in_letter"], self._word(standing, of), 0),
            last=of["last"],
        )

    def _columns(self, standing: Standing, step: Step, asked: jax.Array) -> dict[str, jax.Array]:
        """Inputs of the rules for K candidates of each of B texts, which broadcast to `[B, K]`."""
        now = jax.tree.map(lambda leaf: leaf[:, None], standing)
        of = self._features(asked)
        unrepeated = no_repeats(self.repeats).allowed((), step)
        mark = jnp.asarray(_STYLES)[now.last]
        return {
            "quoting": now.quoting,
            "sentence_words": now.words,
            "sentence_ended": now.ended,
            "has_digit": of["digits"],
            "is_foreign": of["foreign"],
            "completes_forbidden": jnp.asarray(self.automaton.found)[now.automaton, asked],
            "repeats": ~jnp.take_along_axis(unrepeated, self._everywhere(asked, unrepeated), 1),
            "begins_word": self._begins_word(now, of),
            "word_letters": self._word(now, of),
            "is_sign": of["signs"],
            "ends_sentence": of["stops"],
            "breaks_line": of["breaks"],
            "quotation_marks": of["marks"] + (of["quote_first"] & (now.last == _MARK)),
            "quote": jnp.where(of["quote_first"], mark, of["quote"]),
        }

    def _everywhere(self, asked: jax.Array, mask: jax.Array) -> jax.Array:
        return jnp.broadcast_to(asked, (mask.shape[0], asked.shape[1]))

    def _features(self, tokens: jax.Array) -> dict[str, jax.Array]:
        return {
            field.name: jnp.asarray(getattr(self.candidates, field.name))[tokens]
            for field in dataclasses.fields(self.candidates)
        }

    def _begins_word(self, now: Standing, of: dict[str, jax.Array]) -> jax.Array:
        return (of["letters"] > 0) & (~of["joins"] | (now.letters == 0))

    def _word(self, now: Standing, of: dict[str, jax.Array]) -> jax.Array:
        """Letters of the word that a token makes, or goes on with."""
        return of["letters"] + jnp.where(of["joins"], now.letters, 0)


def forbidding(audit: Audit, names: Sequence[str]) -> dict[str, int]:
    """How many tokens each rule forbids; rules that forbid none are there too."""
    counts = np.bincount(audit.rule[audit.rule >= 0], minlength=len(names))
    return {name: int(count) for name, count in zip(names, counts, strict=True)}
