"""How a circuit lies in rows of bits: shapes that are compiled, and numbers that are not.

Two rule sets of the same `Layout` share one compiled program, which takes their `Tables` as
arguments: other thresholds, other rules of the same shape need no compilation. Counts are
padded so that shapes are often the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rules.engines.array_numbers import text_codes
from rules.engines.arrays import Extras
from rules.engines.table_circuit import FALSE, FAN_IN, TRUE, Circuit, Gate, Literal, circuit
from rules.engines.verdict import rank_type
from rules.language import ir
from rules.language.strata import reads
from rules.language.walk import names

__all__ = ["LITERALS", "RULES", "STEP", "Layout", "Literals", "Tables", "arrange"]

LITERALS = 16  # in a step; counts are padded to a multiple of this
STEP = 16  # gates
LOOPS = 2  # steps, at least: XLA unrolls a loop of one, and fuses it with what comes after
RULES = 32


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layout:
    """All that a compiled program depends on.

    Rows are, in this order: FALSE, TRUE, literals of floats, literals of codes, where each
    field is missing and where it is known (if asked), and the gates, step by step.

    Attributes:
        fields: what derives the values that the rules compare; decides nothing itself.
        floats, codes: these values: float32, and int32 with missing as -2**31.
        literals: how many rows for each of them.
        asks: whether a rule asks if a value is unknown.
        steps: of `STEP` gates each, which read only rows before them.
        chunks: of `RULES` rules each, all of one outcome.
        words: of bits of the rules that fire, for each case.
        ranks: the dtype of a rank.
        decision: the hit policy and the two fall-backs.
        constraints: without their titles and conditions, which are rows.
        extras: what to return beside outcome and rule.
    """

    fields: ir.Ruleset
    floats: tuple[ir.Expr, ...]
    codes: tuple[ir.Expr, ...]
    literals: tuple[int, int]
    asks: bool
    steps: int
    chunks: int
    words: int
    ranks: type[np.signedinteger]
    decision: ir.Decision
    constraints: tuple[ir.Constraint, ...]
    extras: Extras


class Literals(NamedTuple):
    """Bounds `[L]`, inclusive, and the index of the field that they are about."""

    field: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Gates(NamedTuple):
    """Steps of gates of one operation.

    Attributes:
        inputs: int32 `[steps, FAN_IN, STEP]`, the rows that each gate reads.
        invert: uint32 `[steps]`, all ones for `or`, which is an `and` of what is inverted,
            inverted.
    """

    inputs: np.ndarray
    invert: np.ndarray


class Chunks(NamedTuple):
    """Rules by outcome.

    Attributes:
        outcome: int32 `[chunks]`.
        row: int32 `[chunks, RULES]`, of their truths.
        rank: int32 `[chunks, RULES]`.
    """

    outcome: np.ndarray
    row: np.ndarray
    rank: np.ndarray


class Tables(NamedTuple):
    """The numbers of a rule set.

    Attributes:
        floats, codes: literals.
        gates: what joins them.
        rules: by outcome, and of each in order of precedence.
        ranked: int32 `[R]`, the rows of all rules by rank, of none unless asked for.
        constraints: int32 `[C]`, the rows of the conditions of the constraints.
    """

    floats: Literals
    codes: Literals
    gates: Gates
    rules: Chunks
    ranked: np.ndarray
    constraints: np.ndarray


def arrange(ruleset: ir.Ruleset, extras: Extras) -> tuple[Layout, Tables]:
    """The layout and the tables of a rule set with a decision.

    Args:
        ruleset: as `check_decides` accepts it.
        extras: what to return beside outcome and rule.
    """
    assert ruleset.decision is not None
    rules, outcomes = ruleset.ranked, ruleset.decision.outcomes
    conditions = [rule.condition for rule in rules]
    conditions += [item.condition for item in ruleset.constraints]
    rows = _Rows(circuit(ruleset, conditions))
    placed = [rows.row[node] for node in rows.circuit.outputs]
    codes = [outcomes.index(rule.outcome) for rule in rules]
    chunks = _chunks(codes, placed)
    layout = Layout(
        fields=_deriving(ruleset, (*rows.floats, *rows.codes)),
        floats=rows.floats,
        codes=rows.codes,
        literals=(len(rows.literals[0].low), len(rows.literals[1].low)),
        asks=rows.asks,
        steps=len(rows.gates.invert),
        chunks=len(chunks.outcome),
        words=-(-len(rules) // RULES),
        ranks=rank_type(ruleset),
        decision=ruleset.decision,
        constraints=tuple(
            dataclasses.replace(item, title="", condition=_NO_CONDITION)
            for item in ruleset.constraints
        ),
        extras=extras,
    )
    return layout, Tables(
        floats=rows.literals[0],
        codes=rows.literals[1],
        gates=rows.gates,
        rules=chunks,
        ranked=_filled(placed[: len(rules)] if extras.fired else [], RULES, FALSE),
        constraints=np.array(placed[len(rules) :], np.int32),
    )


def _chunks(outcomes: Sequence[int], rows: Sequence[int]) -> Chunks:
    """Rules by rank, in chunks by outcome."""
    found: list[tuple[int, list[int], list[int]]] = []
    for outcome in sorted(set(outcomes)):
        ranks = [rank for rank, code in enumerate(outcomes) if code == outcome]
        for start in range(0, len(ranks), RULES):
            some = ranks[start : start + RULES]
            unused = RULES - len(some)
            row = [rows[rank] for rank in some] + [FALSE] * unused
            found.append((outcome, row, some + [0] * unused))
    found += [(0, [FALSE] * RULES, [0] * RULES)] * (LOOPS - len(found))
    columns = (np.array(column, np.int32) for column in zip(*found, strict=True))
    return Chunks(*columns)


_NO_CONDITION = ir.Const(value=True, type=ir.BOOL)


class _Rows:
    """The row of each node that an output depends on."""

    def __init__(self, made: Circuit) -> None:
        self.circuit = made
        self.row = {FALSE: FALSE, TRUE: TRUE}
        self._size = len(self.row)
        used = _reachable(made)
        literals = {i: item for i in used if isinstance(item := made.nodes[i], Literal)}
        gates = {i: item for i in used if isinstance(item := made.nodes[i], Gate)}
        fields = dict.fromkeys(item.field for item in literals.values())
        self.floats = tuple(f for f in fields if isinstance(f.type, ir.FloatType))
        self.codes = tuple(f for f in fields if not isinstance(f.type, ir.FloatType))
        within = {i: item for i, item in literals.items() if item.kind == "within"}
        self.literals = (
            self._literals(within, self.floats, np.float32),
            self._literals(within, self.codes, np.int32),
        )
        self.asks = len(within) < len(literals)
        if self.asks:
            self._unknown({i: item for i, item in literals.items() if i not in within})
        self.gates = self._gates(gates)

    def _place(self, nodes: Iterable[int], count: int) -> None:
        self.row.update({node: self._size + position for position, node in enumerate(nodes)})
        self._size += count

    def _literals(
        self, within: Mapping[int, Literal], fields: Sequence[ir.Expr], dtype: type
    ) -> Literals:
        index = {field: position for position, field in enumerate(fields)}
        found = {i: item for i, item in within.items() if item.field in index}
        items = list(found.values())
        bounds: np.ndarray = np.array([(item.low, item.high) for item in items], dtype).reshape(
            -1, 2
        )
        table = Literals(
            field=_filled([index[item.field] for item in items], LITERALS, 0),
            low=_filled(bounds[:, 0], LITERALS, 1),
            high=_filled(bounds[:, 1], LITERALS, 0),
        )
        self._place(found, len(table.low))
        return table

    def _unknown(self, literals: Mapping[int, Literal]) -> None:
        fields = (*self.floats, *self.codes)
        for node, item in literals.items():
            known = len(fields) if item.kind == "known" else 0
            self.row[node] = self._size + known + fields.index(item.field)
        self._size += 2 * len(fields)

    def _gates(self, gates: Mapping[int, Gate]) -> Gates:
        steps: list[np.ndarray] = []
        invert: list[np.uint32] = []
        for op, group in _groups(gates):
            for start in range(0, len(group), STEP):
                some = group[start : start + STEP]
                inputs = np.full((FAN_IN, STEP), TRUE if op == "and" else FALSE, np.int32)
                for position, node in enumerate(some):
                    read = [self.row[source] for source in gates[node].inputs]
                    inputs[: len(read), position] = read
                self._place(some, STEP)
                steps.append(inputs)
                invert.append(np.uint32(0 if op == "and" else ~np.uint32(0)))
        for _ in range(LOOPS - len(steps)):
            self._place((), STEP)
            steps.append(np.full((FAN_IN, STEP), FALSE, np.int32))
            invert.append(np.uint32(0))
        return Gates(
            np.array(steps, np.int32).reshape(-1, FAN_IN, STEP), np.array(invert, np.uint32)
        )


def _groups(gates: Mapping[int, Gate]) -> list[tuple[str, list[int]]]:
    """Gates of one operation, each group after those that it reads."""
    level: dict[int, int] = {}
    groups: dict[tuple[int, str], list[int]] = {}
    for node, gate in gates.items():
        level[node] = 1 + max(level.get(source, 0) for source in gate.inputs)
        groups.setdefault((level[node], gate.op), []).append(node)
    return [(op, group) for (_, op), group in sorted(groups.items(), key=lambda item: item[0])]


def _reachable(made: Circuit) -> list[int]:
    """The nodes that an output depends on, each after those that it reads."""
    wanted = set(made.outputs)
    for index in reversed(range(len(made.nodes))):
        item = made.nodes[index]
        if index in wanted and isinstance(item, Gate):
            wanted.update(item.inputs)
    return sorted(wanted)


def _deriving(ruleset: ir.Ruleset, fields: Sequence[ir.Expr]) -> ir.Ruleset:
    """The part of a rule set that these values are computed from, and no more."""
    derived = {item.name: item for item in ruleset.derived}
    wanted: set[str] = set()
    pending = frozenset(name for field in fields for name in names(field))
    while pending:
        wanted |= pending
        read = [reads(derived[name]) for name in pending if name in derived]
        pending = frozenset[str]().union(*read) - wanted
    return ir.Ruleset(
        name="fields",
        version=0,
        entities=ruleset.entities,
        params=(*ruleset.params, *_texts(ruleset)),
        inputs=ruleset.inputs,
        derived=tuple(item for item in ruleset.derived if item.name in wanted),
        decision=None,
        rules=(),
    )


def _texts(ruleset: ir.Ruleset) -> Iterator[ir.Param]:
    """All texts of a rule set, so that a part of it gives each the same code."""
    for text in text_codes(ruleset):
        yield ir.Param(name=f"text {text}", type=ir.StringType(), value=text)


def _padded(count: int, step: int) -> int:
    return max(-(-count // step), LOOPS) * step if count else 0


def _filled(values: Sequence[Any] | np.ndarray, step: int, filling: int) -> np.ndarray:
    """The values and as much filling as makes a multiple of `step`; int32 unless an array."""
    array = np.asarray(values) if len(values) else np.zeros(0, getattr(values, "dtype", np.int32))
    dtype = array.dtype if isinstance(values, np.ndarray) else np.dtype(np.int32)
    missing = _padded(len(array), step) - len(array)
    return np.concatenate([array.astype(dtype), np.full(missing, filling, dtype)])
