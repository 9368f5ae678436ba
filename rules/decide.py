"""Decide a batch of cases on the host: one call from a table to outcomes and reasons."""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.cases import decode_case, encode
from rules.encoding import encode_values
from rules.engines.arrays import Extras, check_decides, decide_numpy
from rules.engines.decisions import STATUS, Decisions
from rules.engines.reference import Evaluation, evaluate
from rules.errors import did_you_mean
from rules.explain.reasons import reasons
from rules.language import ir

__all__ = ["Decided", "Engine", "decide"]

Engine = Literal["auto", "reference", "xla"]
FEW = 64  # cases below which importing jax and compiling costs more than it saves


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Decided:
    """A batch of cases, decided.

    Attributes:
        ruleset: what decided.
        columns: the encoded cases, by input name, `[B]`.
        decisions: NumPy arrays, `[B]`.
    """

    ruleset: ir.Ruleset
    columns: Mapping[str, npt.NDArray[Any]]
    decisions: Decisions

    @functools.cached_property
    def outcomes(self) -> list[str] | list[frozenset[str]]:
        """The outcome of each case; under `collect` the set of its outcomes."""
        assert self.ruleset.decision is not None
        names = self.ruleset.decision.outcomes
        codes = self.decisions.outcome.tolist()
        if self.ruleset.decision.policy != "collect":
            return [names[code] for code in codes]
        sets = {code: _members(names, code) for code in set(codes)}
        return [frozenset(sets[code]) for code in codes]

    @functools.cached_property
    def rules(self) -> list[str]:
        """The deciding rule of each case, or `default`, `unknown` or `conflict`."""
        names = [rule.name for rule in self.ruleset.ranked]
        return [names[rank] if rank >= 0 else STATUS[rank] for rank in self.decisions.rule.tolist()]

    @functools.cached_property
    def reasons(self) -> list[str]:
        """A sentence for each case."""
        return reasons(self.ruleset, self.columns, self.decisions)

    def counts(self) -> dict[str, int]:
        """How many cases came out how, by outcome (under `collect`, by each member)."""
        assert self.ruleset.decision is not None
        names = self.ruleset.decision.outcomes
        codes = Counter(self.decisions.outcome.tolist())
        if self.ruleset.decision.policy == "collect":
            return {
                name: sum(n for code, n in codes.items() if code >> bit & 1)
                for bit, name in enumerate(names)
            }
        return {name: codes[code] for code, name in enumerate(names)}

    def to_table(self) -> pa.Table:
        """One row per case.

        Returns:
            Columns `outcome` (string; under `collect` list<string>), `rule` (string, see
            `rules`), `reason` (string), and where they were asked for `fired` (list<string>)
            and `margin` (float32).
        """
        assert self.ruleset.decision is not None
        outcomes: Any = self.outcomes
        kind = pa.string()
        if self.ruleset.decision.policy == "collect":
            names = self.ruleset.decision.outcomes
            kind = pa.list_(pa.string())
            outcomes = [_members(names, code) for code in self.decisions.outcome.tolist()]
        columns = {
            "outcome": pa.array(outcomes, kind),
            "rule": pa.array(self.rules, pa.string()),
            "reason": pa.array(self.reasons, pa.string()),
        }
        if self.decisions.fired is not None:
            columns["fired"] = self._fired()
        if self.decisions.margin is not None:
            columns["margin"] = pa.array(self.decisions.margin, pa.float32())
        return pa.table(columns)

    def _fired(self) -> pa.Array:
        names = [rule.name for rule in self.ruleset.ranked]
        patterns, inverse = np.unique(self.decisions.fired, axis=0, return_inverse=True)
        lists = [
            [name for rank, name in enumerate(names) if pattern[rank // 32] >> (rank % 32) & 1]
            for pattern in patterns.tolist()
        ]
        distinct = pa.array(lists, pa.list_(pa.string()))
        return distinct.take(pa.array(inverse.reshape(-1)))


def decide(
    ruleset: ir.Ruleset,
    cases: Any,
    *,
    engine: Engine = "auto",
    fired: bool = True,
    margin: bool = False,
    missing_columns: Literal["error", "unknown"] = "error",
) -> Decided:
    """Decides cases.

    Args:
        ruleset: a checked rule set with a decision.
        cases: a table, columns, dictionaries: see `rules.cases.encode`.
        engine: `reference` (plain Python), `xla` (compiled for the batch), or `auto`: the
            reference for a few cases, which spares importing JAX and compiling, else XLA,
            or NumPy where JAX is not installed.
        fired: also tell which rules fire.
        margin: also tell how far each decision is from changing.
        missing_columns: see `rules.cases.encode`.

    Raises:
        ValueError: the rule set decides nothing or reads no inputs, an unknown engine, unusable
            cases.
        TypeError: a value is of another kind than its input.
    """
    if engine not in get_args(Engine):
        hint = did_you_mean(engine, get_args(Engine))
        raise ValueError(
            f"engine is {engine!r}, expected one of {', '.join(get_args(Engine))}"
            + (f"; {hint}" if hint else "")
        )
    extras = Extras(fired=fired, margin=margin)
    check_decides(ruleset, extras)
    if not ruleset.inputs:
        raise ValueError(
            f"rule set {ruleset.name} reads no inputs, so it decides every case alike; declare "
            "one, for example `input amount: float`"
        )
    columns = encode(ruleset, cases, missing_columns=missing_columns)
    count = len(next(iter(columns.values()), ()))
    if engine == "reference" or (engine == "auto" and count < FEW):
        decisions = _decide_reference(ruleset, columns, count, extras)
    elif engine == "auto" and importlib.util.find_spec("jax") is None:
        decisions = decide_numpy(ruleset, columns, extras)
    else:
        decisions = _decide_xla(ruleset, columns, extras)
    return Decided(ruleset=ruleset, columns=columns, decisions=decisions)


def _decide_xla(
    ruleset: ir.Ruleset, columns: Mapping[str, npt.NDArray[Any]], extras: Extras
) -> Decisions:
    import jax

    from rules.engines.xla import CompiledRuleset

    decisions = CompiledRuleset(ruleset=ruleset, extras=extras)(columns)
    host: Decisions = jax.tree.map(np.asarray, decisions)
    return host


def _decide_reference(
    ruleset: ir.Ruleset,
    columns: Mapping[str, npt.NDArray[Any]],
    count: int,
    extras: Extras,
) -> Decisions:
    made = [evaluate(ruleset, decode_case(ruleset, columns, row)) for row in range(count)]
    return Decisions(
        outcome=np.array([_code(ruleset, one) for one in made], np.int32),
        rule=np.array([one.rule for one in made], np.int32),
        fired=_fired_words(ruleset, made) if extras.fired else None,
        margin=np.array([one.margin for one in made], np.float32) if extras.margin else None,
        derived={
            item.name: encode_values(item.type, [one.values[item.name] for one in made])
            for item in ruleset.derived
        },
    )


def _code(ruleset: ir.Ruleset, evaluation: Evaluation) -> int:
    assert ruleset.decision is not None
    names, outcome = ruleset.decision.outcomes, evaluation.outcome
    if isinstance(outcome, frozenset):
        return sum(1 << names.index(name) for name in outcome)
    return names.index(str(outcome))


def _fired_words(ruleset: ir.Ruleset, made: Sequence[Evaluation]) -> npt.NDArray[np.uint32]:
    words = np.zeros((len(made), -(-len(ruleset.rules) // 32)), np.uint32)
    for row, one in enumerate(made):
        for rank, truth in enumerate(one.truths):
            if truth:
                words[row, rank // 32] |= np.uint32(1 << rank % 32)
    return words


def _members(names: Sequence[str], code: int) -> list[str]:
    return [name for bit, name in enumerate(names) if code >> bit & 1]
