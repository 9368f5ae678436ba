"""Relations: random graphs, a random tree, borrowers with loans and guarantors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Pairs = npt.NDArray[np.int64]
LOANS, GUARANTORS = 8, 4


def edges(nodes: int) -> Pairs:
    """Different edges `[E, 2]` of a random graph, about five for each node."""
    return np.unique(np.random.default_rng(nodes).integers(0, nodes, (5 * nodes, 2)), axis=0)


def parents(people: int) -> Pairs:
    """A random tree as pairs `[P - 1, 2]` of a parent and a child."""
    children = np.arange(1, people)
    return np.stack([np.random.default_rng(people).integers(0, children), children], axis=1)


def checked(pairs: Any, checksum: Any) -> dict[str, int]:
    """What is compared of a derived relation.

    Args:
        pairs: their number.
        checksum: the sum of `x * 31 + y * 17` over them.
    """
    return {"pairs": int(pairs), "checksum": int(checksum)}


def checked_matrix(found: npt.NDArray[Any]) -> dict[str, int]:
    """The same of a matrix of truths `[n, n]`."""
    x, y = np.nonzero(found)
    return checked(len(x), (x * 31 + y * 17).sum())


def borrowers(rows: int) -> dict[str, npt.NDArray[Any]]:
    """Borrowers with up to eight loans and four guarantors, who back some of the loans.

    Returns:
        `income` `[B]`, `debt` `[B, 8]`, `earns` `[B, 4]` (whole numbers, float32), and bools:
        `loan` `[B, 8]` and `guarantor` `[B, 4]` (there is one), `open` `[B, 8]`,
        `backs` `[B, 4, 8]` (of those that are there).
    """
    # Each drawn by itself, so that fewer borrowers are the first of more.
    draws = iter(np.random.default_rng(seed) for seed in range(8, 15))
    loan = np.arange(LOANS) < next(draws).integers(0, LOANS + 1, (rows, 1))
    guarantor = np.arange(GUARANTORS) < next(draws).integers(0, GUARANTORS + 1, (rows, 1))
    both = guarantor[:, :, None] & loan[:, None, :]
    return {
        "income": next(draws).integers(1, 100, rows).astype(np.float32),
        "debt": next(draws).integers(1, 1000, (rows, LOANS)).astype(np.float32),
        "open": (next(draws).random((rows, LOANS)) < 0.5) & loan,
        "earns": next(draws).integers(1, 100, (rows, GUARANTORS)).astype(np.float32),
        "backs": (next(draws).random((rows, GUARANTORS, LOANS)) < 0.4) & both,
        "loan": loan,
        "guarantor": guarantor,
    }


def ranked(ranks: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    """What is compared of borrowers: the ranks of the deciding rules, -1 for none."""
    return {f"rule of {count}": ranks[:count] for count in (500, 5000) if count <= len(ranks)}


def tables(rows: int) -> dict[str, dict[str, npt.NDArray[Any]]]:
    """The borrowers as a database has them: a row for what is there."""
    given = borrowers(rows)
    loan, guarantor = np.nonzero(given["loan"]), np.nonzero(given["guarantor"])
    backs = np.nonzero(given["backs"])
    return {
        "borrowers": {"id": np.arange(rows), "income": given["income"]},
        "loans": {
            **dict(zip(("id", "l"), loan, strict=True)),
            "debt": given["debt"][loan],
            "open": given["open"][loan],
        },
        "guarantors": {
            **dict(zip(("id", "g"), guarantor, strict=True)),
            "earns": given["earns"][guarantor],
        },
        "backs": dict(zip(("id", "g", "l"), backs, strict=True)),
    }


def cutoffs(count: int) -> npt.NDArray[np.float32]:
    """Thresholds between 0 and 1; those of fewer are the first of those of more."""
    return np.random.default_rng(1).random(count, np.float32)
