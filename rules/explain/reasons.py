"""One sentence per case: why it was decided as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.encoding import decode_value
from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN, Decisions
from rules.engines.values import Value
from rules.explain.needs import Needs, host_lowering, truth_matrix
from rules.language import ir
from rules.language.numbers import shortest_float32

__all__ = ["format_value", "reasons"]

Columns = Mapping[str, Any]


def reasons(ruleset: ir.Ruleset, columns: Columns, decisions: Decisions) -> list[str]:
    """A sentence for each case.

    Args:
        ruleset: what decided.
        columns: the encoded cases, by input name, `[B]`.
        decisions: of these cases, `[B]`.

    Raises:
        ValueError: the decisions are no batch `[B]`.
    """
    rule = np.asarray(decisions.rule)
    if rule.ndim != 1:
        raise ValueError(f"decisions have shape {rule.shape}, expected a batch [B]; ravel them")
    columns = {item.name: np.asarray(columns[item.name]) for item in ruleset.inputs}
    columns = {name: np.broadcast_to(column, rule.shape) for name, column in columns.items()}
    told = np.empty(len(rule), object)
    for code in np.unique(rule).tolist():
        rows = np.flatnonzero(rule == code)
        these = {name: column[rows] for name, column in columns.items()}
        if code >= 0:
            told[rows] = _fill(ruleset, ruleset.ranked[code], these, len(rows))
        elif code == DEFAULT:
            told[rows] = _default(ruleset)
        elif code == UNKNOWN:
            told[rows] = _undecided(ruleset, these, len(rows))
        elif code == CONFLICT:
            told[rows] = _conflict(ruleset, these, len(rows))
    return list(told)


def format_value(value: Value | None, spec: str = "") -> str:
    """A value as sentences show it; `unknown` where there is none."""
    match value:
        case None:
            return "unknown"
        case bool():
            return format(str(value).lower(), spec)
        case float() if not spec:
            return shortest_float32(value)
        case _:
            return format(value, spec)


def _default(ruleset: ir.Ruleset) -> str:
    assert ruleset.decision is not None
    if ruleset.decision.default is None:
        return "no rule applies"
    return f"no rule applies: default {ruleset.decision.default}"


def _fill(ruleset: ir.Ruleset, rule: ir.Rule, columns: Columns, count: int) -> list[str]:
    """The because-template of one rule, for the cases that it decides."""
    lowering = host_lowering(ruleset, columns)
    parts: list[Sequence[str]] = []
    for part in rule.because:
        if isinstance(part, str):
            parts.append([part] * count)
            continue
        with np.errstate(all="ignore"):
            column = np.broadcast_to(lowering.encoded(part.name), (count,))
        parts.append(_texts(ruleset.types[part.name], column, part.spec))
    return ["".join(pieces) for pieces in zip(*parts, strict=True)] if parts else [""] * count


def _texts(type_: ir.Type, column: npt.NDArray[Any], spec: str) -> list[str]:
    # Each distinct value is formatted once: there are few of most kinds, and formatting is
    # the slow part.
    distinct, inverse = np.unique(column, return_inverse=True)
    texts = [format_value(decode_value(type_, code), spec) for code in distinct]
    return [texts[index] for index in inverse.tolist()]


def _undecided(ruleset: ir.Ruleset, columns: Columns, count: int) -> npt.NDArray[Any]:
    with np.errstate(all="ignore"):
        needs = Needs(ruleset, columns, count)
    facts = [*needs.inputs.values(), *needs.undefined.values()]
    marks = np.column_stack([needs.rules, *facts])
    names = np.array([rule.name for rule in ruleset.ranked], object)
    inputs, undefined = list(needs.inputs), list(needs.undefined)
    ends = len(names), len(names) + len(inputs)

    def sentence(mark: npt.NDArray[np.bool_]) -> str:
        rules, lacking, broken = np.split(mark, ends)
        told = "cannot be decided"
        if lacking.any():
            told += f" without {', '.join(np.array(inputs, object)[lacking])}"
        if broken.any():
            texts = ", ".join(np.array(undefined, object)[broken])
            told += f"{',' if lacking.any() else ''} since {texts} has no value"
        return f"{told}: {_rules(names[rules])} could apply"

    return _told(marks, sentence)


def _conflict(ruleset: ir.Ruleset, columns: Columns, count: int) -> npt.NDArray[Any]:
    assert ruleset.decision is not None
    policy = ruleset.decision.policy
    with np.errstate(all="ignore"):
        fires = truth_matrix(ruleset, host_lowering(ruleset, columns), count) == 1
    labels = np.array([f"{rule.name} ({rule.outcome})" for rule in ruleset.ranked], object)
    return _told(fires, lambda mark: f"{_rules(labels[mark])} apply, which policy {policy} forbids")


def _told(
    marks: npt.NDArray[np.bool_], sentence: Callable[[npt.NDArray[np.bool_]], str]
) -> npt.NDArray[Any]:
    """One sentence per distinct row of marks `[B, M]`."""
    patterns, inverse = np.unique(marks, axis=0, return_inverse=True)
    sentences = np.array([sentence(pattern) for pattern in patterns], object)
    told: npt.NDArray[Any] = sentences[inverse.reshape(-1)]
    return told


def _rules(names: npt.NDArray[Any]) -> str:
    return f"{'rule' if len(names) == 1 else 'rules'} {', '.join(names)}"
