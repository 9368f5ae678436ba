"""Recursion over arrays: all the forms that are eliminated, and those that are iterated."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rules.engines import array_costs
from rules.engines.array_closure import closure_of
from rules.engines.array_ops import NUMPY
from rules.engines.array_rows import star_times
from rules.engines.arrays import Extras, decide_numpy
from rules.engines.decisions import Decisions
from rules.engines.lax_ops import LAX
from rules.engines.reference import evaluate
from rules.engines.xla import compile_ruleset
from rules.language import ir
from tests.rules.engines.arrays_building import derived_names, graph, people

LEFT = "derive path(x, z) if parent(x, y) and path(y, z)"
RIGHT = "derive path(x, z) if path(x, y) and parent(y, z)"
SQUARE = "derive path(x, z) if path(x, y) and path(y, z)"
BASE = "derive path(x, z) if parent(x, z)"
OTHER = "derive path(x, z) if parent(z, x) and x != z"

ELIMINATED = {
    "left": [BASE, LEFT],
    "right": [BASE, RIGHT],
    "square": [BASE, SQUARE],
    "both sides": [BASE, LEFT, RIGHT],
    "all": [BASE, SQUARE, RIGHT, LEFT],
    "other base": [OTHER, LEFT],
    "turned base": ["derive path(x, z) if parent(z, x)", LEFT],
    "turned steps": [BASE, "derive path(x, z) if parent(y, x) and path(y, z)"],
    "turned right": [BASE, "derive path(x, z) if path(x, y) and parent(z, y)"],
    "two bases": [BASE, OTHER, RIGHT],
    "several steps": [BASE, LEFT, "derive path(x, z) if parent(y, x) and x != y and path(y, z)"],
    "two sides": [BASE, "derive path(x, z) if parent(x, y) and path(y, w) and parent(w, z)"],
    "two turned sides": [
        BASE,
        "derive path(x, z) if parent(y, x) and path(y, w) and x != y and parent(z, w)",
        "derive path(x, z) if parent(x, y) and path(y, w) and parent(z, w) and parent(w, w)",
    ],
    "no base": ["derive path(x, z in Person) if parent(x, y) and path(y, z)"],
}
ITERATED = {
    "guarded": [BASE, "derive path(x, z) if parent(x, y) and path(y, z) and not parent(z, x)"],
    "turned": [BASE, "derive path(x, z) if parent(x, y) and path(z, y)"],
    "mixed": [BASE, LEFT, "derive path(x, z) if parent(x, y) and path(y, w) and parent(w, z)"],
    "across": [BASE, "derive path(x, z) if parent(x, w) and path(y, w) and parent(y, z)"],
    "guarded square": [BASE, "derive path(x, z) if path(x, y) and path(y, z) and parent(y, y)"],
    "one argument": [
        "derive path(x) if parent(x, x)",
        "derive path(x) if parent(x, y) and path(y)",
    ],
    "all": [
        "derive path(x) if all y: not parent(x, y) or path(y)",
    ],
    "mutual": [
        "derive even(x, z) if parent(x, y) and odd(y, z)",
        "derive odd(x, z) if parent(x, z)",
        "derive odd(x, z) if parent(x, y) and even(y, z)",
    ],
    "without parameters": [
        "derive begun if some x: parent(x, x)",
        "derive begun if done and some x, y: parent(x, y)",
        "derive done if begun",
    ],
    "three arguments": [
        "derive via(x, y, z) if parent(x, y) and parent(y, z)",
        "derive via(x, y, z) if via(x, y, w) and via(w, y, z)",
    ],
}


def random_edges(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """int8 edges, sparse, a few of them unknown."""
    rng = np.random.default_rng(seed)
    density = rng.random((*shape[:-2], 1, 1)) * 2 / shape[-1]
    edges = (rng.random(shape) < density).astype(np.int8)
    return np.where(rng.random(shape) < 0.1 * density, np.int8(-1), edges)


def random_people(seed: int, shape: tuple[int, ...]) -> dict[str, Any]:
    rng = np.random.default_rng(seed + 1)
    there = rng.choice(np.array([1, 1, 1, 1, 0, -1], np.int8), shape[:-1])
    return {"parent": random_edges(seed, shape), "Person": there}


def case(columns: dict[str, Any], row: int) -> dict[str, Any]:
    """One row as the reference takes it."""
    there, edges = columns["Person"][row], columns["parent"][row]
    code: dict[int, bool | None] = {1: True, 0: False, -1: None}
    present = {i + 1: code[int(t)] for i, t in enumerate(there)}
    parent = {
        (i + 1, j + 1): code[int(edges[i, j])]
        for i, j in np.ndindex(edges.shape)
        if there[i] and there[j]
    }
    return {"Person": present, "parent": parent}


def assert_agrees(ruleset: ir.Ruleset, columns: dict[str, Any], decisions: Decisions) -> None:
    code = {True: 1, False: 0, None: -1}
    for row in range(len(columns["Person"])):
        expected = evaluate(ruleset, case(columns, row)).values
        for item in ruleset.derived:
            found = np.asarray(decisions.derived[item.name][row])
            wanted = np.zeros(found.shape, np.int8)
            values = expected[item.name]
            for objects, value in values.items() if item.parameters else [((), values)]:  # type: ignore[union-attr]
                wanted[tuple(int(label) - 1 for label in objects)] = code[value]  # type: ignore[index]
            np.testing.assert_array_equal(found, wanted, err_msg=f"{item.name}, row {row}")


@pytest.mark.parametrize("small", [0, array_costs.SMALL], ids=["as large", "as small"])
@pytest.mark.parametrize("form", [*ELIMINATED, *(f"iterated {name}" for name in ITERATED)])
def test_numpy_and_the_reference_agree(
    form: str, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_costs, "SMALL", small)
    lines = ELIMINATED.get(form) or ITERATED[form.removeprefix("iterated ")]
    ruleset = people(5, "\n".join(lines))
    if len(ruleset.strata[0]) == 1:
        assert (closure_of(ruleset.derived[0]) is not None) == (form in ELIMINATED)
    columns = random_people(len(form), (40, 5, 5))
    extras = Extras(derived=derived_names(ruleset))
    assert_agrees(ruleset, columns, decide_numpy(ruleset, columns, extras))


def test_xla_and_numpy_agree_on_all_forms_at_once() -> None:
    texts = []
    for number, lines in enumerate([*ELIMINATED.values(), *ITERATED.values()]):
        names = r"\b(path|via|even|odd|begun|done)\b"
        texts.append(re.sub(names, rf"\1_{number}", "\n".join(lines)))
    ruleset = people(6, "\n".join(texts))
    names = derived_names(ruleset)
    decider = compile_ruleset(ruleset, derived=names)
    for dtype in (np.int8, np.bool_):
        columns = random_people(3, (30, 6, 6))
        if dtype == np.bool_:
            columns = {name: column > 0 for name, column in columns.items()}
        found = decider(columns).derived
        wanted = decide_numpy(ruleset, columns, Extras(derived=names)).derived
        for name in names:
            np.testing.assert_array_equal(found[name], wanted[name], err_msg=name)


def reachable(edges: np.ndarray) -> np.ndarray:
    """Transitive closure by breadth-first search."""
    closed = np.zeros_like(edges)
    for start in range(len(edges)):
        pending = list(np.flatnonzero(edges[start]))
        while pending:
            node = pending.pop()
            if not closed[start, node]:
                closed[start, node] = True
                pending.extend(np.flatnonzero(edges[node] & ~closed[start]))
    return closed


@pytest.mark.parametrize("shape", ["chain", "random", "cycle", "empty"])
@pytest.mark.parametrize("clause", [LEFT, RIGHT, SQUARE])
def test_the_closure_of_two_hundred_people(shape: str, clause: str) -> None:
    size = 200
    edges = {
        "chain": np.eye(size, k=1, dtype=bool),
        "random": random_edges(8, (size, size)) > 0,
        "cycle": np.roll(np.eye(size, dtype=bool), 1, axis=1),
        "empty": np.zeros((size, size), bool),
    }[shape]
    ruleset = people(size, f"{BASE}\n{clause}")
    decider = compile_ruleset(ruleset, derived=["path"])
    np.testing.assert_array_equal(decider(graph(edges)).derived["path"], reachable(edges))


@pytest.mark.parametrize("count", [0, 1, 10_000])
def test_batches_of_any_size(count: int) -> None:
    ruleset = people(4, "\n".join([BASE, LEFT, *ITERATED["mutual"]]))
    columns = random_people(1, (count, 4, 4))
    names = derived_names(ruleset)
    found = compile_ruleset(ruleset, derived=names)(columns).derived
    wanted = decide_numpy(ruleset, columns, Extras(derived=names)).derived
    for name in names:
        assert found[name].shape == (count, 4, 4)
        np.testing.assert_array_equal(found[name], wanted[name])


@pytest.mark.parametrize(
    ("ops", "size"), [(NUMPY, 1), (NUMPY, 31), (NUMPY, 32), (NUMPY, 70), (LAX, 32), (LAX, 33)]
)
def test_star_times(ops: Any, size: int) -> None:
    rng = np.random.default_rng(size)
    steps = rng.random((2, size, size)) < 1 / size
    base = rng.random((2, size, 3)) < 0.1
    for row in range(2):
        star = reachable(steps[row]) | np.eye(size, dtype=bool)
        wanted = (star.astype(int) @ base[row].astype(int)) > 0
        np.testing.assert_array_equal(np.asarray(star_times(ops, steps, base))[row], wanted)
        np.testing.assert_array_equal(
            np.asarray(star_times(ops, steps, steps))[row], reachable(steps[row])
        )


@pytest.mark.parametrize("size", [1, 31, 32, 33, 64, 65])
@pytest.mark.parametrize("ops", [NUMPY, LAX])
def test_bits_there_and_back(ops: Any, size: int) -> None:
    truths = np.random.default_rng(size).random((3, size)) < 0.5
    words = np.asarray(ops.to_bits(truths))
    assert words.dtype == np.uint32 and words.shape == (3, -(-size // 32))
    for bit in range(size):
        np.testing.assert_array_equal(words[:, bit // 32] >> (bit % 32) & 1, truths[:, bit])
    np.testing.assert_array_equal(np.asarray(ops.from_bits(ops.to_bits(truths), size)), truths)


@pytest.mark.parametrize("fold", [NUMPY.fold, LAX.fold])
@pytest.mark.parametrize("size", [1, 2, 16, 17, 40])
def test_folds_are_in_order(fold: Callable[..., Any], size: int) -> None:
    terms = np.arange(2 * size, dtype=np.float32).reshape(2, size)
    folded = fold(lambda so_far, term: so_far * np.float32(0.5) + term, terms)
    for row in range(2):
        wanted = terms[row, 0]
        for term in terms[row, 1:]:
            wanted = wanted * np.float32(0.5) + term
        assert np.asarray(folded)[row] == wanted
