"""Cases as the record keeps them: JSON that gives back the same values bit for bit.

Single values are numbers, truths and texts; a float is written with the fewest digits that
round to the same float32, a date as `2026-01-31`, a missing value as null. A relation, and
an entity whose objects the case names, is a list of `[objects, value]`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from rules.encoding.values import decode_value
from rules.language import ir
from rules.language.settings import EPOCH

if TYPE_CHECKING:
    from rules.decided import Decided

__all__ = ["case_of", "recorded_cases"]


def recorded_cases(decided: Decided) -> list[dict[str, Any]]:
    """The cases of a batch, as the record keeps them."""
    ruleset = decided.ruleset
    plain = {item.name: _plain(item.type) for item in ruleset.inputs}
    keyed = [item.name for item in ruleset.inputs if item.parameters]
    keyed += [item.name for item in ruleset.entities if item.domain is None]
    if not keyed:
        columns = [[plain[name](value) for value in values] for name, values in _scalars(decided)]
        names = [item.name for item in ruleset.inputs]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    cases = []
    for row in range(len(decided.decisions.rule)):
        case = decided.case(row)
        for name in case.keys() & plain.keys() - set(keyed):
            case[name] = plain[name](case[name])
        for name in case.keys() & set(keyed):
            convert = plain.get(name, _unchanged)
            case[name] = [
                [list(key) if isinstance(key, tuple) else [key], convert(value)]
                for key, value in case[name].items()
            ]
        cases.append(case)
    return cases


def case_of(ruleset: ir.Ruleset, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded case as `rules.decide` and `rules.explain` take it."""
    keyed = {item.name for item in ruleset.inputs if item.parameters}
    keyed |= {item.name for item in ruleset.entities}
    return {
        name: {(key[0] if len(key) == 1 else tuple(key)): value for key, value in told}
        if name in keyed and told is not None
        else told
        for name, told in inputs.items()
    }


def _scalars(decided: Decided) -> list[tuple[str, list[Any]]]:
    texts = decided.encoded.texts if decided.encoded is not None else ()
    return [
        (item.name, [decode_value(item.type, code, texts) for code in decided.columns[item.name]])
        for item in decided.ruleset.inputs
    ]


def _plain(type_: ir.Type) -> Callable[[Any], Any]:
    match type_:
        case ir.FloatType():
            # NumPy writes a float32 with the fewest digits that name it.
            return lambda value: None if value is None else float(str(np.float32(value)))
        case ir.DateType():
            return _iso
        case _:
            return _unchanged


def _unchanged(value: Any) -> Any:
    return value


def _iso(day: int | date | None) -> str | None:
    if day is None:
        return None
    return (date.fromordinal(day + EPOCH) if isinstance(day, int) else day).isoformat()
