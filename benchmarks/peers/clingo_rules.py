"""Rules for clingo: one logic program for all cases, floats as whole numbers of 1/1024."""

from __future__ import annotations

from typing import Any

import clingo
import numpy as np
import numpy.typing as npt

from benchmarks.contest import Work
from benchmarks.deciding.cases import answer, columns
from benchmarks.deciding.graphs import edges, parents, ranked, tables
from benchmarks.deciding.policy import FIELDS, Comparison, Condition, Policy, policy, proofs

VARIABLES = {name: f"F{number}" for number, name in enumerate(FIELDS)}


def program(policy: Policy) -> str:
    """`decided(Case, Rank)` for the cases that a rule decides."""
    lines = [
        f"{truth.name}(I) :- {_all(clause)}." for truth in policy.truths for clause in truth.clauses
    ]
    lines += [
        f"fires(I, {rank}) :- {_all(rule.condition)}." for rank, rule in enumerate(policy.ranked)
    ]
    decided = "decided(I, R) :- fires(I, _), R = #min { X : fires(I, X) }."
    return "\n".join([*lines, decided, "#show decided/2."])


def facts(rows: int) -> str:
    lists = [column.tolist() for column in columns(rows).values()]
    return "".join(
        f"c({number},{','.join(str(_whole(value)) for value in values)})."
        for number, values in enumerate(zip(*lists, strict=True))
    )


def solved(*programs: str) -> list[clingo.Symbol]:
    """The shown atoms of the one model."""
    control = clingo.Control(["--warn=none"])
    for text in programs:
        control.add("base", [], text)
    control.ground([("base", [])])
    with control.solve(yield_=True) as models:
        return next(list(model.symbols(shown=True)) for model in models)


def proving(rows: int) -> Work:
    """The truths of all cases at once, without proofs."""
    return _deciding(proofs(), rows)


def bulk(count: int, rows: int) -> Work:
    return _deciding(policy(count), rows)


def _deciding(plain: Policy, rows: int) -> Work:
    rules, cases = program(plain), facts(rows)

    def run() -> npt.NDArray[np.int64]:
        return _ranks(rows, solved(rules, cases))

    return Work(run=run, answer=lambda: answer(plain, run()), amount=rows)


def _ranks(rows: int, decided: list[clingo.Symbol]) -> npt.NDArray[np.int64]:
    ranks = np.full(rows, -1)
    for symbol in decided:
        case, rank = symbol.arguments
        ranks[case.number] = rank.number
    return ranks


def _all(condition: Condition) -> str:
    tests = [literal for literal in condition if isinstance(literal, Comparison)]
    read = {test.field for test in tests}
    fields = ", ".join(name if field in read else "_" for field, name in VARIABLES.items())
    truths = [f"{literal}(I)" for literal in condition if isinstance(literal, str)]
    case = [f"c(I, {fields})"] if tests else []
    return ", ".join([*case, *map(_test, tests), *truths])


def _test(test: Comparison) -> str:
    return f"{VARIABLES[test.field]} {'=' if test.op == '==' else test.op} {_whole(test.value)}"


def _whole(value: Any) -> int:
    """Exact: the floats are of the form k/1024 of 1 or of 10,000."""
    return round(value * 1024) if isinstance(value, float) else int(value)


CLOSURE = "p(X,Y) :- g(X,Y). p(X,Z) :- g(X,Y), p(Y,Z)."


def closure(nodes: int) -> Work:
    return _relation(edges(nodes), CLOSURE)


def ancestors(people: int) -> Work:
    return _relation(parents(people), CLOSURE)


def generations(people: int) -> Work:
    return _relation(parents(people), "p(X,Y) :- g(Z,X), g(Z,Y). p(X,Y) :- g(V,X), p(V,W), g(W,Y).")


def _relation(pairs: Any, rules: str) -> Work:
    """Counted by clingo: its atoms as Python objects would take as long again."""
    given = "".join(f"g({x},{y})." for x, y in pairs.tolist())

    def run() -> int:
        control = clingo.Control(["--warn=none"])
        control.add("base", [], rules)
        control.add("base", [], given)
        control.ground([("base", [])])
        return len(control.symbolic_atoms) - len(pairs)

    return Work(run=run, answer=lambda: {"pairs": run()})


JOINS = """
owed(I, S) :- borrower(I, _), S = #sum { D, L : loan(I, L, D, 1) }.
burden(I, G, S) :- guarantor(I, G, _), S = #sum { D, L : loan(I, L, D, 1), backs(I, G, L) }.
strong(I, G) :- guarantor(I, G, E), burden(I, G, S), E * 10 >= S.
fires(I, 0) :- borrower(I, M), owed(I, S), S > 40 * M.
fires(I, 1) :- guarantor(I, G, _), not strong(I, G).
fires(I, 2) :- strong(I, G).
decided(I, R) :- fires(I, _), R = #min { X : fires(I, X) }.
#show decided/2.
"""


def joins(rows: int) -> Work:
    given = "".join(
        f"{name[:-1] if name != 'backs' else name}({','.join(str(int(x)) for x in row)})."
        for name, table in tables(rows).items()
        for row in zip(*table.values(), strict=True)
    )

    def run() -> Any:
        return ranked(_ranks(rows, solved(JOINS, given)))

    return Work(run=run, answer=run, amount=rows)
