"""Params as arrays: settings that a compiled function takes as arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from rules.engines.array_numbers import literal, text_codes
from rules.engines.array_ops import Array
from rules.engines.kleene import Truth
from rules.engines.lowered import Code
from rules.language import ir
from rules.language.settings import with_params

__all__ = ["as_inputs", "param_columns"]


def as_inputs(ruleset: ir.Ruleset, names: Iterable[str]) -> ir.Ruleset:
    """The rule set with some params as inputs, which each case brings along."""
    given = frozenset(names)
    inputs = [ir.Input(name=p.name, type=p.type) for p in ruleset.params if p.name in given]
    return dataclasses.replace(ruleset, inputs=(*ruleset.inputs, *inputs)) if inputs else ruleset


def param_columns(ruleset: ir.Ruleset, params: Mapping[str, Any]) -> dict[str, Array]:
    """The columns of the params that are set.

    Args:
        ruleset: where they are declared.
        params: by name, Python values of their types, or arrays as an input of this type has
            them; these are not looked into.

    Raises:
        ValueError: there is no such param, a Python value is out of its bounds, or a text is
            one that the rule set does not know.
        TypeError: a Python value of another kind.
    """
    declared = {item.name: item.value for item in ruleset.params}
    arrays = {name: value for name, value in params.items() if hasattr(value, "dtype")}
    plain = with_params(
        ruleset, {n: declared.get(n, 0) if n in arrays else v for n, v in params.items()}
    )
    codes = text_codes(plain)
    if codes != text_codes(ruleset):
        raise ValueError(
            f"rule set {ruleset.name}: a param has a text that columns have no code for; compile "
            "rules.language.settings.with_params(ruleset, {...}) instead"
        )
    return {
        item.name: arrays[item.name]
        if item.name in arrays
        else _scalar(literal(item.value, item.type, codes))
        for item in plain.params
        if item.name in params
    }


def _scalar(lowered: Any) -> np.generic:
    match lowered:
        case Truth(true=value) | Code(value=value):
            return value
        case _:
            return lowered
