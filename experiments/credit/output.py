"""What the credit experiment shows: the report's contents."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

import rules
from experiments.credit.report import CaseStory, CreditReport
from experiments.decisions import Program
from experiments.origin import origin
from research.data.datasets import credit
from research.inference import Decided
from research.workdir import Workdir, read_metrics
from rules.cases import decode_case

_STORIES = 6


def contents(
    config: dict[str, Any],
    data: dict[str, credit.Credit],
    decided: Decided,
    program: Program,
    table: pa.Table,
    workdir: Workdir,
) -> CreditReport:
    """What the report of a run shows."""
    test = data["test"]
    return CreditReport(
        config=config,
        evaluation=workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate"),
        history=read_metrics(workdir.metrics),
        best_step=program.predictor.step,
        decisions=table,
        defaulted=test.target.astype(bool),
        amounts=test.columns["amount"],
        ruleset=program.decider.ruleset,
        cases=_stories(test, decided, program, table),
        **origin(
            name=credit.SOURCE.name,
            source=credit.SOURCE.citation,
            licence=credit.SOURCE.licence,
            rows=sum(map(len, data.values())),
        ),
    )


def _stories(
    test: credit.Credit, decided: Decided, program: Program, table: pa.Table
) -> list[CaseStory]:
    """Six cases that differ: the first of each of the most frequent deciding rules by outcome."""
    deciders, outcomes = table["rule"].to_pylist(), table["outcome"].to_pylist()
    first: dict[tuple[str, str], int] = {}
    frequency: dict[tuple[str, str], int] = {}
    for row, pair in enumerate(zip(outcomes, deciders, strict=True)):
        first.setdefault(pair, row)
        frequency[pair] = frequency.get(pair, 0) + 1
    ordered = sorted(first, key=lambda pair: (-frequency[pair], pair))
    # One of each outcome and an undecided one first, then whatever is most frequent.
    leading = {outcome: pair for pair in reversed(ordered) for outcome in (pair[0],)}
    undecided = [pair for pair in ordered if pair[1] == "unknown"]
    chosen = list(dict.fromkeys([*leading.values(), *undecided, *ordered]))[:_STORIES]
    return [
        _story(first[pair], test, decided, program, table)
        for pair in sorted(chosen, key=lambda pair: outcomes.index(pair[0]))
    ]


def _story(
    row: int, test: credit.Credit, decided: Decided, program: Program, table: pa.Table
) -> CaseStory:
    ruleset = program.decider.ruleset
    case = decode_case(ruleset, decided.seen, row)
    explanation = rules.explain(ruleset, case)
    p_default = float(decided.seen["p_default"][row])
    return CaseStory(
        case=table["case"][row].as_py(),
        inputs=_inputs(ruleset, case),
        p_default=p_default,
        outcome=table["outcome"][row].as_py(),
        rule=table["rule"][row].as_py(),
        reason=table["reason"][row].as_py(),
        explanation=str(explanation),
        obtain=explanation.needed,
        defaulted=bool(test.target[row]),
    )


def _inputs(ruleset: rules.Ruleset, case: dict[str, Any]) -> dict[str, Any]:
    """What an application says: single values, who is there, and what is told of whom."""
    entities = [item.name for item in ruleset.entities]
    single = [i.name for i in ruleset.inputs if not i.parameters and i.name != "p_default"]
    told = [i.name for i in ruleset.inputs if i.parameters and case.get(i.name)]
    return {name: case[name] for name in (*single, *entities, *told) if name in case}
