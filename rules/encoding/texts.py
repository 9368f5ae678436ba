"""Texts as codes: engines only ask whether two of them are equal."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.encoding.arrow_values import filled
from rules.language import ir
from rules.language.walk import walk

__all__ = ["TextCodes", "texts"]


def texts(ruleset: ir.Ruleset) -> tuple[str, ...]:
    """The texts that a rule set compares with, its params among them, sorted.

    The position of a text is its code in every column; other texts have codes from
    `len(texts(ruleset))` on, which mean something within one batch only.
    """
    clauses = [clause for item in ruleset.derived for clause in item.clauses]
    conditions = [item.condition for item in ruleset.rules]
    conditions += [item.condition for item in ruleset.constraints]
    constants = [
        node
        for expr in (*clauses, *conditions)
        for node in walk(expr)
        if isinstance(node, ir.Const)
    ]
    values = [(item.type, item.value) for item in constants]
    values += [(item.type, item.value) for item in ruleset.params]
    return tuple(sorted({str(value) for kind, value in values if isinstance(kind, ir.StringType)}))


class TextCodes:
    """The codes of the texts of one batch; texts that are met first get the next code."""

    def __init__(self, known: Iterable[str]) -> None:
        """Args: the texts with the codes 0, 1, ..."""
        self._codes = {text: code for code, text in enumerate(known)}

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts so far, by code."""
        return tuple(self._codes)

    def code(self, text: str) -> int:
        """The code of a text."""
        return self._codes.setdefault(text, len(self._codes))

    def encode(self, array: pa.Array) -> npt.NDArray[np.int32]:
        """int32 `[E]`: the codes of an array of texts, -1 for null."""
        coded = array.dictionary_encode()
        codes = np.array([self.code(text) for text in coded.dictionary.to_pylist()] + [-1])
        return codes[filled(coded.indices, len(codes) - 1)].astype(np.int32)
