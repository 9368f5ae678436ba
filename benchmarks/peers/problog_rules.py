"""Proofs by ProbLog: queries of many cases in one program, without probabilities."""

from __future__ import annotations

from typing import Any

from problog import get_evaluatable
from problog.program import PrologString

from benchmarks.contest import Work
from benchmarks.deciding.cases import answer, columns
from benchmarks.deciding.policy import FIELDS, Comparison, Condition, Policy, proofs

VARIABLES = {name: f"F{number}" for number, name in enumerate(FIELDS)}


def program(policy: Policy) -> str:
    """Truths of a case `I`; comparisons of the two probabilities and the amount."""
    return "\n".join(
        f"{truth.name}(I) :- {_all(clause)}." for truth in policy.truths for clause in truth.clauses
    )


def proving(rows: int) -> Work:
    plain = proofs()
    (goal,) = plain.rules[0].condition
    lists = [column.tolist() for column in columns(rows).values()]
    given = "\n".join(
        f"c({number}, {', '.join(str(float(value)) for value in values)}).\n"
        f"query({goal}({number}))."
        for number, values in enumerate(zip(*lists, strict=True))
    )
    text = f"{program(plain)}\n{given}"

    def run() -> dict[Any, float]:
        return get_evaluatable().create_from(PrologString(text)).evaluate()

    def answered() -> dict[str, Any]:
        ranks = [-1] * rows
        for query, probability in run().items():
            if probability > 0.5:
                ranks[int(query.args[0])] = 0
        return answer(plain, ranks)

    return Work(run=run, answer=answered, amount=rows)


def _all(condition: Condition) -> str:
    return ", ".join(map(_literal, condition))


def _literal(literal: Comparison | str) -> str:
    if isinstance(literal, str):
        return f"{literal}(I)"
    fields = ", ".join(name if field == literal.field else "_" for field, name in VARIABLES.items())
    op = "=<" if literal.op == "<=" else literal.op
    return f"c(I, {fields}), {VARIABLES[literal.field]} {op} {float(literal.value)}"
