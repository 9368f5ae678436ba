"""One sentence about one case: why it was decided as it was."""

from __future__ import annotations

from collections.abc import Sequence

from rules.engines import hit_policy
from rules.engines.decisions import CONFLICT, DEFAULT, UNKNOWN, VIOLATED
from rules.engines.reference import Evaluation
from rules.explain.formats import format_value, listed, listed_titles
from rules.explain.needs import lacking, need_texts
from rules.language import ir

__all__ = ["because", "conflict_text", "default_text", "sentence", "undecided_text"]


def sentence(ruleset: ir.Ruleset, evaluation: Evaluation) -> str:
    """Why a case was decided as it was.

    Args:
        ruleset: what decided.
        evaluation: of the case.
    """
    if ruleset.decision is None:
        return "the rule set decides nothing"
    match evaluation.rule:
        case code if code == DEFAULT:
            return default_text(ruleset.decision)
        case code if code == UNKNOWN:
            found = lacking(ruleset, evaluation)
            needs = need_texts(found.needs, evaluation.values)
            return undecided_text(needs, found.undefined, found.rules, found.constraints)
        case code if code == CONFLICT:
            fires = [
                f"{rule.name} ({rule.outcome})"
                for rule, held in zip(ruleset.ranked, evaluation.truths, strict=True)
                if held
            ]
            return conflict_text(ruleset.decision, fires)
        case code if code == VIOLATED:
            return _violated(ruleset, evaluation)
    return because(ruleset, ruleset.ranked[evaluation.rule], evaluation)


def because(ruleset: ir.Ruleset, rule: ir.Rule, evaluation: Evaluation) -> str:
    """The because-template of a rule, filled with the values of a case."""
    return "".join(
        part
        if isinstance(part, str)
        else format_value(evaluation.world.read(part.name), part.spec, ruleset.types[part.name])
        for part in rule.because
    )


def default_text(decision: ir.Decision) -> str:
    """Why the default came out."""
    if decision.default is None:
        return "no rule applies"
    return f"no rule applies: default {decision.default}"


def undecided_text(
    needs: Sequence[str],
    undefined: Sequence[str],
    rules: Sequence[str],
    constraints: Sequence[str] = (),
) -> str:
    """Why nothing could be decided.

    Args:
        needs: what is missing and matters.
        undefined: the texts of what matters and has no value.
        rules: the names of the rules that could change the outcome.
        constraints: where there are none, the titles of the constraints that could.
    """
    told = "cannot be decided"
    if needs:
        told += f" without {', '.join(needs)}"
    if undefined:
        told += f"{',' if needs else ''} since {', '.join(undefined)} has no value"
    if rules:
        return f"{told}: {listed(rules, 'rule')} could apply"
    return f"{told}: {listed_titles(constraints, 'constraint')} could forbid the outcome"


def conflict_text(decision: ir.Decision, fires: Sequence[str]) -> str:
    """Why rules that fire contradict the hit policy; `fires` is `risky (reject)` and so on."""
    return f"{listed(fires, 'rule')} apply, which policy {decision.policy} forbids"


def _violated(ruleset: ir.Ruleset, evaluation: Evaluation) -> str:
    assert ruleset.decision is not None
    outcomes = [rule.outcome for rule in ruleset.ranked]
    made, rank = hit_policy.decide(ruleset.decision, outcomes, evaluation.truths)
    came = ", ".join(sorted(made)) if isinstance(made, frozenset) else made
    source = "the default" if rank == DEFAULT else f"rule {ruleset.ranked[rank].name}"
    titles = [
        item.title
        for item, broken in zip(ruleset.constraints, evaluation.violated, strict=True)
        if broken and item.weight is None
    ]
    forbid = "forbids" if len(titles) == 1 else "forbid"
    return f"{source} would give {came}, which {listed_titles(titles, 'constraint')} {forbid}"
