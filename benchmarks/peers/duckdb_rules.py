"""Rules as SQL for DuckDB, a nested query for each stratum; recursion as a recursive query."""

from __future__ import annotations

from typing import Any

import duckdb

from benchmarks.contest import Work
from benchmarks.deciding.cases import answer, columns
from benchmarks.deciding.graphs import checked, edges, parents, ranked, tables
from benchmarks.deciding.policy import FIELDS, Comparison, Condition, Policy, policy


def sql(policy: Policy) -> str:
    """The ranks of the deciding rules, in the order of the table `cases`."""
    query = "cases"
    for stratum in policy.strata:
        truths = ", ".join(
            f"({' OR '.join(map(_all, truth.clauses))}) AS {truth.name}" for truth in stratum
        )
        query = f"(SELECT *, {truths} FROM {query})"
    ways = " ".join(
        f"WHEN {_all(rule.condition)} THEN {rank}" for rank, rule in enumerate(policy.ranked)
    )
    return f"SELECT CAST(CASE {ways} ELSE -1 END AS SMALLINT) AS rank FROM {query}"


def bulk(count: int, rows: int) -> Work:
    plain = policy(count)
    connection = duckdb.connect()
    given = columns(rows)
    _table(connection, "cases", given)
    connection.execute(f"PREPARE decide AS {sql(plain)}")

    def run() -> Any:
        return connection.execute("EXECUTE decide").fetchnumpy()["rank"]

    return Work(run=run, answer=lambda: answer(plain, run()), amount=rows)


def _table(connection: Any, name: str, given: dict[str, Any]) -> None:
    connection.register("given", given)
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
    connection.unregister("given")


def _all(condition: Condition) -> str:
    return f"({' AND '.join(map(_literal, condition))})"


def _literal(literal: Comparison | str) -> str:
    if isinstance(literal, str):
        return literal
    op = "=" if literal.op == "==" else literal.op
    match FIELDS[literal.field]:
        case "bool":
            return literal.field if literal.value else f"NOT {literal.field}"
        case "int":
            return f"{literal.field} {op} {literal.value}"
        case _:
            return f"{literal.field} {op} {literal.value}::FLOAT"


CLOSURE = "SELECT * FROM g UNION SELECT g.x, p.y FROM g JOIN p ON g.y = p.x"


def closure(nodes: int) -> Work:
    return _relation(edges(nodes), CLOSURE)


def ancestors(people: int) -> Work:
    return _relation(parents(people), CLOSURE)


def generations(people: int) -> Work:
    return _relation(
        parents(people),
        "SELECT a.y AS x, b.y FROM g a JOIN g b ON a.x = b.x UNION "
        "SELECT a.y AS x, b.y FROM g a JOIN p ON a.x = p.x JOIN g b ON p.y = b.x",
    )


def _relation(pairs: Any, steps: str) -> Work:
    connection = duckdb.connect()
    _table(connection, "g", {"x": pairs[:, 0].copy(), "y": pairs[:, 1].copy()})
    query = f"WITH RECURSIVE p AS ({steps}) SELECT count(*), sum(x * 31 + y * 17)::BIGINT FROM p"

    def run() -> Any:
        return connection.execute(query).fetchone()

    return Work(run=run, answer=lambda: checked(*run()))


JOINS = """
WITH debts AS (SELECT id, sum(debt) AS owed FROM loans WHERE open GROUP BY id),
burdens AS (
    SELECT b.id, b.g, sum(l.debt) AS burden FROM backs b JOIN loans l USING (id, l)
    WHERE l.open GROUP BY b.id, b.g),
strong AS (
    SELECT id, bool_or(NOT fits) AS weak, bool_or(fits) AS backed FROM (
        SELECT id, earns * 10 >= coalesce(burden, 0) AS fits
        FROM guarantors LEFT JOIN burdens USING (id, g)) GROUP BY id)
SELECT CASE WHEN coalesce(owed, 0) > 40 * income THEN 0 WHEN weak THEN 1 WHEN backed THEN 2
    ELSE -1 END AS rank
FROM borrowers LEFT JOIN debts USING (id) LEFT JOIN strong USING (id) ORDER BY id
"""


def joins(rows: int) -> Work:
    connection = duckdb.connect()
    for name, table in tables(rows).items():
        _table(connection, name, table)

    def run() -> Any:
        return connection.execute(JOINS).fetchnumpy()["rank"]

    return Work(run=run, answer=lambda: ranked(run()), amount=rows)
