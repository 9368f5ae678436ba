"""Rules as generated NumPy code: whole columns, in blocks that stay in the cache."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import Work
from benchmarks.deciding.cases import answer, columns
from benchmarks.deciding.graphs import borrowers, checked_matrix, cutoffs, edges, parents, ranked
from benchmarks.deciding.policy import FIELDS, Comparison, Condition, Policy, policy

BLOCK = 16_384


def source(policy: Policy) -> str:
    """A function from columns to ranks: the last assignment, of the highest priority, stays."""
    lines = [f"def decide(rank, {', '.join(FIELDS)}):", "    rank[:] = -1"]
    lines += [
        f"    {truth.name} = {' | '.join(map(_all, truth.clauses))}" for truth in policy.truths
    ]
    lines += [
        f"    copyto(rank, {rank}, where={_all(rule.condition)})"
        for rank, rule in reversed(list(enumerate(policy.ranked)))
    ]
    return "\n".join(lines)


def bulk(count: int, rows: int) -> Work:
    plain = policy(count)
    given = list(columns(rows).values())
    scope: dict[str, Any] = {"copyto": np.copyto, "f": np.float32}
    exec(compile(source(plain), "<policy>", "exec"), scope)
    decide = scope["decide"]
    ranks = np.empty(rows, np.int16)

    def run() -> None:
        for start in range(0, rows, BLOCK):
            part = slice(start, start + BLOCK)
            decide(ranks[part], *(column[part] for column in given))

    def answered() -> dict[str, Any]:
        run()
        return answer(plain, ranks)

    return Work(run=run, answer=answered)


def _all(condition: Condition) -> str:
    return f"({' & '.join(map(_literal, condition))})"


def _literal(literal: Comparison | str) -> str:
    if isinstance(literal, str):
        return literal
    match FIELDS[literal.field]:
        case "bool":
            return literal.field if literal.value else f"~{literal.field}"
        case "int":
            return f"({literal.field} {literal.op} {literal.value})"
        case _:
            return f"({literal.field} {literal.op} f({literal.value}))"


def closure(nodes: int) -> Work:
    return _closure(nodes, edges(nodes))


def ancestors(people: int) -> Work:
    return _closure(people, parents(people))


def _closure(nodes: int, pairs: Any) -> Work:
    """Warshall's algorithm, 64 columns in a word."""
    matrix = np.zeros((nodes, -(-nodes // 64) * 64), bool)
    matrix[pairs[:, 0], pairs[:, 1]] = True
    words = np.packbits(matrix, axis=1, bitorder="little").view(np.uint64)

    def run() -> Any:
        found = words.copy()
        for node in range(nodes):
            reaching = (found[:, node >> 6] >> np.uint64(node & 63)) & np.uint64(1)
            found[reaching.nonzero()[0]] |= found[node]
        return found

    def answered() -> dict[str, int]:
        bits = np.unpackbits(run().view(np.uint8), axis=1, bitorder="little")
        return checked_matrix(bits[:, :nodes])

    return Work(run=run, answer=answered)


def generations(people: int) -> Work:
    """Rows and columns gathered at the parents, which uses that everybody has one at most."""
    pairs = parents(people)
    parent = np.zeros(people, np.int64)
    parent[pairs[:, 1]] = pairs[:, 0]
    born = np.arange(people) > 0  # the root has no parent
    both = born[:, None] & born

    def run() -> Any:
        siblings = (parent[:, None] == parent) & both
        found = siblings
        while True:
            more = siblings | (found[parent][:, parent] & both)
            if (more == found).all():
                return found
            found = more

    return Work(run=run, answer=lambda: checked_matrix(run()))


def joins(rows: int) -> Work:
    """Padded arrays, as ours."""
    given = borrowers(rows)

    def run() -> Any:
        debt = given["debt"] * given["open"]
        burden = np.matmul(given["backs"].astype(np.float32), debt[:, :, None])[:, :, 0]
        strong = given["earns"] * 10 >= burden
        weak = (given["guarantor"] & ~strong).any(1)
        backed = (given["guarantor"] & strong).any(1)
        much = debt.sum(1) > 40 * given["income"]
        return np.select([much, weak, backed], [0, 1, 2], -1)

    return Work(run=run, answer=lambda: ranked(run()), amount=rows)


def sweep(rows: int, count: int) -> Work:
    """Each cutoff of the screening by itself."""
    given = columns(rows)
    p, amount, vip = given["p_fraud"], given["amount"], given["is_vip"]

    def run() -> list[tuple[int, int]]:
        counts = []
        for cutoff in cutoffs(count):
            stopped = (p >= cutoff) & ~vip
            asked = ((p >= cutoff) | (amount > np.float32(9000))) & ~stopped
            counts.append((np.count_nonzero(stopped), np.count_nonzero(asked)))
        return counts

    return Work(run=run, answer=lambda: np.array(run()[:10]), amount=rows * count)
