"""The XLA engine: a rule set compiled to a pure JAX function over batches.

    decider = compile_ruleset(ruleset)
    decisions = decider(decider.encode(table))

The function works eagerly and inside `jit`, `vmap`, `pmap`, `shard_map` and `grad`, so that
a model and the rules on its outputs become one XLA program.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rules.engines.array_ops import Array, ArrayOps
from rules.engines.arrays import Extras, check_decides, decide_columns
from rules.engines.columns import check_columns
from rules.engines.decisions import Decisions
from rules.language import ir

__all__ = ["CompiledRuleset", "compile_ruleset"]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class CompiledRuleset:
    """A rule set as a pure JAX function from columns to `Decisions`.

    Attributes:
        ruleset: what was compiled.
        extras: what it returns beside outcome and rule.
    """

    ruleset: ir.Ruleset
    extras: Extras

    def __call__(self, columns: Mapping[str, Array]) -> Decisions:
        """Decides a batch.

        Args:
            columns: by input name, of shapes `[...]` that broadcast together; others are
                ignored. Floats are float32 (or float16, bfloat16, float64: cast first),
                not finite is missing; ints int32, -2**31 is missing; bools bool, or int8
                with -1 for missing; enums int32 or int8 codes in the order of the
                declaration, negative is missing.

        Returns:
            Decisions for the common shape `[...]`.

        Raises:
            ValueError: when a column is absent, or shapes do not broadcast.
            TypeError: when a column has a dtype that its input does not allow, or when
                these are no columns.
        """
        if not isinstance(columns, Mapping):
            raise TypeError(
                f"found columns of type {type(columns).__name__}, expected a mapping of arrays by "
                "input name; make one with encode"
            )
        arrays = {
            item.name: _as_array(columns[item.name])
            for item in self.ruleset.inputs
            if item.name in columns
        }
        check_columns(self.ruleset, {**columns, **arrays})
        return self._compiled(arrays)

    @property
    def name(self) -> str:
        """The name of the rule set."""
        return self.ruleset.name

    @property
    def sha256(self) -> str:
        """The identity of the rule set."""
        return self.ruleset.sha256

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes; `Decisions.outcome` indexes them."""
        assert self.ruleset.decision is not None
        return self.ruleset.decision.outcomes

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of the rules by rank; `Decisions.rule` indexes them."""
        return tuple(rule.name for rule in self.ruleset.ranked)

    @property
    def inputs(self) -> dict[str, ir.Type]:
        """The type of every input."""
        return {item.name: item.type for item in self.ruleset.inputs}

    def encode(self, table: Any) -> dict[str, np.ndarray]:
        """Columns from a table, a list of dicts, ...: see `rules.cases.encode`."""
        from rules.cases import encode

        return encode(self.ruleset, table)

    def reasons(self, columns: Mapping[str, Array], decisions: Decisions) -> list[str]:
        """A sentence for each case of a batch `[B]`: see `rules.explain.reasons`."""
        from rules.explain.reasons import reasons

        return reasons(self.ruleset, columns, decisions)

    @functools.cached_property
    def _compiled(self) -> Callable[[Mapping[str, Array]], Decisions]:
        return jax.jit(functools.partial(_decide, self.ruleset, self.extras))


def compile_ruleset(
    ruleset: ir.Ruleset,
    *,
    fired: bool = False,
    margin: bool = False,
    derived: Sequence[str] = (),
) -> CompiledRuleset:
    """Compiles a rule set to a JAX function.

    Args:
        ruleset: a checked rule set with a decision.
        fired: return the bits of all rules that fire.
        margin: return the distance to the nearest flip.
        derived: names of derived values to return.

    Raises:
        ValueError: when the rule set has no decision, collects among more than 31
            outcomes, or does not derive a name asked for.
    """
    extras = Extras(fired=fired, margin=margin, derived=tuple(derived))
    check_decides(ruleset, extras)
    return CompiledRuleset(ruleset=ruleset, extras=extras)


def _as_array(column: Any) -> Array:
    if hasattr(column, "dtype"):
        return column
    # A Python scalar is of the dtype of its input, also where JAX's default has 64 bits.
    return np.asarray(column, {int: np.int32, float: np.float32}.get(type(column)))


def _decide(ruleset: ir.Ruleset, extras: Extras, columns: Mapping[str, Array]) -> Decisions:
    shape = np.broadcast_shapes(*(column.shape for column in columns.values()))
    decisions = decide_columns(ruleset, columns, _LAX, extras, shape)
    arrays: Decisions = jax.tree.map(jnp.asarray, decisions)
    return arrays


# ------------------------------------------------------------------ primitives


@jax.custom_jvp
def _multiply(left: Array, right: Array) -> Array:
    return lax.mul(left, right)


@jax.custom_jvp
def _divide(left: Array, right: Array) -> Array:
    return lax.div(left, right)


def _finite(slope: Array) -> Array:
    """A slope, or 0 where it has none: a zero cotangent times NaN would be NaN."""
    return jnp.where(lax.is_finite(slope), slope, 0)


_multiply.defjvps(
    lambda tangent, _, left, right: tangent * _finite(right),
    lambda tangent, _, left, right: tangent * _finite(left),
)
_divide.defjvps(
    lambda tangent, _, left, right: tangent * _finite(1 / right),
    lambda tangent, quotient, left, right: tangent * _finite(-quotient / right),
)


def _product(left: Array, right: Array) -> Array:
    return _multiply(left, right) if left.dtype == np.float32 else lax.mul(left, right)


def _modulo(left: Array, right: Array) -> Array:
    rest = lax.rem(left, right)
    zero = np.int32(0)
    opposed = lax.ne(lax.lt(rest, zero), lax.lt(right, zero))
    wrong = lax.bitwise_and(lax.ne(rest, zero), opposed)
    return _select(wrong, lax.add(rest, right), rest)


def _select(where: Array, this: Array, other: Array) -> Array:
    shape = np.broadcast_shapes(where.shape, this.shape, other.shape)
    return lax.select(*(_broadcast(array, shape) for array in (where, this, other)))


def _broadcast(array: Array, shape: tuple[int, ...]) -> Array:
    # Everything here is of the shape of the batch or a scalar.
    return array if array.shape == shape else lax.broadcast(array, shape)


def _unite(words: Sequence[Array]) -> Array:
    # A loop, since XLA drops optimization barriers before it fuses what stands between them.
    shape = np.broadcast_shapes(*(word.shape for word in words))
    first, *rest = (_broadcast(word, shape) for word in words)
    if not rest:
        return first
    stacked = jnp.stack([first, *rest])
    united, _ = lax.scan(lambda so_far, word: (so_far | word, None), stacked[0], stacked[1:])
    return united


_LAX = ArrayOps(
    add=lax.add,
    subtract=lax.sub,
    multiply=_product,
    divide=_divide,
    modulo=_modulo,
    negate=lax.neg,
    absolute=lax.abs,
    less=lax.lt,
    less_equal=lax.le,
    equal=lax.eq,
    not_equal=lax.ne,
    conjoin=lax.bitwise_and,
    disjoin=lax.bitwise_or,
    invert=lax.bitwise_not,
    bit_and=lax.bitwise_and,
    bit_or=lax.bitwise_or,
    bit_not=lax.bitwise_not,
    bit_count=lax.population_count,
    shift_left=lax.shift_left,
    shift_right=lax.shift_right_logical,
    select=_select,
    floor=lax.floor,
    ceil=lax.ceil,
    round=functools.partial(lax.round, rounding_method=lax.RoundingMethod.TO_NEAREST_EVEN),
    convert=lax.convert_element_type,
    spread=jnp.broadcast_to,
    stack=functools.partial(jnp.stack, axis=-1),
    settle=lax.optimization_barrier,
    unite=_unite,
)
