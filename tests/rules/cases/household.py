"""A rule set with entities of every kind, and an equal case in every form."""

from __future__ import annotations

import dataclasses

from rules.language import ir
from tests.rules.engines.building import ruleset


def entity(name: str, type_: ir.Type | None = None, maximum: int | None = None) -> ir.Entity:
    return ir.Entity(name=name, type=type_ or ir.ObjectType(name), maximum=maximum)


def relation(name: str, type_: ir.Type, *parameters: str) -> ir.Input:
    return ir.Input(name=name, type=type_, parameters=parameters)


GUARANTOR, PERSON = entity("Guarantor", maximum=3), entity("Person", maximum=4)
MONTH, SIDE = entity("Month", ir.IntType(1, 4)), entity("Side", ir.EnumType(("left", "right")))
FLOAT, COUNTRY = ir.FloatType(low=0.0), ir.StringType()

EARNS = relation("earns", FLOAT, "Guarantor")
ADULT = relation("adult", ir.BOOL, "Guarantor")
LATE = relation("late", ir.BOOL, "Month")
SHADE = relation("shade", ir.EnumType(("dark", "light")), "Side")
PARENT = relation("parent", ir.BOOL, "Person", "Person")
OWES = relation("owes", ir.IntType(0, 9), "Guarantor", "Month")
LIVES = relation("lives", COUNTRY, "Person")
BORN = relation("born", ir.DateType(), "Person")


def about(*inputs: ir.Input, entities: tuple[ir.Entity, ...] | None = None) -> ir.Ruleset:
    """A rule set without rules that reads an income and some relations."""
    return dataclasses.replace(
        ruleset([]),
        inputs=(ir.Input(name="income", type=ir.FloatType()), *inputs),
        entities=(GUARANTOR, PERSON, MONTH, SIDE) if entities is None else entities,
    )
