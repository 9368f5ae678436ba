"""Random cases for a rule set: thresholds and what lies beside them, edges, missing values."""

from __future__ import annotations

import dataclasses
import datetime
import math
import struct
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from rules.engines.agree.vocabulary import DAYS, FLOATS, INTS, TEXTS
from rules.engines.values import FLOAT_MAX, INT_MISSING, TINY, admit
from rules.language import ir
from rules.language.settings import EPOCH
from rules.language.walk import walk

__all__ = ["Pools", "beside", "calendar_day", "cases", "expressions", "pools"]

_OBJECTS = ("anna", "bob", "cleo", "dan")
_SPECIAL = (math.nan, math.inf, -math.inf, 1e-40, -1e-40, 3e38, -3e38, 1e39, -0.0, FLOAT_MAX, TINY)
_ROUGH = (1.0, -1.0, 3.0, 1e8, -1e8)
_SMALL = (TINY, 2 * TINY, 2.0**-100, 2.0**-64, 2.0**-63, 1e-20)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pools:
    """The values that a rule set compares with, by type, and those beside them."""

    floats: tuple[float, ...]
    ints: tuple[int, ...]
    dates: tuple[int, ...]


def expressions(ruleset: ir.Ruleset) -> Iterator[ir.Expr]:
    """Every expression of a rule set, with all parts."""
    for item in ruleset.derived:
        for clause in item.clauses:
            yield from walk(clause)
    for rule in ruleset.ranked:
        yield from walk(rule.condition)
    for constraint in ruleset.constraints:
        yield from walk(constraint.condition)


def pools(ruleset: ir.Ruleset) -> Pools:
    """The constants, params and bounds of a rule set."""
    floats, ints, dates = set[float](), {0, 1, 2}, set[int]()
    constants: list[ir.Const | ir.Param] = [*ruleset.params]
    constants += [item for item in expressions(ruleset) if isinstance(item, ir.Const)]
    for item in constants:
        match item.type, item.value:
            case ir.FloatType(), float(number):
                floats.add(number)
            case ir.IntType(), int(number):
                ints.add(number)
            case ir.DateType(), int(number):
                dates.add(number)
    for given in ruleset.inputs:
        match given.type:
            case ir.FloatType(low=low, high=high):
                floats.update(bound for bound in (low, high) if bound is not None)
            case ir.IntType(low=least, high=most):
                ints.update((least, most))
    return Pools(floats=tuple(sorted(floats)), ints=tuple(sorted(ints)), dates=tuple(sorted(dates)))


def cases(ruleset: ir.Ruleset, seed: int, count: int) -> list[dict[str, Any]]:
    """Draws cases, as `rules.decide` takes them.

    Values are exactly at the thresholds of the rule set, one ulp beside them, plain, denormal,
    huge, not finite; missing are single values, tuples, whole relations, and who is present.

    Args:
        ruleset: a checked rule set.
        seed: the same seed gives the same cases.
        count: how many.
    """
    random = Random(f"cases {seed}")
    found = pools(ruleset)
    return [_Case(random, ruleset, found).draw() for _ in range(count)]


class _Case:
    """One case in the making: how complete it is, and who is there."""

    def __init__(self, random: Random, ruleset: ir.Ruleset, found: Pools) -> None:
        self.random = random
        self.ruleset = ruleset
        self.found = found
        self.missing = random.choice((0.0, 0.0, 0.0, 0.05, 0.2, 0.6))
        self.style = random.choice(("plain", "plain", "rough", "rough", "tiny", "edge"))
        self.exact = 0.05 if self.style == "rough" else random.choice((0.2, 0.2, 0.7))
        self.objects = {item.name: self.who(item) for item in ruleset.entities}

    def who(self, entity: ir.Entity) -> tuple[int | str, ...]:
        if entity.domain is not None:
            return entity.domain
        most = min(entity.maximum or 4, 4)
        count = most if self.random.random() < 0.4 else self.random.randint(0, most)
        if self.random.random() < 0.3:  # by position
            return tuple(range(1, count + 1))
        return tuple(self.random.sample(_OBJECTS, count))

    def draw(self) -> dict[str, Any]:
        case: dict[str, Any] = {}
        for entity in self.ruleset.entities:
            if entity.domain is None and self.random.random() < 0.7:
                case[entity.name] = self.presence(entity)
        for item in self.ruleset.inputs:
            if self.random.random() < self.missing:
                if self.random.random() < 0.5:
                    case[item.name] = None
            elif item.parameters:
                case[item.name] = self.relation(item)
            else:
                case[item.name] = self.value(item.type)
        return case

    def presence(self, entity: ir.Entity) -> Any:
        objects = self.objects[entity.name]
        if self.random.random() < self.missing / 4:
            return None
        if self.random.random() < 0.6:
            return list(objects)
        unknown = max(self.missing, 0.1)
        return {item: None if self.random.random() < unknown else True for item in objects}

    # ------------------------------------------------------------------- relations

    def relation(self, item: ir.Input) -> Any:
        rows = list(self.tuples([self.objects[name] for name in item.parameters]))
        if isinstance(item.type, ir.BoolType):
            return self.truths(item, rows)
        if len(item.parameters) == 1 and self.by_position(item) and self.random.random() < 0.5:
            return [self.maybe(item.type) for _ in rows]
        told = 0.85 if self.missing or self.random.random() < 0.3 else 1.0
        kept = [row for row in rows if self.random.random() < told]
        if len(item.parameters) > 1 and self.random.random() < 0.4:
            return [[*row, self.maybe(item.type)] for row in kept]
        return {_key(row): self.maybe(item.type) for row in kept}

    def truths(self, item: ir.Input, rows: list[tuple[int | str, ...]]) -> Any:
        share = self.random.choice((0.2, 0.5, 0.8))
        if self.random.random() < 0.4 and self.missing < 0.5:
            held = [row for row in rows if self.random.random() < share]
            return [row[0] if len(row) == 1 else list(row) for row in held]
        values = [self.maybe(ir.BOOL) for _ in rows]
        if len(item.parameters) == 1 and self.by_position(item) and self.random.random() < 0.5:
            return values
        return {
            _key(row): value
            for row, value in zip(rows, values, strict=True)
            if self.random.random() < 0.85
        }

    def by_position(self, item: ir.Input) -> bool:
        """Whether the objects of a unary relation may be told by position."""
        entity = self.ruleset.entity[item.parameters[0]]
        objects = self.objects[entity.name]
        return entity.domain is not None or objects == tuple(range(1, len(objects) + 1))

    def tuples(self, domains: Sequence[Sequence[int | str]]) -> Iterator[tuple[int | str, ...]]:
        if not domains:
            yield ()
            return
        for first in domains[0]:
            for rest in self.tuples(domains[1:]):
                yield (first, *rest)

    # ---------------------------------------------------------------------- values

    def maybe(self, type_: ir.Type) -> Any:
        return None if self.random.random() < self.missing else self.value(type_)

    def value(self, type_: ir.Type) -> Any:
        match type_:
            case ir.FloatType():
                return self.within(type_, self.real)
            case ir.IntType():
                return self.within(type_, lambda: self.whole(type_))
            case ir.BoolType():
                return self.random.random() < 0.5
            case ir.EnumType(members=members):
                return self.random.choice(members)
            case ir.DateType():
                return calendar_day(self.day())
            case _:
                return self.random.choice((*TEXTS, "other"))

    def within(self, type_: ir.Type, draw: Callable[[], float]) -> float:
        """A number; most often one that its input admits."""
        number = draw()
        for _ in range(3):
            if admit("", type_, number) is not None or self.random.random() < 0.1:
                break
            number = draw()
        return number

    def real(self) -> float:
        random, kind = self.random, self.random.random()
        if kind < self.exact and self.found.floats:
            return random.choice(self.found.floats)
        if kind < self.exact + 0.1 and self.found.floats:
            return _near(random.choice(self.found.floats), random)
        if kind > 0.95:
            return _from_bits(random.getrandbits(32))
        match self.style:
            case "plain":
                return random.choice((random.randint(-8, 24) / 4, random.randint(0, 9)))
            case "rough":  # sums depend on their order
                return random.choice(_ROUGH) * random.uniform(0.5, 1.0)
            case "tiny":  # products and differences are subnormal
                return random.choice(_SMALL) * random.choice((0.5, 1.0, 1.5, -1.0))
            case _:
                return random.choice((*_SPECIAL, *FLOATS, beside(random.choice(FLOATS), 1)))

    def whole(self, type_: ir.IntType) -> int:
        random, kind = self.random, self.random.random()
        if kind < 0.3:
            return random.choice(self.found.ints)
        if kind < 0.45:
            near = random.choice(self.found.ints) + random.choice((1, -1))
            return min(max(near, INT_MISSING), ir.INT_MAX)
        if self.style == "plain" or kind < 0.85:
            return random.randint(max(-4, type_.low), max(min(8, type_.high), type_.low))
        return random.choice((type_.low, type_.high, *INTS))

    def day(self) -> int:
        random, kind = self.random, self.random.random()
        if kind < 0.6 and self.found.dates:
            near = random.choice(self.found.dates) + random.choice((0, 0, 1, -1, 30))
            return min(max(near, ir.DAY_MIN), ir.DAY_MAX)
        return random.choice((*DAYS, random.randint(19_980, 20_040)))


def _key(row: tuple[int | str, ...]) -> Any:
    return row[0] if len(row) == 1 else row


def calendar_day(number: int) -> datetime.date:
    """The date of a day number."""
    return datetime.date.fromordinal(number + EPOCH)


def _near(number: float, random: Random) -> float:
    """One ulp beside, half an ulp, or one ulp of a double: what rounding must tell apart."""
    other = beside(number, random.choice((1, -1)))
    if not math.isfinite(other) or random.random() < 0.5:
        return other
    middle = (number + other) / 2  # exact as a double; float32 rounds it to the even one
    return math.nextafter(middle, random.choice((middle, -math.inf, math.inf)))


def beside(number: float, direction: int) -> float:
    """The next float32 above or below (as a double; not finite beyond the largest)."""
    (bits,) = struct.unpack("<i", struct.pack("<f", number))
    if bits == 0 or number == 0:
        return math.copysign(2.0**-149, direction)
    step = direction if number > 0 else -direction
    return _from_bits((bits + step) & 0xFFFFFFFF)


def _from_bits(bits: int) -> float:
    (number,) = struct.unpack("<f", struct.pack("<I", bits))
    return float(number)
