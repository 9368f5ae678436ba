"""More information never takes back what was known."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from rules.engines.agree import cases, generate
from rules.engines.decisions import UNKNOWN
from rules.engines.reference import Evaluation, evaluate
from rules.engines.values import Value, admit
from rules.engines.world import World, admit_case
from rules.language import ir
from rules.language.settings import in_force, undated
from rules.language.walk import walk

CANDIDATES: dict[type, tuple[Value, ...]] = {
    ir.FloatType: (0.0, 0.5, 1.0, -3.0, 7.0, 1e30),
    ir.IntType: (0, 1, 2, 5, -3, 90),
    ir.BoolType: (True, False),
    ir.DateType: (0, 19_000, 20_000),
    ir.StringType: ("a", "zz"),
}


def asks_what_is_unknown(ruleset: ir.Ruleset) -> bool:
    conditions = [clause for item in ruleset.derived for clause in item.clauses]
    conditions += [item.condition for item in (*ruleset.rules, *ruleset.constraints)]
    return any(isinstance(node, ir.IsUnknown) for expr in conditions for node in walk(expr))


def program(seed: int) -> ir.Ruleset:
    ruleset = generate(seed)
    return in_force(ruleset, datetime.date(2025, 1, 1)) if undated(ruleset) else ruleset


def explicit(ruleset: ir.Ruleset, world: World) -> dict[str, Any]:
    """A world as a case that says of everything whether it is known."""
    case: dict[str, Any] = {
        item.name: dict(world.objects[item.name]) for item in ruleset.entities if not item.domain
    }
    for item in ruleset.inputs:
        value = world.values[item.name]
        case[item.name] = dict(value) if isinstance(value, Mapping) else value
    return case


def drawn(random: Random, type_: ir.Type) -> Value | None:
    candidates = type_.members if isinstance(type_, ir.EnumType) else CANDIDATES[type(type_)]
    return admit("x", type_, random.choice(candidates))


def learned(random: Random, ruleset: ir.Ruleset, case: dict[str, Any]) -> dict[str, Any]:
    """The same case, knowing some of what was unknown."""
    case = {name: dict(v) if isinstance(v, dict) else v for name, v in case.items()}
    for item in ruleset.inputs:
        if not item.parameters:
            if case[item.name] is None and random.random() < 0.5:
                case[item.name] = drawn(random, item.type)
            continue
        for objects, value in case[item.name].items():
            if value is None and random.random() < 0.5:
                case[item.name][objects] = drawn(random, item.type)
    for entity in ruleset.entities:
        if entity.domain is not None:
            continue
        for label, there in list(case[entity.name].items()):
            if there is None and random.random() < 0.5:
                case[entity.name][label] = True
            elif there is None and random.random() < 0.5:
                del case[entity.name][label]
                for item in ruleset.inputs:
                    if entity.name in item.parameters:
                        case[item.name] = {
                            objects: value
                            for objects, value in case[item.name].items()
                            if (entity.name, label)
                            not in zip(item.parameters, objects, strict=True)
                        }
    return case


def known(evaluation: Evaluation, ruleset: ir.Ruleset) -> dict[object, object]:
    found: dict[object, object] = dict(enumerate(evaluation.truths))
    for item in ruleset.derived:
        value = evaluation.values[item.name]
        for objects, one in (value if isinstance(value, Mapping) else {(): value}).items():
            found[item.name, objects] = one
    return {key: value for key, value in found.items() if value is not None}


@pytest.mark.parametrize("block", range(6))
def test_what_was_known_stays(block: int) -> None:
    random = Random(block)
    compared = 0
    for seed in range(40 * block, 40 * (block + 1)):
        ruleset = program(seed)
        if asks_what_is_unknown(ruleset):
            continue
        for case in cases(ruleset, seed, 3):
            less = explicit(ruleset, admit_case(ruleset, case))
            before = evaluate(ruleset, less)
            more = learned(random, ruleset, less)
            after = evaluate(ruleset, more)
            now = known(after, ruleset)
            for key, value in known(before, ruleset).items():
                if key in now or not isinstance(key, tuple):
                    assert now.get(key) == value, (seed, key, less, more)
                elif all(
                    label in after.world.objects[parameter.entity]
                    for item in ruleset.derived
                    if item.name == key[0]
                    for parameter, label in zip(item.parameters, key[1], strict=True)
                ):
                    raise AssertionError((seed, key, less, more))
                compared += 1
            if before.rule != UNKNOWN:
                assert after.outcome == before.outcome, (seed, less, more)
    assert compared > 100


def test_a_world_told_in_full_is_the_same_world() -> None:
    for seed in range(100):
        ruleset = program(seed)
        for case in cases(ruleset, seed, 2):
            world = admit_case(ruleset, case)
            again = admit_case(ruleset, explicit(ruleset, world))
            assert again.objects == world.objects and again.values == world.values
            assert (
                evaluate(ruleset, case).truths == evaluate(ruleset, explicit(ruleset, world)).truths
            )
