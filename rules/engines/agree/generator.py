"""Random rule sets over the whole language."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from random import Random

from rules.engines.agree import members, numbers, truths
from rules.engines.agree.scope import MAX_TUPLES, Scope
from rules.engines.agree.vocabulary import (
    COLOUR,
    DATE,
    FLOAT,
    INT,
    Symbol,
    Vocabulary,
    draw_vocabulary,
)
from rules.language import ir

__all__ = ["generate"]

OUTCOMES = ("reject", "refer", "approve")
UNBOUNDED = 0.06  # of the rule sets have an entity without a bound: for engines on the host
ROWS = 0.15  # have no entities
RELATIONAL = 0.25  # calculate nothing: for oracles that cannot
# What is derived; a group is one of recursive truths.
KINDS = ("float", "float", "int", "int", "truth", "truth", "list", "date", "group", "group")


def generate(seed: int) -> ir.Ruleset:
    """A checked rule set: small, and dense in what engines could get wrong.

    Any construct of the language may occur; no int expression can overflow, recursion is
    positive. The same seed, an int from 0, gives the same rule set.
    """
    random = Random(f"rule set {seed}")
    kind = random.random()
    dense = kind < 1 - ROWS
    calculates = random.random() >= (RELATIONAL if dense else 0.5)
    vocabulary = draw_vocabulary(random, unbounded=kind < UNBOUNDED, dense=dense)
    scope = Scope(
        random=random,
        symbols=vocabulary.symbols,
        entities=vocabulary.entities,
        calculates=calculates,
    )
    derived, scope = _derive(scope)
    decision = _decision(random, vocabulary)
    return ir.Ruleset(
        name=f"random_{seed}",
        version=1,
        entities=vocabulary.entities,
        params=vocabulary.params,
        inputs=vocabulary.inputs,
        derived=derived,
        decision=decision,
        rules=tuple(_rule(scope, decision, number) for number in range(random.randint(1, 5))),
        constraints=tuple(
            _constraint(scope, decision, number) for number in range(random.choice((0, 0, 1, 1, 2)))
        ),
    )


# ------------------------------------------------------------------- what is derived


def _derive(scope: Scope) -> tuple[tuple[ir.Derived, ...], Scope]:
    """Derived values, and the scope of what may read them."""
    derived: list[ir.Derived] = []
    while len(derived) < scope.random.randint(1, 5):
        added, bounds = _draw(scope, len(derived))
        derived += added
        symbols = [dataclasses.replace(_symbol(item), bounds=bounds) for item in added]
        scope = dataclasses.replace(scope, symbols=(*scope.symbols, *symbols))
    return tuple(derived), scope


def _draw(scope: Scope, number: int) -> tuple[list[ir.Derived], tuple[int, int]]:
    """The next derived value or recursive group, and the bounds of an int."""
    name = f"d{number}"
    kind = scope.random.choice(KINDS)
    if kind == "group" and not scope.entities and scope.random.random() < 0.8:
        kind = "truth"  # there is little to recur on
    match kind:
        case "group":
            return _recursive(scope, number), (0, 0)
        case "truth":
            return [_truth(scope, name)], (0, 0)
        case "int":
            item, bounds = _whole(scope, name)
            return [item], bounds
        case _:
            return [_value(scope, name, kind)], (0, 0)


def _symbol(item: ir.Derived) -> Symbol:
    parameters = tuple(binding.entity for binding in item.parameters)
    return Symbol(name=item.name, type=item.type, parameters=parameters)


def _parameters(scope: Scope) -> tuple[ir.Binding, ...]:
    if not scope.entities:
        return ()
    count = scope.random.choice((0, 0, 1, 1, 1, 2, 2, 3))
    bindings = scope.choose(count)
    return bindings if scope.tuples(bindings) <= 16 else bindings[:1]


def _value(scope: Scope, name: str, kind: str) -> ir.Derived:
    parameters = _parameters(scope)
    inner = scope.within(parameters)
    expr: ir.Expr
    type_: ir.Type
    match kind:
        case "list":
            type_ = COLOUR
            expr = members.member_of(inner, COLOUR, 2)
        case "date":
            type_ = DATE
            expr = inner.first_of(
                [lambda: members.day(inner, 2, shown=True), lambda: members.day(inner, 0)]
            )
        case _:
            expr, type_ = numbers.derived_real(inner), FLOAT
    return ir.Derived(name=name, type=type_, clauses=(expr,), parameters=parameters)


def _whole(scope: Scope, name: str) -> tuple[ir.Derived, tuple[int, int]]:
    """An int and the values that it can take."""
    parameters = _parameters(scope)
    whole = numbers.derived_whole(scope.within(parameters))
    item = ir.Derived(name=name, type=INT, clauses=(whole.expr,), parameters=parameters)
    return item, (whole.low, whole.high)


def _truth(scope: Scope, name: str) -> ir.Derived:
    parameters = _parameters(scope)
    inner = scope.within(parameters)
    clauses = tuple(truths.truth(inner, 2) for _ in range(scope.random.choice((1, 1, 2, 3))))
    return ir.Derived(name=name, type=ir.BOOL, clauses=clauses, parameters=parameters)


def _recursive(scope: Scope, first: int) -> list[ir.Derived]:
    """A group of one or two truths that read themselves or each other."""
    random = scope.random
    names = [f"d{first + offset}" for offset in range(random.choice((1, 1, 2)))]
    heads = [_parameters(scope) for _ in names]
    if random.random() < 0.5:
        heads = [heads[0] for _ in names]
    group = tuple(
        Symbol(name=name, type=ir.BOOL, parameters=tuple(item.entity for item in head))
        for name, head in zip(names, heads, strict=True)
    )
    made = []
    for index, (name, head) in enumerate(zip(names, heads, strict=True)):
        # In a group of two each reads the other, else they would be two groups.
        inner = scope.within(head)
        base = truths.truth(inner, 1)
        other = dataclasses.replace(inner, positive=(group[(index + 1) % len(group)],))
        steps = [_step(other)]
        if random.random() < 0.4:
            steps.append(_step(dataclasses.replace(inner, positive=group)))
        clauses = [base, *steps] if random.random() < 0.9 else steps
        random.shuffle(clauses)
        made.append(ir.Derived(name=name, type=ir.BOOL, clauses=tuple(clauses), parameters=head))
    return made


def _step(scope: Scope) -> ir.Expr:
    """A clause that reads the recursive group: often a step along a relation."""
    along = _along(scope) if scope.random.random() < 0.6 else None
    return along or truths.monotone(scope, 2)


def _along(scope: Scope) -> ir.Expr | None:
    """`some y: link(x, y) and reached(y)`, for a relation that leads from what is bound."""
    links = [
        symbol
        for symbol in scope.symbols
        if len(symbol.parameters) == 2
        and isinstance(symbol.type, ir.BoolType)
        and any(item.entity in symbol.parameters for item in scope.variables)
    ]
    if not links or len(scope.variables) >= 3:
        return None
    link = scope.random.choice(links)
    here = next(item for item in scope.variables if item.entity in link.parameters)
    place = link.parameters.index(here.entity)
    there = link.parameters[1 - place]
    bindings = scope.bind([there])
    inner = scope.within(bindings)
    if inner.tuples(inner.variables) > MAX_TUPLES:
        return None
    ends: list[ir.Variable | ir.Const] = [here, inner.variables[-1]]
    step = ir.Ref(
        name=link.name, type=link.type, arguments=tuple(ends if place == 0 else ends[::-1])
    )
    body = truths.flat(ir.And, [step, truths.recursive(inner)])
    return ir.Quantified(kind="some", bindings=bindings, body=body)


# ------------------------------------------------------------------- what is decided


def _decision(random: Random, vocabulary: Vocabulary) -> ir.Decision:
    policy = random.choice(ir.POLICIES)
    defaults = (*OUTCOMES, None) if policy == "collect" else OUTCOMES
    dates = [item.name for item in vocabulary.inputs if item.type == DATE and not item.parameters]
    return ir.Decision(
        name="outcome",
        outcomes=OUTCOMES,
        policy=policy,
        default=random.choice(defaults),
        unknown=random.choice(OUTCOMES),
        dated=random.choice(dates) if dates and random.random() < 0.5 else None,
    )


def _rule(scope: Scope, decision: ir.Decision, number: int) -> ir.Rule:
    random = scope.random
    since = until = None
    if decision.dated is not None or random.random() < 0.04:
        first, last = sorted(random.sample((19_999, 20_000, 20_001, 20_030, ir.DAY_MAX), 2))
        since = first if random.random() < 0.5 else None
        until = last if random.random() < 0.4 else None
    return ir.Rule(
        name=f"r{number}",
        title=f"rule {number}",
        outcome=random.choice(OUTCOMES),
        condition=truths.truth(scope, random.choice((1, 2, 3))),
        because=("x is ", ir.Field(name="x", spec=".1f")),
        priority=random.choice((0, 0, 1, 1, 100, -1)) if decision.policy == "priority" else 0,
        owner="credit" if random.random() < 0.1 else None,
        tags=("eu", "retail") if random.random() < 0.1 else (),
        since=since,
        until=until,
        weight=0.5 if random.random() < 0.1 else None,
    )


def _constraint(scope: Scope, decision: ir.Decision, number: int) -> ir.Constraint:
    random = scope.random
    return ir.Constraint(
        title=f"constraint {number}",
        condition=truths.truth(scope, random.choice((0, 1, 2))),
        allowed=_allowed(random, decision.outcomes),
        weight=random.choice((None, None, 2.0)),
    )


def _allowed(random: Random, outcomes: Sequence[str]) -> tuple[str, ...]:
    chosen = set(random.sample(outcomes, random.randint(1, len(outcomes) - 1)))
    return tuple(name for name in outcomes if name in chosen)
