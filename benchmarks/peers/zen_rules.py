"""Rules for zen-engine: an expression node for each stratum, then a decision table."""

from __future__ import annotations

import itertools
import json
from typing import Any

import zen

from benchmarks.contest import Work
from benchmarks.deciding.cases import answer, records
from benchmarks.deciding.each import each
from benchmarks.deciding.policy import Policy, policy
from benchmarks.peers.python_rules import conjunction


def graph(policy: Policy) -> dict[str, Any]:
    """A JDM graph; the table's first row that fits tells the rank."""
    nodes: list[dict[str, Any]] = [{"id": "in", "name": "in", "type": "inputNode"}]
    for level, stratum in enumerate(policy.strata):
        expressions = [
            {
                "id": truth.name,
                "key": truth.name,
                "value": " or ".join(map(conjunction, truth.clauses)),
            }
            for truth in stratum
        ]
        nodes.append(
            {
                "id": f"s{level}",
                "name": f"s{level}",
                "type": "expressionNode",
                "content": {"expressions": expressions, "passThrough": True},
            }
        )
    table = [
        {"_id": rule.name, "c": conjunction(rule.condition), "o": str(rank)}
        for rank, rule in enumerate(policy.ranked)
    ]
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": "c", "name": "condition"}],
        "outputs": [{"id": "o", "name": "rank", "field": "rank"}],
        "rules": [*table, {"_id": "default", "c": "", "o": "-1"}],
    }
    nodes += [
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": content},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    ids = [node["id"] for node in nodes]
    edges = [
        {"id": f"{a}-{b}", "type": "edge", "sourceId": a, "targetId": b}
        for a, b in itertools.pairwise(ids)
    ]
    return {"nodes": nodes, "edges": edges}


def engine(policy: Policy) -> zen.ZenEngine:
    content = zen.ZenDecisionContent(json.dumps(graph(policy)))
    return zen.ZenEngine({"loader": lambda key: content})


def bulk(count: int, rows: int) -> Work:
    plain = policy(count)
    cases = records(rows)
    decide = engine(plain).evaluate

    def run() -> list[int]:
        return [decide("policy", case)["result"]["rank"] for case in cases]

    return Work(run=run, answer=lambda: answer(plain, run()), amount=rows)


def one(count: int, rows: int) -> Work:
    plain = policy(count)
    decide = engine(plain).evaluate
    return each(
        lambda case: decide("policy", case)["result"]["rank"],
        records(rows),
        lambda ranks: answer(plain, ranks),
    )


def ready(count: int) -> Work:
    """From the plain policy to the first answer."""
    plain = policy(count)
    (case,) = records(1)

    def run() -> int:
        return engine(plain).evaluate("policy", case)["result"]["rank"]

    return Work(run=run, answer=lambda: answer(plain, [run()]))
