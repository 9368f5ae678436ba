"""Decide a batch of cases on the host: one call from a table to outcomes and reasons."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, get_args

import numpy as np

from rules.cases import Encoded, encode_cases
from rules.decided import Decided
from rules.engines.arrays import Extras, check_asked, decide_numpy
from rules.engines.case_by_case import HOSTS, decide_by_reference, verdicts
from rules.engines.columns import sizes
from rules.engines.decisions import Decisions
from rules.engines.kept import compiled
from rules.errors import did_you_mean
from rules.language import ir
from rules.language.settings import in_force, with_params

__all__ = ["Decided", "Engine", "decide"]

Engine = Literal["auto", "reference", "python", "numpy", "xla", "backward", "rete"]
FEW = 4  # cases that the reference decides before NumPy has made its first array
# Seconds, measured on one core: for a rule of three comparisons and a case on NumPy, and to
# import JAX, and to compile a rule.
PER_CASE, IMPORT, PER_RULE = 3e-8, 1.0, 2.5e-2


def decide(
    ruleset: ir.Ruleset,
    cases: Any,
    *,
    engine: Engine = "auto",
    on: date | None = None,
    params: Mapping[str, float | int | bool | str] | None = None,
    fired: bool = True,
    margin: bool = False,
    derived: Sequence[str] = (),
    violated: bool = False,
    missing_columns: Literal["error", "unknown"] = "error",
) -> Decided:
    """Decides cases.

    Args:
        ruleset: a checked rule set with a decision.
        cases: a table, columns, dictionaries: see `rules.cases.encode`.
        engine: `reference` (the specification, plain Python), `python` (a generated function),
            `numpy`, `xla` (compiled for the batch), `backward` (goal-directed), `rete`
            (durable_rules), or `auto`: the reference or the generated function for up to four
            cases, else NumPy, and XLA where compiling pays, from about a million cases on. All
            give the same answers. What is compiled or generated is kept for further batches.
            What `python`, `backward` and `rete` do not tell themselves (`fired` and what
            follows it) is computed by NumPy, or by the reference where an entity has no bound.
        on: the day to decide for, where rules hold since or until a day.
        params: other values of some params, by name.
        fired: also tell which rules fire.
        margin: also tell how far each decision is from changing.
        derived: names of derived values to tell.
        violated: also tell which constraints the rules broke.
        missing_columns: see `rules.cases.encode`.

    Raises:
        ValueError: the rule set decides nothing, for no certain day, or reads no inputs, an
            unknown engine, param or derived name, unusable cases, or an entity without a bound
            in an array engine.
        TypeError: a value is of another kind than its input.
        ModuleNotFoundError: the engine is not installed.
    """
    _check_engine(engine)
    if isinstance(derived, str):
        raise TypeError(f"derived is {derived!r}, expected a list of names: [{derived!r}]")
    if params:
        ruleset = with_params(ruleset, params)
    if on is not None:
        ruleset = in_force(ruleset, on)
    extras = Extras(fired=fired, margin=margin, derived=tuple(derived), violated=violated)
    check_asked(ruleset, extras)
    if not ruleset.inputs:
        raise ValueError(
            f"rule set {ruleset.name} reads no inputs, so it decides every case alike; declare "
            "one, for example `input amount: float`"
        )
    encoded = encode_cases(ruleset, cases, missing_columns=missing_columns)
    unbounded = any(item.size is None for item in ruleset.entities)
    return Decided(
        ruleset=ruleset,
        columns={} if unbounded else encoded.columns,
        decisions=_run(_chosen(engine, encoded, extras, unbounded), encoded, extras, unbounded),
        encoded=encoded,
    )


def _check_engine(engine: str) -> None:
    if engine not in get_args(Engine):
        hint = did_you_mean(engine, get_args(Engine))
        raise ValueError(
            f"engine is {engine!r}, expected one of {', '.join(get_args(Engine))}"
            + (f"; {hint}" if hint else "")
        )
    for name, module, advice in _PACKAGES:
        if engine == name and importlib.util.find_spec(module) is None:
            raise ModuleNotFoundError(
                f"engine {name} needs the package {module}, which is not installed: {advice}; "
                "the other engines give the same answers"
            )


_PACKAGES = (
    ("rete", "durable", "pip install rulax[rete]"),
    ("xla", "jax", "pip install jax"),
)


def _chosen(engine: str, encoded: Encoded, extras: Extras, unbounded: bool) -> str:
    """The engine to use, where the caller leaves the choice."""
    if engine != "auto":
        return engine
    if unbounded:
        return "python" if extras == Extras() else "reference"
    if encoded.count <= FEW:
        return "python" if extras == Extras() else "reference"
    ruleset = encoded.ruleset
    work = len(ruleset.rules) + sum(math.prod(sizes(ruleset, item)) for item in ruleset.derived)
    is_long = encoded.count * work * PER_CASE > IMPORT + PER_RULE * work
    return "xla" if is_long and importlib.util.find_spec("jax") is not None else "numpy"


def _run(engine: str, encoded: Encoded, extras: Extras, unbounded: bool) -> Decisions:
    ruleset = encoded.ruleset
    match engine:
        case "reference":
            return decide_by_reference(ruleset, encoded, extras)
        case "numpy":
            return decide_numpy(ruleset, encoded.columns, extras)
        case "xla":
            return _decide_xla(encoded, extras)
    assert engine in HOSTS
    decisions = verdicts(ruleset, encoded, engine)
    if extras == Extras():
        return decisions
    more = _run("reference" if unbounded else "numpy", encoded, extras, unbounded)
    return more._replace(outcome=decisions.outcome, rule=decisions.rule)


def _decide_xla(encoded: Encoded, extras: Extras) -> Decisions:
    import jax

    decisions = compiled(encoded.ruleset, extras)(encoded.columns)
    host: Decisions = jax.tree.map(np.asarray, decisions)
    return host
