"""Numbers: from their spelling to the exact value that every engine uses."""

from __future__ import annotations

import math
import struct

from rules.errors import RuleError
from rules.language.ir import Span

__all__ = ["parse_number", "round_float32", "shortest_float32"]

SMALLEST_NORMAL = 2.0**-126  # of float32; anything nearer to zero counts as zero
MAX_LENGTH = 100


def parse_number(text: str, *, span: Span | None = None) -> int | float:
    """The value of a literal: an int without point, exponent or percent sign, else a float.

    A float is returned in double precision; `round_float32` makes it a value of the
    language. `40%` is exactly what `0.40` is.

    Raises:
        RuleError: the literal has more than 100 characters.
    """
    if len(text) > MAX_LENGTH:
        raise RuleError(f"a number of more than {MAX_LENGTH} characters", span=span)
    digits = text.replace("_", "")
    if digits.endswith("%"):
        return float(digits[:-1] + "e-2")
    return int(digits) if digits.isdigit() else float(digits)


def round_float32(value: int | float, *, span: Span | None = None) -> float:
    """The nearest float32, as a Python float; subnormals and -0.0 become 0.0.

    Raises:
        RuleError: the value is beyond the largest float32, about 3.4e38.
    """
    try:
        rounded: float = struct.unpack("f", struct.pack("f", float(value)))[0]
    except OverflowError:
        rounded = math.inf
    if not math.isfinite(rounded):
        raise RuleError(
            "this number does not fit a float32",
            span=span,
            hint="the largest float32 is about 3.4e38",
        )
    return rounded if abs(rounded) >= SMALLEST_NORMAL else 0.0


def shortest_float32(value: float) -> str:
    """The fewest digits that name this float32: `0.4`, not `0.4000000059604645`.

    Args:
        value: a float32 as a Python float.
    """
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("f", float(text)) == struct.pack("f", value):
            break
    return repr(float(text)).removesuffix(".0")
