"""From columns back to a case."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.encoding.texts import texts
from rules.encoding.values import decode_value
from rules.language import ir

__all__ = ["decode_case"]


def decode_case(
    ruleset: ir.Ruleset,
    columns: Mapping[str, npt.NDArray[Any]],
    row: int,
    *,
    texts_by_code: Sequence[str] | None = None,
) -> dict[str, Any]:
    """One case of encoded columns `[B, ...]` as a dictionary; None is missing.

    The objects of an open entity are numbered by slot, from 1; relations map from them, or from
    tuples of them. `Encoded.case` keeps the names of objects where the encoder had them.

    Args:
        ruleset: whose inputs the columns are.
        columns: by name.
        row: the case, from 0.
        texts_by_code: by default `rules.encoding.texts`; other texts are shown by number.
    """
    known = texts(ruleset) if texts_by_code is None else texts_by_code
    case: dict[str, Any] = {}
    objects: dict[str, list[tuple[int, int | str]]] = {}
    for entity in ruleset.entities:
        if entity.domain is not None:
            objects[entity.name] = list(enumerate(entity.domain))
            continue
        presence = columns[entity.name][row].astype(np.int8).tolist()
        objects[entity.name] = [(slot, slot + 1) for slot, there in enumerate(presence) if there]
        case[entity.name] = {
            label: True if presence[slot] > 0 else None for slot, label in objects[entity.name]
        }
    for item in ruleset.inputs:
        column = columns[item.name][row]
        if not item.parameters:
            case[item.name] = decode_value(item.type, column, known)
            continue
        found = {}
        for about in itertools.product(*(objects[name] for name in item.parameters)):
            labels = tuple(label for _, label in about)
            value = decode_value(item.type, column[tuple(slot for slot, _ in about)], known)
            found[labels if len(labels) > 1 else labels[0]] = value
        case[item.name] = found
    return case
