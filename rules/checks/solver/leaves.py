"""The cases that a question is about: all of them, or those like a given one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence

import z3

from rules.checks.solver.expressions import settled_value
from rules.checks.solver.formulas import TRUE, UNKNOWN, Truth, conj, disj, neg, when
from rules.checks.solver.keys import LARGEST, predecessor
from rules.checks.solver.numbers import Variable
from rules.checks.solver.space import Space
from rules.checks.solver.symbolic_case import BeyondFragment, Leaf, SymbolicCase, Texts
from rules.checks.solver.values import CODE_BITS, Coded, Numeric, SymbolicValue, float_bounds
from rules.engines.world import Object, Objects, World
from rules.language import ir

__all__ = ["MAX_LEAVES", "any_case", "case_like"]

MAX_LEAVES = 2_000

Domains = Mapping[str, Mapping[Object, Truth]]


def any_case(
    inputs: Sequence[ir.Input], entities: Sequence[ir.Entity], own_texts: Collection[str]
) -> SymbolicCase:
    """All cases.

    Args:
        inputs: of the rule sets.
        entities: likewise.
        own_texts: that the rules mention.

    Raises:
        BeyondFragment: there may be any number of objects, or too many.
    """
    space = Space()
    objects = {item.name: _objects(space, item) for item in entities}
    listed = frozenset(item.name for item in entities if item.domain is None)
    return _case(space, inputs, objects, listed, own_texts)


def case_like(
    ruleset: ir.Ruleset, world: World, free: Collection[str], own_texts: Collection[str]
) -> SymbolicCase:
    """The cases that differ from one in some inputs only.

    Args:
        ruleset: a checked rule set.
        world: the case.
        free: the inputs that may differ; the objects are those of the case.
        own_texts: that the rules mention, and the case.

    Raises:
        BeyondFragment: there are too many objects.
    """
    there = {True: TRUE, None: UNKNOWN}
    objects = {
        name: {label: there[state] for label, state in domain.items()}
        for name, domain in world.objects.items()
    }
    listed = frozenset(item.name for item in ruleset.entities if item.domain is None)
    return _case(Space(), ruleset.inputs, objects, listed, own_texts, world, free)


def _case(
    space: Space,
    inputs: Sequence[ir.Input],
    objects: Domains,
    listed: frozenset[str],
    own_texts: Collection[str],
    world: World | None = None,
    free: Collection[str] = (),
) -> SymbolicCase:
    texts = Texts()
    keys = [(item, about) for item in inputs for about in _tuples(item, objects)]
    strings = [*own_texts, *_others(keys, own_texts)]
    leaves = {}
    for item, about in keys:
        if world is None or item.name in free:
            leaves[item.name, about] = _leaf(space, texts, item, about, strings)
        else:
            value = settled_value(texts, item.type, world.read(item.name, about))
            leaves[item.name, about] = Leaf(item=item, objects=about, value=value)
    return SymbolicCase(space=space, texts=texts, objects=objects, listed=listed, leaves=leaves)


def _objects(space: Space, entity: ir.Entity) -> dict[Object, Truth]:
    if entity.domain is not None:
        return dict.fromkeys(entity.domain, TRUE)
    if entity.maximum is None:
        raise BeyondFragment(
            f"a case may have any number of objects of entity {entity.name}; declare "
            f"`entity {entity.name} max N`"
        )
    if entity.maximum > MAX_LEAVES:
        raise BeyondFragment(f"a case may have {entity.maximum:_} objects of {entity.name}")
    found: dict[Object, Truth] = {}
    previous: Truth | None = None
    for number in range(1, entity.maximum + 1):
        label = f"{entity.name.lower()}_{number}"
        truth = Truth(space.boolean(f"{label} is there"), space.boolean(f"{label} may be there"))
        space.axioms.append(when(truth.holds, truth.possible))
        if previous is not None:  # who is absent comes last: this loses no case
            space.axioms.append(when(truth.possible, previous.possible))
        found[label] = previous = truth
    return found


def _tuples(item: ir.Input, objects: Domains) -> Iterable[Objects]:
    domains = [objects[entity] for entity in item.parameters]
    if math.prod(map(len, domains)) > MAX_LEAVES:
        raise BeyondFragment(f"{item.name} is about more than {MAX_LEAVES:_} tuples of objects")
    return itertools.product(*domains)


def _others(keys: Sequence[tuple[ir.Input, Objects]], own: Collection[str]) -> Iterable[str]:
    """Texts that no rule mentions: as many as could be needed to tell all inputs apart."""
    count = sum(isinstance(item.type, ir.StringType) for item, _ in keys)
    names = (f"other {number}" for number in itertools.count(1))
    return itertools.islice((name for name in names if name not in own), count)


def _leaf(
    space: Space, texts: Texts, item: ir.Input, about: Objects, strings: Sequence[str]
) -> Leaf:
    name = f"{item.name}{about or ''}"
    known = space.boolean(f"{name} is known")
    value: SymbolicValue
    match item.type:
        case ir.BoolType():
            held = space.boolean(name)
            value = Truth(conj(known, held), disj(neg(known), held))
        case ir.EnumType(members=members):
            value = Coded(known, _code(space, texts, name, members))
        case ir.StringType():
            value = Coded(known, _code(space, texts, name, strings))
        case ir.FloatType() as type_:
            first, beyond = float_bounds(type_)
            last = LARGEST if beyond is None else predecessor(beyond, is_float=True)
            value = Numeric(known, Variable(space, name, is_float=True, low=first, high=last))
        case ir.IntType(low=low, high=high) | ir.DateType(low=low, high=high):
            value = Numeric(known, Variable(space, name, is_float=False, low=low, high=high))
        case _:
            raise BeyondFragment(f"input {item.name} is of type {item.type}")
    return Leaf(item=item, objects=about, value=value)


def _code(space: Space, texts: Texts, name: str, members: Sequence[str]) -> z3.BitVecRef:
    code = z3.BitVec(space.fresh(name), CODE_BITS)
    space.axioms.append(disj(*(code == texts.code(text) for text in members)))
    return code
