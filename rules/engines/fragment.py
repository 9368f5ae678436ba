"""What a rule set needs of an engine: the fragments of the language.

- F0: single rows, element by element.
- F1: objects of bounded entities: joins and aggregates over padded arrays with masks.
- F2: recursion over bounded entities: fixpoints of such arrays.
- F3: objects of an entity without a bound, which only engines on the host can handle.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from rules.language import ir
from rules.language.strata import is_recursive
from rules.language.walk import walk

__all__ = ["F0", "F1", "F2", "F3", "fragments", "why_unbounded"]

F0, F1, F2, F3 = "F0", "F1", "F2", "F3"


def fragments(ruleset: ir.Ruleset) -> dict[str, str]:
    """The fragment of each derived name and rule; what it reads counts too."""
    found = {}
    for name, needs in _needs(ruleset).items():
        if any(ruleset.entity[entity].size is None for entity in needs.entities):
            found[name] = F3
        else:
            found[name] = F2 if needs.recursion else F1 if needs.entities else F0
    return found


def why_unbounded(ruleset: ir.Ruleset) -> dict[str, str]:
    """For each derived name and rule in F3, what would bring it into F1 or F2."""
    found = {}
    for name, needs in _needs(ruleset).items():
        entities = [
            entity.name
            for entity in ruleset.entities
            if entity.name in needs.entities and entity.size is None
        ]
        if entities:
            bounds = " and ".join(f"`entity {entity} max N`" for entity in entities)
            found[name] = (
                f"{name} is about any number of {' and '.join(entities)} objects; declare {bounds} "
                "for engines that work on arrays"
            )
    return found


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Needs:
    """The entities that something is about, and whether it needs a fixpoint."""

    entities: frozenset[str] = frozenset()
    recursion: bool = False


def _needs(ruleset: ir.Ruleset) -> dict[str, _Needs]:
    inputs = {item.name: _Needs(entities=frozenset(item.parameters)) for item in ruleset.inputs}
    found: dict[str, _Needs] = {}
    for group in ruleset.strata:
        known = {**inputs, **found}
        each = [_of(item.clauses, item.parameters, known) for item in group]
        together = _join([*each, _Needs(recursion=is_recursive(group))])
        found.update((item.name, together) for item in group)
    known = {**inputs, **found}
    rules = {rule.name: _of([rule.condition], (), known) for rule in ruleset.ranked}
    return {**found, **rules}


def _of(
    exprs: Iterable[ir.Expr], parameters: Iterable[ir.Binding], known: Mapping[str, _Needs]
) -> _Needs:
    parts = [_Needs(entities=frozenset(item.entity for item in parameters))]
    for node in (node for expr in exprs for node in walk(expr)):
        match node:
            case ir.Quantified(bindings=bindings) | ir.Aggregate(bindings=bindings):
                parts.append(_Needs(entities=frozenset(item.entity for item in bindings)))
            case ir.Ref(name=name) if name in known:
                parts.append(known[name])
    return _join(parts)


def _join(parts: Iterable[_Needs]) -> _Needs:
    parts = list(parts)
    return _Needs(
        entities=frozenset[str]().union(*(part.entities for part in parts)),
        recursion=any(part.recursion for part in parts),
    )
