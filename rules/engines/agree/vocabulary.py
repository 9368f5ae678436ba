"""What random rule sets talk about: entities, params, inputs."""

from __future__ import annotations

import dataclasses
from random import Random

from rules.language import ir
from rules.language.numbers import SMALLEST_NORMAL, round_float32

__all__ = [
    "COLOUR",
    "DATE",
    "DAYS",
    "FLOAT",
    "FLOATS",
    "INT",
    "INTS",
    "STRING",
    "TEXTS",
    "Symbol",
    "Vocabulary",
    "draw_vocabulary",
    "int_bounds",
    "symbol_of",
]

FLOAT, INT, DATE, STRING = ir.FloatType(), ir.IntType(), ir.DateType(), ir.StringType()
COLOUR = ir.EnumType(("red", "green", "blue"))
_EDGES = (SMALLEST_NORMAL, 2 * SMALLEST_NORMAL, 1e-45, 1e30, 3.4028234e38)
FLOATS = tuple(
    round_float32(number) for number in (0, 0.1, 0.4, 1, 3, -7.1, 0.5, 2.5, -1, 16777216, *_EDGES)
)
INTS = (0, 1, -1, 2, 3, 7, 90, 2**24 + 1, ir.INT_MAX, ir.INT_MIN)
DAYS = (0, 20_000, 20_001, 20_030, -1, ir.DAY_MIN, ir.DAY_MAX)
TEXTS = ("AT", "DE", "a b", 'say "no"', "")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Symbol:
    """A name that expressions may read; `bounds` are those of its ints."""

    name: str
    type: ir.Type
    parameters: tuple[str, ...] = ()
    bounds: tuple[int, int] = (0, 0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The declarations of a rule set before anything is derived."""

    entities: tuple[ir.Entity, ...]
    params: tuple[ir.Param, ...]
    inputs: tuple[ir.Input, ...]

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The params and inputs as expressions read them."""
        items: tuple[ir.Param | ir.Input, ...] = (*self.params, *self.inputs)
        return tuple(map(symbol_of, items))


def symbol_of(item: ir.Param | ir.Input) -> Symbol:
    """A param or an input as expressions read it."""
    parameters = item.parameters if isinstance(item, ir.Input) else ()
    return Symbol(
        name=item.name, type=item.type, parameters=parameters, bounds=int_bounds(item.type)
    )


def int_bounds(type_: ir.Type) -> tuple[int, int]:
    """The bounds of an int type; nothing that matters for other types."""
    return (type_.low, type_.high) if isinstance(type_, ir.IntType) else (0, 0)


def draw_vocabulary(random: Random, *, unbounded: bool = False, dense: bool = True) -> Vocabulary:
    """Draws declarations of every kind, few of each.

    Args:
        random: where the choices come from.
        unbounded: whether the open entities have no `max`.
        dense: whether there are entities at all; else the rules are about single rows.
    """
    entities = _entities(random, unbounded) if dense else ()
    inputs = [*_scalars(random, entities), *_relations(random, entities)]
    return Vocabulary(entities=entities, params=_params(random), inputs=tuple(inputs))


def _entities(random: Random, unbounded: bool) -> tuple[ir.Entity, ...]:
    low = random.choice((0, 1, -2))
    sides = ("left", "right", "middle")[: random.randint(1, 3)]
    made = [
        _open("Person", None if unbounded else random.choice((1, 2, 3, 4, 4))),
        _open("Thing", None if unbounded else random.randint(1, 3)),
        ir.Entity(name="Month", type=ir.IntType(low, low + random.choice((0, 1, 2, 3, 3)))),
        ir.Entity(name="Side", type=ir.EnumType(sides)),
    ]
    first, *others = made if unbounded else random.sample(made, len(made))
    return (first, *random.sample(others, random.randint(1, 2)))


def _open(name: str, maximum: int | None) -> ir.Entity:
    return ir.Entity(name=name, type=ir.ObjectType(name), maximum=maximum)


def _params(random: Random) -> tuple[ir.Param, ...]:
    made = (
        ir.Param(name="cutoff", type=ir.PROB, value=random.choice(FLOATS[:4])),
        ir.Param(name="scale", type=_float_type(random, bounded=False), value=_plain(random)),
        ir.Param(name="quota", type=ir.IntType(0, 5), value=random.randint(0, 5)),
        ir.Param(name="strict", type=ir.BOOL, value=random.random() < 0.5),
        ir.Param(name="hue", type=COLOUR, value=random.choice(COLOUR.members)),
        ir.Param(name="cutover", type=DATE, value=random.choice(DAYS)),
    )
    return tuple(random.sample(made, random.randint(0, 2)))


def _scalars(random: Random, entities: tuple[ir.Entity, ...]) -> list[ir.Input]:
    made: list[tuple[str, ir.Type]] = [
        ("x", _float_type(random)),
        ("y", FLOAT),
        ("n", _int_type(random)),
        ("b", ir.BOOL),
    ]
    more: list[tuple[str, ir.Type]] = [
        ("p", ir.PROB),
        ("m", _int_type(random)),
        ("c", ir.BOOL),
        ("e", COLOUR),
        ("f", COLOUR),
        ("signed", DATE),
        ("due", DATE),
        ("country", STRING),
        ("home", STRING),
    ]
    fixed = [entity for entity in entities if entity.domain is not None]
    more += [(f"{entity.name.lower()}_of_case", entity.type) for entity in fixed]
    made += random.sample(more, random.randint(3, 6))
    return [_annotated(random, name, type_) for name, type_ in made]


def _annotated(random: Random, name: str, type_: ir.Type) -> ir.Input:
    actionable = random.random() < 0.1
    weight = random.choice((1.0, 2.0, 0.5)) if actionable else 1.0
    return ir.Input(name=name, type=type_, actionable=actionable, weight=weight)


def _relations(random: Random, entities: tuple[ir.Entity, ...]) -> list[ir.Input]:
    made: list[ir.Input] = []
    for entity in entities:
        made += [
            ir.Input(name=f"has_{entity.name.lower()}", type=ir.BOOL, parameters=(entity.name,)),
            ir.Input(
                name=f"of_{entity.name.lower()}",
                type=_attribute_type(random) if made else FLOAT,
                parameters=(entity.name,),
            ),
        ]
    for number in range(random.randint(1, 2) if entities else 0):
        first = random.choice(entities).name
        second = first if random.random() < 0.7 else random.choice(entities).name
        made.append(
            ir.Input(
                name=f"link{number}",
                type=ir.BOOL if random.random() < 0.8 else _attribute_type(random),
                parameters=(first, second),
            )
        )
    if entities and random.random() < 0.1:
        count = random.randint(3, ir.MAX_ARITY)
        names = tuple(random.choice(entities).name for _ in range(count))
        made.append(ir.Input(name="wide", type=ir.BOOL, parameters=names))
    return made


def _attribute_type(random: Random) -> ir.Type:
    return random.choice(
        (FLOAT, FLOAT, _float_type(random), ir.IntType(-3, 40), INT, COLOUR, DATE, STRING)
    )


def _float_type(random: Random, *, bounded: bool = True) -> ir.FloatType:
    if not bounded or random.random() < 0.4:
        return FLOAT
    low = random.choice((None, -1.0, 0.0, 0.1, 1.0))
    high = random.choice((None, 1.0, 3.0, 1e30))
    low, high = (None if bound is None else round_float32(bound) for bound in (low, high))
    low_open = low is not None and random.random() < 0.5
    high_open = high is not None and random.random() < 0.5
    if low is not None and high is not None and low >= high:
        return ir.FloatType(low, None, low_open)
    return ir.FloatType(low, high, low_open, high_open)


def _int_type(random: Random) -> ir.IntType:
    return random.choice((INT, ir.IntType(0, 5), ir.IntType(-3, 3), ir.IntType(-40, 90)))


def _plain(random: Random) -> float:
    return round_float32(random.randint(-8, 24) / 4)
