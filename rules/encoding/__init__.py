"""Cases as arrays: how each value, object and text is encoded."""

from rules.encoding.columns import arrow_array, encode_column
from rules.encoding.texts import texts
from rules.encoding.values import decode_value, encode_values, missing_column, missing_value

__all__ = [
    "arrow_array",
    "decode_value",
    "encode_column",
    "encode_values",
    "missing_column",
    "missing_value",
    "texts",
]
