"""Rules for durable_rules: a session for each case, in a child process that is then given up.

Sessions cannot be deleted at volume without crashes, and there may be 1,024 of them; so each
run forks, and counts what the child measured. Facts only; joins end with an equality.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import Any

from durable import engine

from benchmarks.contest import Work
from benchmarks.deciding.cases import answer, records
from benchmarks.deciding.policy import Comparison, Condition, Policy, policy

_OPS = {">=": "$gte", ">": "$gt", "<=": "$lte", "<": "$lt"}


def definition(policy: Policy, ranks: dict[int, int]) -> dict[str, Any]:
    """The rule set as durable_rules' JSON; ranks of deciding rules are left in `ranks`."""

    def deriving(name: str) -> Any:
        def derive(c: Any) -> None:
            key = (c.s.sid, name)
            if key not in told:
                told.add(key)
                if name in read:
                    c.assert_fact({"id": f"{c.s.sid}{name}", "t": name, "one": 1})

        return derive

    def deciding(rank: int) -> Any:
        def decide(c: Any) -> None:
            sid = int(c.s.sid)
            ranks[sid] = min(rank, ranks.get(sid, rank))

        return decide

    told: set[tuple[str, str]] = set()
    conditions = [clause for truth in policy.truths for clause in truth.clauses]
    conditions += [rule.condition for rule in policy.rules]
    read = {part for condition in conditions for part in condition if isinstance(part, str)}
    found = {
        f"{truth.name}-{number}": {"all": _all(clause), "dist": 0, "run": deriving(truth.name)}
        for truth in policy.truths
        for number, clause in enumerate(truth.clauses)
    }
    found |= {
        rule.name: {"all": _all(rule.condition), "dist": 0, "run": deciding(rank)}
        for rank, rule in enumerate(policy.ranked)
    }
    return found


def _assert(host: Any, fact: dict[str, Any]) -> None:
    with contextlib.suppress(engine.MessageNotHandledException):  # a fact that fits no rule
        host.assert_fact("policy", fact)


def _facts(rows: int) -> list[dict[str, Any]]:
    return [
        {"sid": str(number), "id": f"c{number}", "t": "case", "one": 1}
        | {name: int(value) if isinstance(value, bool) else value for name, value in case.items()}
        for number, case in enumerate(records(rows))
    ]


class _Forked:
    """Runs in a child of a process that has the rules, but no sessions."""

    def __init__(self, count: int, rows: int) -> None:
        self.policy = policy(count)
        self._ranks: dict[int, int] = {}
        self._host = engine.Host()
        self._host.set_rulesets({"policy": definition(self.policy, self._ranks)})
        self._given = _facts(rows)
        self.taken = 0.0
        self.found: list[int] = []

    def run(self) -> None:
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.close(read)
            with os.fdopen(write, "w") as out:
                out.write(json.dumps(self._decide()))
                out.flush()
                os._exit(0)
        os.close(write)
        with os.fdopen(read) as reply:
            text = reply.read()
        _, status = os.waitpid(child, 0)
        if status or not text:
            raise RuntimeError(f"the child ended with status {status}")
        self.taken, self.found = json.loads(text)

    def _decide(self) -> tuple[float, list[int]]:
        began = time.perf_counter()
        for fact in self._given:
            _assert(self._host, fact)
        found = [self._ranks.get(number, -1) for number in range(len(self._given))]
        return time.perf_counter() - began, found


def bulk(count: int, rows: int) -> Work:
    forked = _Forked(count, rows)

    def answered() -> dict[str, Any]:
        forked.run()
        return answer(forked.policy, forked.found)

    return Work(run=forked.run, answer=answered, amount=rows, seconds=lambda: forked.taken)


def one(count: int, rows: int) -> Work:
    """The mean of a case."""
    forked = _Forked(count, rows)

    def answered() -> dict[str, Any]:
        forked.run()
        return answer(forked.policy, forked.found)

    return Work(run=forked.run, answer=answered, seconds=lambda: forked.taken / rows)


def ready(count: int) -> Work:
    """From the plain policy to the first answer."""
    plain = policy(count)
    (given,) = _facts(1)

    def run() -> int:
        ranks: dict[int, int] = {}
        host = engine.Host()
        host.set_rulesets({"policy": definition(plain, ranks)})
        _assert(host, given)
        return ranks.get(0, -1)

    return Work(run=run, answer=lambda: answer(plain, [run()]))


def _all(condition: Condition) -> list[dict[str, Any]]:
    tests = [_test(literal) for literal in condition if isinstance(literal, Comparison)]
    truths = [literal for literal in condition if isinstance(literal, str)]
    patterns = [[{"t": "case"}, *tests]] if tests else []
    patterns += [[{"t": name}] for name in truths]
    found: list[dict[str, Any]] = []
    for number, parts in enumerate(patterns):
        joined = [{"one": {"m0": "one"}}] if number else []
        terms = [*parts, *joined]
        found.append({f"m{number}": {"$and": terms} if len(terms) > 1 else terms[0]})
    return found


def _test(test: Comparison) -> dict[str, Any]:
    value = int(test.value) if isinstance(test.value, bool) else test.value
    return {test.field: value} if test.op == "==" else {_OPS[test.op]: {test.field: value}}
