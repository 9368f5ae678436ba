"""Cases from files, tables and dictionaries, as the columns that the engines read."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from rules.cases.decoded import decode_case
from rules.cases.encoded import Encoded, MissingColumns, encode_cases
from rules.cases.files import read_cases
from rules.language import ir

__all__ = ["Encoded", "decode_case", "encode", "encode_cases", "read_cases"]


def encode(
    ruleset: ir.Ruleset, cases: Any, *, missing_columns: MissingColumns = "error"
) -> dict[str, npt.NDArray[Any]]:
    """Encodes cases for the array engines; columns that are no inputs are ignored.

    Args:
        ruleset: a checked rule set.
        cases: a mapping of columns (lists or arrays `[B, ...]`), a list of dictionaries, a
            single dictionary (one case), a `pyarrow.Table`, or a data frame of pandas or
            polars. None, NaN, null and infinities are missing values, and so is what one
            dictionary of several leaves out. Relations and entities have the forms of
            `rules.engines.world`; in tables also lists, maps and structs of Arrow (in which a
            null field is an object not mentioned), JSON texts, and arrays `[B, n, ...]`.
        missing_columns: what to do about an input that no case has: an `error`, since the
            name may be misspelt, or take it as `unknown`, missing in every case.

    Returns:
        By input name, `[B]` and one axis per parameter: float32 with NaN, int32 with -2**31
        (whole numbers, and dates as days since 1970-01-01), int8 with -1 for bools, int32 codes
        with -1 for enums and texts where a value is missing. By entity that each case names
        objects of, int8 `[B, n]`: 1 where there is one, 0 where not, -1 where that is not
        known. Values outside the bounds of their input are missing; a UserWarning counts them.

    Raises:
        ValueError: a column is absent, columns differ in length, a text is no member of its
            enum, a case has more objects than declared, or an entity has no bound.
        TypeError: a value is of another kind than its input; cases of another kind than
            listed.
    """
    return encode_cases(ruleset, cases, missing_columns=missing_columns).columns
