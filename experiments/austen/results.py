"""What the Austen experiment decided, for its summary and its report."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pyarrow as pa

from experiments.austen.samples import Continuations
from experiments.austen.surprise import Surprise
from experiments.austen.writing import Audit, forbidding


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Results:
    """What a report shows.

    Attributes:
        known: decisions on passages of known worth, with `kind` and `expected`.
        judged: decisions on what was written under the rules.
        free: decisions on what was written without them, from the same prompts and draws.
        ruled_texts, free_texts: the continuations.
        meant: what the rules say of the tokens that the model had chosen, where they kept it
            from them while writing.
        free_rules_broken, ruled_rules_broken: the rules that each text breaks.
        real: what they say of the tokens of the real text.
        names: of the rules for writing, by rank.
        gallery: texts by how tokens were chosen.
        surprise: paragraphs of the test text with the nats of their tokens.
    """

    known: pa.Table
    judged: pa.Table
    free: pa.Table
    ruled_texts: Continuations
    free_texts: Continuations
    meant: Audit
    free_rules_broken: list[list[str]]
    ruled_rules_broken: list[list[str]]
    real: Audit
    names: tuple[str, ...]
    gallery: list[tuple[str, list[str]]]
    surprise: list[Surprise]

    @property
    def interventions(self) -> dict[str, int]:
        """Tokens that a rule put in the place of the model's choice, by rule."""
        return forbidding(self.meant, self.names)

    @property
    def real_forbidden(self) -> dict[str, int]:
        """Tokens of the real text that each rule would have forbidden."""
        return forbidding(self.real, self.names)

    @property
    def written_tokens(self) -> int:
        """Written under the rules, without the prompts."""
        return int(self.meant.judged.sum())

    @property
    def violations(self) -> Counter[str]:
        """Texts written freely that break a rule, by rule."""
        return Counter(name for names in self.free_rules_broken for name in names)

    @property
    def ruled_violations(self) -> Counter[str]:
        """The same for those under the rules; nothing, unless something is wrong."""
        return Counter(name for names in self.ruled_rules_broken for name in names)

    @property
    def free_broken(self) -> np.ndarray:
        """Bool per text written freely: whether it breaks a rule."""
        return np.array([bool(names) for names in self.free_rules_broken], bool)

    @property
    def ruled_broken(self) -> np.ndarray:
        """Bool per text under the rules: whether it breaks one."""
        return np.array([bool(names) for names in self.ruled_rules_broken], bool)

    @property
    def wrong(self) -> np.ndarray:
        """Bool per known passage: decided without a person, and not as it should be."""
        outcomes = self.known["outcome"].to_pylist()
        expected = self.known["expected"].to_pylist()
        return np.array(
            [o not in ("human", e) for o, e in zip(outcomes, expected, strict=True)], bool
        )

    @property
    def automated(self) -> np.ndarray:
        """Bool per known passage: decided without a person."""
        return np.array([o != "human" for o in self.known["outcome"].to_pylist()], bool)

    @property
    def error(self) -> float | None:
        """Share of wrong ones among those accepted, which the budget is for; None without."""
        accepted = np.array([o == "accept" for o in self.known["outcome"].to_pylist()], bool)
        return float(self.wrong[accepted].mean()) if accepted.any() else None

    @property
    def error_without_person(self) -> float | None:
        """Share of wrong ones among those accepted or rejected; None where none is."""
        return float(self.wrong[self.automated].mean()) if self.automated.any() else None
