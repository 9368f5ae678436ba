"""Every explanation is checked: the engines must decide the case alike."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from typing import Any

from rules.engines.backward import Query
from rules.engines.decisions import STATUS
from rules.engines.hit_policy import Outcome
from rules.engines.reference import Evaluation
from rules.explain.formats import plain
from rules.language import ir
from rules.language.interchange import canonical_json

__all__ = ["EnginesDisagreeError", "confirm"]


class EnginesDisagreeError(Exception):
    """Two engines decide a case differently: a fault in this library.

    Attributes:
        path: the file that reproduces it: JSON of the rule text, the case and the answers.
    """

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


def confirm(
    ruleset: ir.Ruleset,
    case: Mapping[str, Any],
    evaluation: Evaluation,
    columns: Mapping[str, Any] | None = None,
) -> None:
    """Checks an evaluation of the reference against the backward and the array engine.

    Args:
        ruleset: what decided.
        case: the case.
        evaluation: what the reference says about it.
        columns: the case encoded, `[1, ...]`; None where an entity has no bound.

    Raises:
        EnginesDisagreeError: they decide differently; its message names a file with all that
            is needed to reproduce it.
    """
    if ruleset.decision is None:
        return
    answers = {"reference": _told(ruleset, evaluation.outcome, evaluation.rule)}
    answers["backward"] = _told(ruleset, *Query(ruleset, case).decide())
    if columns is not None:
        answers["numpy"] = _told(ruleset, *_by_arrays(ruleset, columns))
    if len(set(answers.values())) > 1:
        path = _written(ruleset, case, answers)
        said = ", ".join(f"{engine} says {answer}" for engine, answer in answers.items())
        raise EnginesDisagreeError(
            f"the engines disagree: {said}; please report it with the file {path}", path
        )


def _told(ruleset: ir.Ruleset, outcome: Outcome | None, rule: int) -> str:
    came = ", ".join(sorted(outcome)) if isinstance(outcome, frozenset) else outcome
    return f"{came or 'nothing'} by {STATUS.get(rule) or ruleset.ranked[rule].name}"


def _by_arrays(ruleset: ir.Ruleset, columns: Mapping[str, Any]) -> tuple[Outcome, int]:
    from rules.engines.arrays import decide_numpy

    assert ruleset.decision is not None
    decided = decide_numpy(ruleset, columns)
    names, code = ruleset.decision.outcomes, int(decided.outcome[0])
    if ruleset.decision.policy != "collect":
        return names[code], int(decided.rule[0])
    members = frozenset(name for bit, name in enumerate(names) if code >> bit & 1)
    return members, int(decided.rule[0])


def _written(ruleset: ir.Ruleset, case: Mapping[str, Any], answers: Mapping[str, str]) -> str:
    told = {
        "answers": dict(answers),
        "case": {name: plain(value) for name, value in case.items()},
        "case in Python": repr(dict(case)),
        "rules": ruleset.text,
        "canonical": canonical_json(ruleset),
    }
    with tempfile.NamedTemporaryFile(
        "w", prefix="rulax-disagreement-", suffix=".json", delete=False, encoding="utf-8"
    ) as file:
        json.dump(told, file, indent=2, ensure_ascii=False, default=str)
    return file.name
