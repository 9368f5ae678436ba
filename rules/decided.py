"""A batch of cases, decided: outcomes, rules, reasons, as Python values and as a table."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.cases import Encoded, decode_case
from rules.encoding import decode_value
from rules.encoding.arrow_values import list_array, number_array, text_array
from rules.engines.decisions import STATUS, Decisions
from rules.engines.values import Value
from rules.language import ir

__all__ = ["Decided"]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Decided:
    """A batch of cases, decided.

    Attributes:
        ruleset: what decided.
        columns: the encoded cases, by input name, `[B, ...]`; none where an entity has no
            bound.
        decisions: NumPy arrays, `[B]`.
        encoded: the cases with the names of their objects and texts; None where the columns
            did not come from `rules.decide`.
    """

    ruleset: ir.Ruleset
    columns: Mapping[str, npt.NDArray[Any]]
    decisions: Decisions
    encoded: Encoded | None = None

    @functools.cached_property
    def outcomes(self) -> list[str] | list[frozenset[str]]:
        """The outcome of each case; under `collect` the set of its outcomes."""
        names = self._decision.outcomes
        codes = self.decisions.outcome.tolist()
        if self._decision.policy != "collect":
            return [names[code] for code in codes]
        sets = {code: _members(names, code) for code in set(codes)}
        return [frozenset(sets[code]) for code in codes]

    @functools.cached_property
    def rules(self) -> list[str]:
        """The deciding rule of each case, or `default`, `unknown`, `conflict`, `violated`."""
        names = [rule.name for rule in self.ruleset.ranked]
        return [names[rank] if rank >= 0 else STATUS[rank] for rank in self.decisions.rule.tolist()]

    @functools.cached_property
    def reasons(self) -> list[str]:
        """A sentence for each case."""
        if self.columns:
            from rules.explain.reasons import reasons  # most who decide many ask for none

            return reasons(
                self.ruleset, self.columns, self.decisions, texts=self._texts, cases=self.case
            )
        from rules.explain import explain

        # Without columns: an entity has no bound.
        count = len(self.decisions.rule)
        return [explain(self.ruleset, self.case(row)).reason for row in range(count)]

    @functools.cached_property
    def fired(self) -> list[list[str]]:
        """The rules that fire in each case, by rank.

        Raises:
            ValueError: they were not asked for.
        """
        return self._fired.to_pylist()

    @functools.cached_property
    def violated(self) -> list[list[str]]:
        """The titles of the constraints that the rules broke in each case.

        Raises:
            ValueError: they were not asked for.
        """
        return self._violated.to_pylist()

    @functools.cached_property
    def derived(self) -> dict[str, list[Any]]:
        """The derived values that were asked for, one per case; None is unknown.

        What is derived about objects is a mapping from them, or from tuples of them.
        """
        items = {item.name: item for item in self.ruleset.derived}
        return {
            name: [self._derived(items[name], column, row) for row in range(len(column))]
            for name, column in self.decisions.derived.items()
        }

    def case(self, row: int) -> dict[str, Any]:
        """One case, counted from 0, as `rules.explain` takes it."""
        if self.encoded is not None:
            return self.encoded.case(row)
        return decode_case(self.ruleset, self.columns, row)

    def counts(self) -> dict[str, int]:
        """How many cases came out how, by outcome (under `collect`, by each member)."""
        names = self._decision.outcomes
        codes = Counter(self.decisions.outcome.tolist())
        if self._decision.policy == "collect":
            return {
                name: sum(n for code, n in codes.items() if code >> bit & 1)
                for bit, name in enumerate(names)
            }
        return {name: codes[code] for code, name in enumerate(names)}

    def to_table(self) -> pa.Table:
        """One row per case.

        Returns:
            Columns `outcome` (string; under `collect` list<string>), `rule` (string, see
            `rules`), `reason` (string), and where they were asked for `fired` (list<string>),
            `margin` (float32), `violated` (list<string>) and the derived values by name, those
            about objects as maps from `anna` or `ann, bob`.
        """
        names, codes = self._decision.outcomes, self.decisions.outcome.tolist()
        if self._decision.policy == "collect":
            outcomes = list_array([_members(names, code) for code in codes])
        else:
            outcomes = text_array(names[code] for code in codes)
        columns = {
            "outcome": outcomes,
            "rule": text_array(self.rules),
            "reason": text_array(self.reasons),
        }
        if self.decisions.fired is not None:
            columns["fired"] = self._fired
        if self.decisions.margin is not None:
            columns["margin"] = number_array(self.decisions.margin)
        if self.decisions.violated is not None:
            columns["violated"] = self._violated
        types = {item.name: _arrow_type(item) for item in self.ruleset.derived}
        for name, values in self.derived.items():
            if pa.types.is_map(types[name]):
                values = [[(_label(key), v) for key, v in value.items()] for value in values]
            label = name if name not in columns else f"derived {name}"
            columns[label] = pa.array(values, types[name])
        return pa.table(columns)

    @property
    def _decision(self) -> ir.Decision:
        assert self.ruleset.decision is not None
        return self.ruleset.decision

    @property
    def _texts(self) -> tuple[str, ...] | None:
        return None if self.encoded is None else self.encoded.texts

    @property
    def _fired(self) -> pa.Array:
        return self._lists("fired", [rule.name for rule in self.ruleset.ranked])

    @property
    def _violated(self) -> pa.Array:
        return self._lists("violated", [item.title for item in self.ruleset.constraints])

    def _lists(self, what: str, names: Sequence[str]) -> pa.Array:
        words = getattr(self.decisions, what)
        if words is None:
            raise ValueError(f"{what} was not asked for: call rules.decide(..., {what}=True)")
        patterns, inverse = np.unique(words, axis=0, return_inverse=True)
        lists = [
            [name for index, name in enumerate(names) if pattern[index // 32] >> (index % 32) & 1]
            for pattern in patterns.tolist()
        ]
        return list_array(lists).take(number_array(inverse.reshape(-1)))

    def _derived(self, item: ir.Derived, column: npt.NDArray[Any], row: int) -> Any:
        if not item.parameters:
            return decode_value(item.type, column[row])
        about = [self._objects(parameter.entity, row) for parameter in item.parameters]
        found: dict[Any, Value | None] = {}
        for slots in itertools.product(*about):
            labels = tuple(objects[slot] for objects, slot in zip(about, slots, strict=True))
            key = labels if len(labels) > 1 else labels[0]
            found[key] = decode_value(item.type, column[(row, *slots)])
        return found

    def _objects(self, entity: str, row: int) -> dict[int, int | str]:
        """By slot; without names objects are numbered."""
        if self.encoded is not None:
            return self.encoded.objects(entity, row)
        domain = self.ruleset.entity[entity].domain
        if domain is not None:
            return dict(enumerate(domain))
        presence = self.columns[entity][row]
        return {int(slot): int(slot) + 1 for slot in np.flatnonzero(presence)}


def _arrow_type(item: ir.Derived) -> pa.DataType:
    match item.type:
        case ir.FloatType():
            kind = pa.float32()
        case ir.IntType():
            kind = pa.int32()
        case ir.DateType():
            kind = pa.date32()
        case ir.BoolType():
            kind = pa.bool_()
        case _:
            kind = pa.string()
    return pa.map_(pa.string(), kind) if item.parameters else kind


def _label(key: Any) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _members(names: Sequence[str], code: int) -> list[str]:
    return [name for bit, name in enumerate(names) if code >> bit & 1]
