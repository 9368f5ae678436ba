"""The table form of the XLA engine: rules as data, compiled in a second, however many.

The conditions are a circuit (`table_circuit.py`) that lies in rows of bits (`table_plan.py`),
which is run block by block (`table_planes.py`). What a rule set compares, its order and its
outcomes are arguments of the compiled program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rules.engines.array_constraints import constrain, violated_bits
from rules.engines.array_margin import margin
from rules.engines.array_ops import Array
from rules.engines.arrays import Extras, spread_columns
from rules.engines.decisions import Decisions
from rules.engines.kleene import Truth
from rules.engines.lax_ops import LAX
from rules.engines.lowered import Code
from rules.engines.lowering import Lowering
from rules.engines.table_plan import Layout, Tables
from rules.engines.table_planes import BITS, by_plane, read, unpacked
from rules.engines.table_verdict import (
    Verdict,
    VerdictRows,
    fired_words,
    table_verdict,
    verdict_rows,
)
from rules.engines.values import INT_MISSING
from rules.engines.verdict import outcome_type
from rules.engines.wide_vectors import WideJit
from rules.language import ir

__all__ = ["add_derived", "decide_table", "suits"]

BLOCK = 4096  # cases at a time: their rows should stay in the cache
MANY = 150  # truths, from which on the fused form is slower to compile and to run


class _Asked(NamedTuple):
    """Of a block: rows for the verdict, conditions of constraints, rules by rank."""

    verdict: VerdictRows
    limits: Array
    fired: Array


class _Found(NamedTuple):
    """Of a block, or a batch: the verdict of the rules, conditions of constraints, fired bits."""

    verdict: Verdict
    limits: Array
    fired: Array


def suits(ruleset: ir.Ruleset, extras: Extras, layout: Callable[[], Layout]) -> bool:
    """Whether the table form is the better one: many truths about few values.

    Margins are asked of every comparison, which takes the fused form anyway.

    Args:
        ruleset: as `check_decides` accepts it.
        extras: what to return beside outcome and rule.
        layout: makes that of the rule set; called only where it has many truths.
    """
    clauses = [len(item.clauses) for item in ruleset.derived if isinstance(item.type, ir.BoolType)]
    truths = len(ruleset.rules) + sum(clauses)
    if truths < MANY or extras.margin:
        return False
    made = layout()
    return 2 * (len(made.floats) + len(made.codes)) <= truths


def _decide_table(
    layout: Layout, tables: Tables, columns: Mapping[str, Array], shape: tuple[int, ...]
) -> Decisions:
    """Decides a batch: as `decide_columns`, but for margins and derived values.

    Args:
        layout: of the rule set, see `arrange`.
        tables: likewise.
        columns: by name, as `check_columns` accepts them.
        shape: the common shape of the columns, `[...]`; no symbols.
    """
    found = _batch(layout, shape, tables, columns)
    outcome, rule = found.verdict
    limits = [
        Truth(found.limits[..., index, 0], found.limits[..., index, 1])
        for index in range(len(layout.constraints))
    ]
    outcome, rule, violated = constrain(
        LAX, layout.decision, layout.constraints, limits, outcome, rule
    )
    extras = layout.extras
    return Decisions(
        outcome=outcome.astype(outcome_type(layout.decision)),
        rule=rule.astype(layout.ranks),
        fired=found.fired if extras.fired else None,
        violated=violated_bits(LAX, violated, shape) if extras.violated else None,
    )


decide_table = WideJit(_decide_table, static=(0, 3))


def add_derived(
    ruleset: ir.Ruleset, columns: Mapping[str, Array], extras: Extras, decisions: Decisions
) -> Decisions:
    """The decisions, with the margins and derived values that are asked for."""
    shape = decisions.rule.shape
    lowering = Lowering(ruleset, spread_columns(ruleset, columns, LAX, shape), LAX, shape)
    derived = {name: lowering.encoded(name) for name in extras.derived}
    if not extras.margin:
        return decisions._replace(derived=derived)
    distance = margin(ruleset, lowering, decisions.outcome, decisions.rule)
    return decisions._replace(derived=derived, margin=jnp.broadcast_to(distance, shape))


def _batch(
    layout: Layout, shape: tuple[int, ...], tables: Tables, columns: Mapping[str, Array]
) -> _Found:
    """What the rows of a batch of shape `[...]` say, a block at a time."""
    size = int(np.prod(shape))
    block = min(BLOCK, -(-max(size, 1) // BITS) * BITS)
    lowering = Lowering(
        layout.fields, spread_columns(layout.fields, columns, LAX, shape), LAX, shape
    )
    blocks = [
        _blocks([_field(lowering, item, shape) for item in fields], missing, size, block)
        for fields, missing in (
            (layout.floats, np.float32(np.nan)),
            (layout.codes, np.int32(INT_MISSING)),
        )
    ]

    def ask(rows: Array) -> _Asked:
        return _Asked(
            verdict_rows(layout.decision, tables, rows),
            unpacked(read(rows, tables.constraints)),
            read(rows, tables.ranked),
        )

    def decide(fields: tuple[Array, Array]) -> _Found:
        asked = by_plane(layout, tables, *fields, ask)
        return _Found(
            table_verdict(layout.decision, tables, asked.verdict),
            jnp.transpose(asked.limits, (2, 1, 0)),
            fired_words(asked.fired[0])[:, : layout.words],
        )

    found = lax.map(decide, tuple(blocks))

    def cases(array: Array) -> Array:
        blocks, _, *own = array.shape
        return array.reshape(blocks * block, *own)[:size].reshape(*shape, *own)

    result: _Found = jax.tree.map(cases, found)
    return result


def _field(lowering: Lowering, expr: ir.Expr, shape: tuple[int, ...]) -> Array:
    match lowering.placed(expr).value:
        case Truth(true=true, possible=possible):
            absent = np.int32(0)
            if possible is not None:
                absent = LAX.select(possible, np.int32(INT_MISSING), absent)
            value = LAX.select(true, np.int32(1), absent)
        case Code(value=value, known=known):
            if known is not None:
                value = LAX.select(known, value, np.int32(INT_MISSING))
        case value:
            pass
    return jnp.broadcast_to(value, shape).reshape(-1)


def _blocks(fields: list[Array], missing: np.generic, size: int, block: int) -> Array:
    """`[blocks, fields, 32, c]`."""
    count = -(-max(size, 1) // block)
    if not fields:
        return jnp.zeros((count, 0, BITS, block // BITS), missing.dtype)
    padded = [
        jnp.pad(field, (0, count * block - size), constant_values=missing) for field in fields
    ]
    return jnp.stack([field.reshape(count, BITS, block // BITS) for field in padded], axis=1)
