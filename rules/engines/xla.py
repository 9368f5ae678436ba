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
from typing import Any, Literal, TypeAlias, get_args

import jax
import jax.numpy as jnp
import numpy as np

from rules.engines.array_ops import Array
from rules.engines.arrays import Extras, check_decides, decide_columns
from rules.engines.columns import check_columns, presence_names
from rules.engines.decisions import Decisions
from rules.engines.lax_ops import LAX
from rules.engines.param_columns import as_inputs, param_columns
from rules.engines.table_plan import Layout, Tables, arrange
from rules.engines.table_rules import add_derived, decide_table, suits
from rules.engines.wide_vectors import WideJit
from rules.language import ir

__all__ = ["CompiledRuleset", "Form", "compile_ruleset"]

Form: TypeAlias = Literal["auto", "fused", "table"]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class CompiledRuleset:
    """A rule set as a pure JAX function from columns to `Decisions`.

    Attributes:
        ruleset: what was compiled.
        extras: what it returns beside outcome and rule.
        form: how; see `compile_ruleset`.
    """

    ruleset: ir.Ruleset
    extras: Extras
    form: Form = "auto"

    def __call__(
        self, columns: Mapping[str, Array], params: Mapping[str, Array] | None = None
    ) -> Decisions:
        """Decides a batch.

        Args:
            columns: by input name, of batch shapes `[...]` that broadcast together; others
                are ignored. Floats are float32 (or float16, bfloat16, float64: cast first),
                not finite is missing; ints and days int32, -2**31 is missing; bools bool, or
                int8 with -1 for missing; enums int32 or int8 codes in the order of the
                declaration, texts int32 codes as `encode` gives them, negative is missing.
                Relations have one more axis per argument. By the name of each entity whose
                objects the cases name, `[..., n]`: whether they are present, bool or int8.
            params: by name, scalars or arrays that broadcast with the batch, instead of the
                values in the rule set; out of bounds is unknown. They are arguments of the
                compiled function: other values need no compilation, and `jax.vmap` over them
                decides under many settings at once.

        Returns:
            Decisions for the common shape `[...]`.

        Raises:
            ValueError: when a column is absent, shapes do not broadcast, or there is no such
                param.
            TypeError: when a column has a dtype that its input does not allow, or when
                these are no columns.
        """
        if not isinstance(columns, Mapping):
            raise TypeError(
                f"found columns of type {type(columns).__name__}, expected a mapping of arrays by "
                "input name; make one with encode"
            )
        settings = param_columns(self.ruleset, params or {})
        ruleset = as_inputs(self.ruleset, settings)
        given = {**columns, **settings}
        arrays = {
            name: _as_array(given[name])
            for name in (*(item.name for item in ruleset.inputs), *presence_names(ruleset))
            if name in given
        }
        shape = check_columns(ruleset, {**given, **arrays})
        if not self._as_table or not all(isinstance(size, int) for size in shape):
            return self._compiled(arrays)
        layout, tables = self._tables(tuple(settings))
        decisions: Decisions = decide_table(layout, tables, arrays, shape)
        return self._extended(arrays, decisions) if self._asks_more else decisions

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
    def _as_table(self) -> bool:
        if self.form != "auto":
            return self.form == "table"
        return suits(self.ruleset, self.extras, lambda: self._tables(())[0])

    @property
    def _asks_more(self) -> bool:
        return self.extras.margin or bool(self.extras.derived)

    @functools.cached_property
    def _tables(self) -> Callable[[tuple[str, ...]], tuple[Layout, Tables]]:
        return functools.cache(lambda params: arrange(as_inputs(self.ruleset, params), self.extras))

    @functools.cached_property
    def _extended(self) -> Callable[[Mapping[str, Array], Decisions], Decisions]:
        return WideJit(functools.partial(_extend, self.ruleset, self.extras))

    @functools.cached_property
    def _compiled(self) -> Callable[[Mapping[str, Array]], Decisions]:
        return WideJit(functools.partial(_decide, self.ruleset, self.extras))


def compile_ruleset(
    ruleset: ir.Ruleset,
    *,
    fired: bool = False,
    margin: bool = False,
    derived: Sequence[str] = (),
    violated: bool = False,
    form: Form = "auto",
) -> CompiledRuleset:
    """Compiles a rule set to a JAX function.

    Args:
        ruleset: a checked rule set with a decision.
        fired: return the bits of all rules that fire.
        margin: return the distance to the nearest flip.
        derived: names of derived values to return.
        violated: return the bits of all constraints that the rules' outcome breaks.
        form: "fused", an expression for each rule, which is fast for up to a hundred rules
            and slow to compile beyond; "table", rules as data of a program that compiles in
            about a second whatever their number, and is not compiled anew for other
            thresholds; "auto" takes the table for many rules about few values. Batches of
            symbolic size (`jax.export`) are always fused.

    Raises:
        ValueError: when there is no such form, or the rule set has no decision, collects
            among more than 31 outcomes, does not derive a name asked for, has an entity
            without a bound, or has rules that hold on some days only and nothing says which
            day it is.
    """
    extras = Extras(fired=fired, margin=margin, derived=tuple(derived), violated=violated)
    check_decides(ruleset, extras)
    if form not in get_args(Form):
        raise ValueError(f"found form {form!r}, expected one of {', '.join(get_args(Form))}")
    return CompiledRuleset(ruleset=ruleset, extras=extras, form=form)


def _as_array(column: Any) -> Array:
    if hasattr(column, "dtype"):
        return column
    # A Python scalar is of the dtype of its input, also where JAX's default has 64 bits.
    return np.asarray(column, {int: np.int32, float: np.float32}.get(type(column)))


def _decide(ruleset: ir.Ruleset, extras: Extras, columns: Mapping[str, Array]) -> Decisions:
    ruleset = as_inputs(ruleset, columns)
    shape = check_columns(ruleset, columns)
    decisions = decide_columns(ruleset, columns, LAX, extras, shape)
    arrays: Decisions = jax.tree.map(jnp.asarray, decisions)
    return arrays


def _extend(
    ruleset: ir.Ruleset, extras: Extras, columns: Mapping[str, Array], decisions: Decisions
) -> Decisions:
    return add_derived(as_inputs(ruleset, columns), columns, extras, decisions)
