"""Random cases as columns, the same in every process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.deciding.policy import FIELDS, LARGEST, Policy

CHECKED = (1, 64, 512, 4096)  # numbers of first cases whose answers are compared


def columns(rows: int) -> dict[str, npt.NDArray[Any]]:
    """Complete cases: float32, int32, bool `[rows]`.

    Those of fewer rows are the first of those of more.
    """
    found: dict[str, npt.NDArray[Any]] = {}
    for seed, (name, kind) in enumerate(FIELDS.items()):
        random = np.random.default_rng(seed)
        match kind:
            case "bool":
                found[name] = random.random(rows) < 0.5
            case "int":
                found[name] = (random.random(rows) * LARGEST[name]).astype(np.int32)
            case _:
                steps = np.floor(random.random(rows) * 1025)
                found[name] = (steps / 1024 * LARGEST[name]).astype(np.float32)
    return found


def with_missing(
    complete: dict[str, npt.NDArray[Any]], share: float
) -> dict[str, npt.NDArray[Any]]:
    """The columns as Rulax takes them, a share of the values of each missing."""
    found: dict[str, npt.NDArray[Any]] = {}
    for seed, (name, column) in enumerate(complete.items()):
        missing = np.random.default_rng(100 + seed).random(len(column)) < share
        match FIELDS[name]:
            case "bool":
                found[name] = np.where(missing, -1, column).astype(np.int8)
            case "int":
                found[name] = np.where(missing, -(2**31), column).astype(np.int32)
            case _:
                found[name] = np.where(missing, np.nan, column).astype(np.float32)
    return found


def records(rows: int) -> list[dict[str, Any]]:
    """Complete cases, one dictionary of Python values each."""
    lists = {name: column.tolist() for name, column in columns(rows).items()}
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]


def answer(policy: Policy, ranks: Sequence[int] | npt.NDArray[Any]) -> dict[str, Any]:
    """What is compared between contestants: deciding rules, and decisions, of the first cases.

    Args:
        policy: what decided.
        ranks: of the deciding rules in `policy.ranked`, -1 for none.
    """
    rules = np.asarray(ranks, np.int64)
    codes = np.asarray(policy.codes)[rules]
    found: dict[str, Any] = {}
    for count in CHECKED:
        if count <= len(rules):
            found |= {f"rule of {count}": rules[:count], f"outcome of {count}": codes[:count]}
    return found
