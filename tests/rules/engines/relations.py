"""Rule sets about several objects, built by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules.engines.world import World
from rules.language import ir

FLOAT = ir.FloatType()
PERSON = ir.Entity(name="Person", type=ir.ObjectType(entity="Person"), maximum=3)
CROWD = ir.Entity(name="Crowd", type=ir.ObjectType(entity="Crowd"))
MONTH = ir.Entity(name="Month", type=ir.IntType(1, 3))
SIDE = ir.Entity(name="Side", type=ir.EnumType(("left", "right")))
ENTITIES = {entity.name: entity for entity in (PERSON, CROWD, MONTH, SIDE)}


def world(**values: object) -> World:
    """A case without objects."""
    return World(objects={}, values=values)  # type: ignore[arg-type]


def var(name: str, entity: str = "Person") -> ir.Variable:
    return ir.Variable(name=name, entity=entity, type=ENTITIES[entity].type)


def about(name: str, *arguments: ir.Variable | ir.Const, type_: ir.Type = ir.BOOL) -> ir.Ref:
    return ir.Ref(name=name, type=type_, arguments=arguments)


def bind(name: str, entity: str = "Person") -> ir.Binding:
    return ir.Binding(name=name, entity=entity)


def some(bindings: Sequence[ir.Binding], body: ir.Expr) -> ir.Quantified:
    return ir.Quantified(kind="some", bindings=tuple(bindings), body=body)


def every(bindings: Sequence[ir.Binding], body: ir.Expr) -> ir.Quantified:
    return ir.Quantified(kind="all", bindings=tuple(bindings), body=body)


def both(*operands: ir.Expr) -> ir.And:
    return ir.And(operands=operands)


def aggregate(
    function: str,
    bindings: Sequence[ir.Binding],
    body: ir.Expr,
    *,
    where: ir.Expr | None = None,
    type_: ir.Type | None = None,
) -> ir.Aggregate:
    return ir.Aggregate(
        function=function,
        bindings=tuple(bindings),
        body=body,
        where=where,
        type=type_ or (ir.IntType() if function == "count" else body.type),
    )


def derived(
    name: str,
    parameters: Sequence[ir.Binding],
    *clauses: ir.Expr,
    type_: ir.Type | None = None,
) -> ir.Derived:
    return ir.Derived(
        name=name, type=type_ or clauses[0].type, clauses=clauses, parameters=tuple(parameters)
    )


def relational(
    inputs: Mapping[str, tuple[ir.Type, tuple[str, ...]]],
    items: Sequence[ir.Derived] = (),
    *,
    rules: Sequence[ir.Rule] = (),
    constraints: Sequence[ir.Constraint] = (),
    params: Sequence[ir.Param] = (),
    decision: ir.Decision | None = None,
    entities: Mapping[str, ir.Entity] = ENTITIES,
) -> ir.Ruleset:
    used = {entity for _, parameters in inputs.values() for entity in parameters}
    used |= {parameter.entity for item in items for parameter in item.parameters}
    return ir.Ruleset(
        name="relational",
        version=1,
        inputs=tuple(
            ir.Input(name=name, type=type_, parameters=parameters)
            for name, (type_, parameters) in inputs.items()
        ),
        derived=tuple(items),
        decision=decision,
        rules=tuple(rules),
        entities=tuple(entities[name] for name in entities if name in used),
        constraints=tuple(constraints),
        params=tuple(params),
    )


# `ancestor(x, z)` of `parent`, as the text `some y: parent(x, y) and ancestor(y, z)` gives it.
PARENT = {"parent": (ir.BOOL, ("Person", "Person"))}
ANCESTOR = derived(
    "ancestor",
    [bind("x"), bind("z")],
    about("parent", var("x"), var("z")),
    some(
        [bind("y")],
        both(about("parent", var("x"), var("y")), about("ancestor", var("y"), var("z"))),
    ),
)
