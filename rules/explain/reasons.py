"""One sentence per case of a batch: why each was decided as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.encoding import decode_value
from rules.encoding import texts as known_texts
from rules.engines.columns import column_names
from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN, Decisions
from rules.engines.reference import evaluate
from rules.explain.array_needs import Needs, host_lowering, truth_matrix
from rules.explain.formats import format_value
from rules.explain.sentences import conflict_text, default_text, sentence, undecided_text
from rules.language import ir

__all__ = ["reasons"]

Columns = Mapping[str, Any]


def reasons(
    ruleset: ir.Ruleset,
    columns: Columns,
    decisions: Decisions,
    *,
    texts: Sequence[str] | None = None,
    cases: Callable[[int], Mapping[str, Any]] | None = None,
) -> list[str]:
    """A sentence for each case.

    Args:
        ruleset: what decided.
        columns: the encoded cases, by input name, `[B, ...]`.
        decisions: of these cases, `[B]`.
        texts: by code, as `rules.cases.Encoded` has them; by default those of the rule set.
        cases: gives a case by its row, with the names of its objects; by default objects are
            numbered.

    Raises:
        ValueError: the decisions are no batch `[B]`.
    """
    assert ruleset.decision is not None
    rule = np.asarray(decisions.rule)
    if rule.ndim != 1:
        raise ValueError(f"decisions have shape {rule.shape}, expected a batch [B]; ravel them")
    columns = {name: np.asarray(columns[name]) for name in column_names(ruleset)}
    columns = {
        name: np.broadcast_to(column, rule.shape + column.shape[max(column.ndim - own, 0) :])
        for (name, own), column in zip(column_names(ruleset).items(), columns.values(), strict=True)
    }
    known = known_texts(ruleset) if texts is None else texts
    told = np.empty(len(rule), object)
    for code in np.unique(rule).tolist():
        rows = np.flatnonzero(rule == code)
        these = {name: column[rows] for name, column in columns.items()}
        if code >= 0:
            told[rows] = _fill(ruleset, ruleset.ranked[code], these, len(rows), known)
        elif code == DEFAULT:
            told[rows] = default_text(ruleset.decision)
        elif ruleset.entities or ruleset.constraints:
            case = cases or _decoded(ruleset, columns, texts)
            told[rows] = [sentence(ruleset, evaluate(ruleset, case(row))) for row in rows.tolist()]
        elif code == UNKNOWN:
            told[rows] = _undecided(ruleset, these, len(rows))
        elif code == CONFLICT:
            told[rows] = _conflict(ruleset, these, len(rows))
    return list(told)


def _decoded(
    ruleset: ir.Ruleset, columns: Columns, texts: Sequence[str] | None
) -> Callable[[int], Mapping[str, Any]]:
    from rules.cases import decode_case

    return lambda row: decode_case(ruleset, columns, row, texts_by_code=texts)


def _fill(
    ruleset: ir.Ruleset, rule: ir.Rule, columns: Columns, count: int, texts: Sequence[str]
) -> list[str]:
    """The because-template of one rule, for the cases that it decides."""
    if all(isinstance(part, str) for part in rule.because):
        return ["".join(map(str, rule.because))] * count
    lowering = host_lowering(ruleset, columns)
    parts: list[Sequence[str]] = []
    for part in rule.because:
        if isinstance(part, str):
            parts.append([part] * count)
            continue
        with np.errstate(all="ignore"):
            column = np.broadcast_to(lowering.encoded(part.name), (count,))
        parts.append(_texts(ruleset.types[part.name], column, part.spec, texts))
    return ["".join(pieces) for pieces in zip(*parts, strict=True)]


def _texts(type_: ir.Type, column: npt.NDArray[Any], spec: str, known: Sequence[str]) -> list[str]:
    # Each distinct value is formatted once: there are few of most kinds, and formatting is
    # the slow part.
    distinct, inverse = np.unique(column, return_inverse=True)
    texts = [format_value(decode_value(type_, code, known), spec, type_) for code in distinct]
    return [texts[index] for index in inverse.tolist()]


def _undecided(ruleset: ir.Ruleset, columns: Columns, count: int) -> npt.NDArray[Any]:
    with np.errstate(all="ignore"):
        needs = Needs(ruleset, columns, count)
    inputs = [item.name for item in ruleset.inputs if item.name in needs.inputs]
    undefined = sorted(needs.undefined)
    facts = [*(needs.inputs[name] for name in inputs), *(needs.undefined[t] for t in undefined)]
    marks = np.column_stack([needs.rules, *facts])
    names = np.array([rule.name for rule in ruleset.ranked], object)
    ends = len(names), len(names) + len(inputs)

    def told(mark: npt.NDArray[np.bool_]) -> str:
        rules, lacking, broken = np.split(mark, ends)
        return undecided_text(
            np.array(inputs, object)[lacking].tolist(),
            np.array(undefined, object)[broken].tolist(),
            names[rules].tolist(),
        )

    return _told(marks, told)


def _conflict(ruleset: ir.Ruleset, columns: Columns, count: int) -> npt.NDArray[Any]:
    decision = ruleset.decision
    assert decision is not None
    with np.errstate(all="ignore"):
        fires = truth_matrix(ruleset, host_lowering(ruleset, columns), count) == 1
    labels = np.array([f"{rule.name} ({rule.outcome})" for rule in ruleset.ranked], object)
    return _told(fires, lambda mark: conflict_text(decision, labels[mark].tolist()))


def _told(
    marks: npt.NDArray[np.bool_], sentence: Callable[[npt.NDArray[np.bool_]], str]
) -> npt.NDArray[Any]:
    """One sentence per distinct row of marks `[B, M]`."""
    patterns, inverse = np.unique(marks, axis=0, return_inverse=True)
    sentences = np.array([sentence(pattern) for pattern in patterns], object)
    told: npt.NDArray[Any] = sentences[inverse.reshape(-1)]
    return told
