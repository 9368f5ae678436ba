"""Rules as Polars expressions, a step for each stratum."""

from __future__ import annotations

import functools
import operator
from typing import Any

import polars as pl

from benchmarks.contest import Work
from benchmarks.deciding.cases import answer, columns
from benchmarks.deciding.policy import FIELDS, Comparison, Condition, Policy, policy

_OPS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq}
_TYPES = {"prob": pl.Float32, "float": pl.Float32, "int": pl.Int32}


def query(policy: Policy, frame: pl.DataFrame) -> pl.LazyFrame:
    """The ranks of the deciding rules."""
    lazy = frame.lazy()
    for stratum in policy.strata:
        lazy = lazy.with_columns(
            functools.reduce(operator.or_, map(_all, truth.clauses)).alias(truth.name)
            for truth in stratum
        )
    found = [
        pl.when(_all(rule.condition)).then(pl.lit(rank, pl.Int16))
        for rank, rule in enumerate(policy.ranked)
    ]
    return lazy.select(pl.coalesce(*found, pl.lit(-1, pl.Int16)).alias("rank"))


def bulk(count: int, rows: int) -> Work:
    plain = policy(count)
    lazy = query(plain, pl.DataFrame(columns(rows)))
    return Work(
        run=lazy.collect,
        answer=lambda: answer(plain, lazy.collect()["rank"].to_numpy()),
        amount=rows,
    )


def _all(condition: Condition) -> pl.Expr:
    return functools.reduce(operator.and_, map(_literal, condition))


def _literal(literal: Comparison | str) -> Any:
    if isinstance(literal, str):
        return pl.col(literal)
    column, kind = pl.col(literal.field), FIELDS[literal.field]
    if kind == "bool":
        return column if literal.value else ~column
    return _OPS[literal.op](column, pl.lit(literal.value, _TYPES[kind]))
