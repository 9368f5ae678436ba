"""A box as the condition of a rule."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from rules.discovery.box import Box, Members, Range
from rules.language.numbers import shortest_float32
from rules.language.printer import member_text


def condition(box: Box, inputs: dict[str, Sequence[str] | None], complete: Collection[str]) -> str:
    """What holds of the cases in a box, and of no others.

    Args:
        box: of `boxes`.
        inputs: the members of each categorical input, None for a number.
        complete: inputs that another rule demands, so that none of them is missing here.
    """
    clauses = [
        clause
        for name, members in inputs.items()
        for clause in _clauses(name, box.parts[name], members, name in complete)
    ]
    return " and ".join(clauses) or "true"


def _clauses(
    name: str, part: Range | Members, members: Sequence[str] | None, complete: bool
) -> list[str]:
    if isinstance(part, Range):
        if part.low >= part.high:
            return [f"{name} is unknown"]
        said = _bounds(name, part)
    else:
        assert members is not None
        if not part.members:
            return [f"{name} is unknown"]
        said = _membership(name, part, members)
    if complete:
        return said
    if not part.missing:
        return [f"{name} is known", *said]
    if not said:
        return []
    return [f"({name} is unknown or {' and '.join(said)})"]


def _bounds(name: str, part: Range) -> list[str]:
    said = []
    if part.low > -math.inf:
        said.append(f"{name} > {shortest_float32(part.low)}")
    if part.high < math.inf:
        said.append(f"{name} <= {shortest_float32(part.high)}")
    return said


def _membership(name: str, part: Members, members: Sequence[str]) -> list[str]:
    inside = [member_text(m) for m in members if m in part.members]
    outside = [member_text(m) for m in members if m not in part.members]
    if not outside:
        return []
    if len(inside) == 1:
        return [f"{name} = {inside[0]}"]
    if len(outside) == 1:
        return [f"{name} != {outside[0]}"]
    return [f"{name} in {{{', '.join(inside)}}}"]
