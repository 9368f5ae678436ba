"""Our contestants on relations: recursion within one large case, joins within many small ones."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

import rules
from benchmarks.contest import Work
from benchmarks.deciding.graphs import borrowers, checked_matrix, edges, parents, ranked

CLOSURE = """
ruleset closure version 1
entity Node max %d
input edge(Node, Node): bool
derive path(x, y) if edge(x, y)
derive path(x, z) if edge(x, y) and path(y, z)
decide answer in {cyclic, none} policy first default none unknown none
rule cyclic "cyclic" answer = cyclic if some x: path(x, x)
"""
GENERATIONS = """
ruleset generations version 1
entity Person max %d
input parent(Person, Person): bool
derive same(x, y) if parent(p, x) and parent(p, y)
derive same(x, y) if parent(p, x) and same(p, q) and parent(q, y)
decide answer in {found, none} policy first default none unknown none
rule found "found" answer = found if some x: same(x, x)
"""
BORROWERS = """
ruleset borrowers version 1
entity Loan max 8
entity Guarantor max 4
input income: float
input debt(Loan): float
input open(Loan): bool
input earns(Guarantor): float
input backs(Guarantor, Loan): bool
derive owed: float = sum l where open(l): debt(l)
derive burden(g): float = sum l where backs(g, l) and open(l): debt(l)
derive strong(g) if earns(g) * 10 >= burden(g)
decide outcome in {reject, refer, approve} policy priority default refer unknown refer
rule much "owes too much" [priority 30] outcome = reject if owed > 40 * income
rule weak "a guarantor could not pay" [priority 20]
    outcome = refer if some g: not strong(g)
rule backed "some strong guarantor" [priority 10] outcome = approve if some g: strong(g)
"""


def closure(nodes: int) -> Work:
    return _relation(CLOSURE % nodes, "Node", "edge", "path", nodes, edges(nodes))


def ancestors(people: int) -> Work:
    return _relation(CLOSURE % people, "Node", "edge", "path", people, parents(people))


def generations(people: int) -> Work:
    return _relation(GENERATIONS % people, "Person", "parent", "same", people, parents(people))


def _relation(
    text: str, entity: str, given: str, derived: str, size: int, pairs: np.ndarray
) -> Work:
    decider = rules.compile(rules.parse(text), derived=[derived])
    matrix = np.zeros((1, size, size), np.int8)
    matrix[0, pairs[:, 0], pairs[:, 1]] = 1
    columns = {entity: jnp.ones((1, size), np.int8), given: jnp.asarray(matrix)}
    return Work(
        run=lambda: jax.block_until_ready(decider(columns).derived[derived]),
        answer=lambda: checked_matrix(np.asarray(decider(columns).derived[derived])[0] == 1),
    )


def joins(rows: int) -> Work:
    """Sums of open loans, and guarantors beside the loans they back."""
    decider = rules.compile(rules.parse(BORROWERS))
    given = borrowers(rows)
    columns = {
        name: jnp.asarray(column if column.dtype == np.float32 else column.astype(np.int8))
        for name, column in (
            *((name, given[name]) for name in ("income", "debt", "open", "earns", "backs")),
            ("Loan", given["loan"]),
            ("Guarantor", given["guarantor"]),
        )
    }
    return Work(
        run=lambda: jax.block_until_ready(decider(columns)),
        answer=lambda: ranked(np.asarray(decider(columns).rule)),
    )
