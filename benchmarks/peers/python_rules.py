"""Rules as one generated Python function: no engine, plain code."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.contest import Work
from benchmarks.deciding.cases import answer, columns, records
from benchmarks.deciding.each import each
from benchmarks.deciding.policy import FIELDS, Comparison, Condition, Policy, policy


def source(policy: Policy) -> str:
    """A function from the fields to the rank of the deciding rule."""
    lines = [f"def decide({', '.join(FIELDS)}):"]
    lines += [
        f"    {truth.name} = {' or '.join(map(conjunction, truth.clauses))}"
        for truth in policy.truths
    ]
    lines += [
        f"    if {conjunction(rule.condition)}: return {rank}"
        for rank, rule in enumerate(policy.ranked)
    ]
    return "\n".join([*lines, "    return -1"])


def function(policy: Policy) -> Callable[..., int]:
    scope: dict[str, Callable[..., int]] = {}
    exec(compile(source(policy), "<policy>", "exec"), scope)
    return scope["decide"]


def bulk(count: int, rows: int) -> Work:
    plain = policy(count)
    decide = function(plain)
    cases = list(zip(*(column.tolist() for column in columns(rows).values()), strict=True))

    def run() -> list[int]:
        return [decide(*case) for case in cases]

    return Work(run=run, answer=lambda: answer(plain, run()), amount=rows)


def one(count: int, rows: int) -> Work:
    """Each case decided by itself, given as a dictionary."""
    plain = policy(count)
    decide = function(plain)
    return each(lambda case: decide(**case), records(rows), lambda ranks: answer(plain, ranks))


def ready(count: int) -> Work:
    """From the plain policy to the first answer."""
    plain = policy(count)
    case = [column.tolist()[0] for column in columns(1).values()]

    def run() -> int:
        return function(plain)(*case)

    return Work(run=run, answer=lambda: answer(plain, [run()]))


def conjunction(condition: Condition) -> str:
    """A condition in Python; zen-engine's expressions read the same."""
    return " and ".join(map(_literal, condition))


def _literal(literal: Comparison | str) -> str:
    if isinstance(literal, str):
        return literal
    if FIELDS[literal.field] == "bool":
        return literal.field if literal.value else f"not {literal.field}"
    return f"{literal.field} {literal.op} {literal.value!r}"
