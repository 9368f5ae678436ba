"""Rules for SWI-Prolog: truths as predicates of the fields, cases as facts, in its own process.

Each run starts `swipl` anew and counts what the program itself measured, without loading.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contest import Work
from benchmarks.deciding.cases import answer, columns
from benchmarks.deciding.graphs import checked, edges, parents, ranked, tables
from benchmarks.deciding.policy import FIELDS, Comparison, Condition, Policy, policy, proofs

VARIABLES = {name: f"F{number}" for number, name in enumerate(FIELDS)}
ARGUMENTS = ", ".join(VARIABLES.values())
_OPS = {"==": "=:=", "<=": "=<"}
TIMED = """
timed(Goal, Found) :-
    get_time(T0), findall(X, call(Goal, X), Found), get_time(T1),
    T is T1 - T0, format("~w~n", [T]).
"""


def program(policy: Policy) -> str:
    """`decide` tells the rank of the deciding rule from the fields."""
    lines = [":- set_prolog_flag(optimise, true).", ":- style_check(-singleton)."]
    for truth in policy.truths:
        lines += [f"{_head(truth.name)} :- {_all(clause)}, !." for clause in truth.clauses]
    lines += [
        f"decide({ARGUMENTS}, {rank}) :- {_all(rule.condition)}, !."
        for rank, rule in enumerate(policy.ranked)
    ]
    return "\n".join([*lines, f"decide({ARGUMENTS}, -1)."])


def facts(rows: int) -> str:
    lists = [column.tolist() for column in columns(rows).values()]
    return "\n".join(
        f"c({number}, {', '.join(map(_value, values))})."
        for number, values in enumerate(zip(*lists, strict=True))
    )


class Swipl:
    """A program whose runs print the seconds that it measured, then its answer as a list."""

    def __init__(self, text: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "program.pl"
        self._path.write_text(text)
        self.taken = 0.0
        self.found: Any = None

    def run(self) -> None:
        done = subprocess.run(
            ["swipl", "-O", "--stack-limit=4g", "-g", "main", "-t", "halt", str(self._path)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or not done.stdout:
            raise RuntimeError(done.stderr.strip() or "swipl said nothing")
        first, _, rest = done.stdout.partition("\n")
        self.taken, self.found = float(first), json.loads(rest)


def bulk(count: int, rows: int) -> Work:
    plain = policy(count)
    main = (
        f"one(R) :- c(_, {ARGUMENTS}), decide({ARGUMENTS}, R).\n"
        "main :- timed(one, L), print(L), nl.\n"
    )
    swipl = Swipl("\n".join([program(plain), TIMED, facts(rows), main]))

    def answered() -> dict[str, Any]:
        swipl.run()
        return answer(plain, swipl.found)

    return Work(run=swipl.run, answer=answered, amount=rows, seconds=lambda: swipl.taken)


META = """
solve(true, true) :- !.
solve((A, B), (P, Q)) :- !, solve(A, P), solve(B, Q).
solve(G, G) :- predicate_property(G, built_in), !, call(G).
solve(G, because(G, P)) :- clause(G, B), solve(B, P).
"""


def proving(rows: int, *, proof: bool = False) -> Work:
    """The goal for each case, plainly, or by a meta-interpreter that returns the proof."""
    plain = proofs()
    goal = plain.rules[0].condition[0]
    assert isinstance(goal, str)
    rules = [":- style_check(-singleton)."]
    for truth in plain.truths:
        if proof:
            rules.append(f":- dynamic t_{truth.name}/{len(FIELDS)}.")
        rules += [f"{_head(truth.name)} :- {_all(clause)}." for clause in truth.clauses]
    asked = f"solve({_head(goal)}, P)" if proof else f"({_head(goal)}, P = none)"
    main = (
        f"one(R-P) :- c(_, {ARGUMENTS}), (once({asked}) -> R = 0 ; R = -1).\n"
        "main :- timed(one, L), findall(R, member(R-_, L), Rs), print(Rs), nl.\n"
    )
    swipl = Swipl("\n".join([*rules, META, TIMED, facts(rows), main]))

    def answered() -> dict[str, Any]:
        swipl.run()
        return answer(plain, swipl.found)

    return Work(run=swipl.run, answer=answered, seconds=lambda: swipl.taken / rows)


CLOSURE = "p(X, Y) :- g(X, Y).\np(X, Z) :- g(X, Y), p(Y, Z)."


def closure(nodes: int) -> Work:
    return _relation(edges(nodes), CLOSURE)


def ancestors(people: int) -> Work:
    return _relation(parents(people), CLOSURE)


def generations(people: int) -> Work:
    return _relation(
        parents(people),
        "p(X, Y) :- g(Z, X), g(Z, Y).\np(X, Y) :- g(V, X), p(V, W), g(W, Y).",
    )


def _relation(pairs: Any, rules: str) -> Work:
    given = "\n".join(f"g({x}, {y})." for x, y in pairs.tolist())
    main = (
        ":- table p/2.\n"
        "one(r(N, S)) :- aggregate_all(r(count, sum(X * 31 + Y * 17)), p(X, Y), r(N, S)).\n"
        "main :- timed(one, [r(N, S)]), print([N, S]), nl.\n"
    )
    swipl = Swipl("\n".join([TIMED, main, rules, given]))

    def answered() -> dict[str, int]:
        swipl.run()
        return checked(*swipl.found)

    return Work(run=swipl.run, answer=answered, seconds=lambda: swipl.taken)


JOINS = """
owed(I, S) :- aggregate_all(sum(D), loans(I, _, D, 1), S).
burden(I, G, S) :- aggregate_all(sum(D), (backs(I, G, L), loans(I, L, D, 1)), S).
strong(I, G) :- guarantors(I, G, E), burden(I, G, S), E * 10 >= S.
decide(I, 0) :- borrowers(I, M), owed(I, S), S > 40 * M, !.
decide(I, 1) :- guarantors(I, G, _), \\+ strong(I, G), !.
decide(I, 2) :- strong(I, _), !.
decide(_, -1).
one(R) :- borrowers(I, _), decide(I, R).
main :- timed(one, L), print(L), nl.
"""


def joins(rows: int) -> Work:
    given = [
        f"{name}({', '.join(str(int(x)) for x in row)})."
        for name, table in tables(rows).items()
        for row in zip(*table.values(), strict=True)
    ]
    swipl = Swipl("\n".join([TIMED, JOINS, *given]))

    def answered() -> dict[str, Any]:
        swipl.run()
        return ranked(np.asarray(swipl.found))

    return Work(run=swipl.run, answer=answered, amount=rows, seconds=lambda: swipl.taken)


def _head(name: str) -> str:
    return f"t_{name}({ARGUMENTS})"


def _all(condition: Condition) -> str:
    return ", ".join(map(_literal, condition))


def _literal(literal: Comparison | str) -> str:
    if isinstance(literal, str):
        return _head(literal)
    variable = VARIABLES[literal.field]
    if FIELDS[literal.field] == "bool":
        return f"{variable} == {_value(literal.value)}"
    return f"{variable} {_OPS.get(literal.op, literal.op)} {literal.value!r}"


def _value(value: float | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
