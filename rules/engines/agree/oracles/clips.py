"""CLIPS, by clipspy, as a second opinion: forward joins, negation by salience, and priorities.

It has no aggregates and no float32, and it does not go through `all` in a recursion; rule
sets that need these are left out. Derived facts and conditions are computed in three values;
where nothing is unknown and the first rule decides, CLIPS itself picks it by salience.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rules.engines.agree.comparison import Excluded, Said
from rules.engines.agree.oracles.facts import facts
from rules.engines.agree.oracles.lowering import Logic, lower
from rules.engines.agree.oracles.program import Atom, Part, Term, Test, Var, bound_first, strata
from rules.engines.agree.oracles.reading import Found, answer_from, beyond
from rules.engines.world import admit_case
from rules.language import ir

__all__ = ["answer"]

_FIRST = ("first", "priority")


def answer(ruleset: ir.Ruleset, cases: Sequence[Any]) -> list[Said | Excluded]:
    """What CLIPS says of some cases."""
    import clips

    logic = lower(ruleset)
    reason = beyond(logic, frozenset())
    if reason:
        return [Excluded(reason=reason)] * len(cases)
    worlds = [admit_case(ruleset, case) for case in cases]
    environment = clips.Environment()
    for text in _constructs(ruleset, logic):
        environment.build(text)
    for number, world in enumerate(worlds):
        for atom in facts(ruleset, number, world):
            environment.assert_string(_atom(atom))
    environment.run()
    found: Found = {}
    for fact in environment.facts():
        found.setdefault(fact.template.name[1:], set()).add(tuple(map(_plain, fact)))
    said = [
        answer_from(ruleset, logic, world, number, found) for number, world in enumerate(worlds)
    ]
    return [_checked(ruleset, one, number, found) for number, one in enumerate(said)]


def _checked(ruleset: ir.Ruleset, said: Said, number: int, found: Found) -> Said:
    """The answer, unless CLIPS picked another rule than the definition of the policy."""
    assert ruleset.decision is not None and said.truths is not None
    picked = [rank for case, rank in found.get("picked", ()) if case == number]
    if ruleset.decision.policy in _FIRST and None not in said.truths and any(said.truths):
        first = said.truths.index(True)
        if picked != [first]:
            raise AssertionError(f"CLIPS picked {picked}, but the first rule is {first}")
    return said


def _constructs(ruleset: ir.Ruleset, logic: Logic) -> Iterator[str]:
    levels = strata(logic.clauses)
    for number, clause in enumerate(logic.clauses):
        salience = -levels[clause.head.name]
        yield _rule(f"c{number}", salience, map(_part, bound_first(clause)), _atom(clause.head))
    lowest = -max(levels.values(), default=0) - 1
    for rank, (true, _) in enumerate(logic.conditions):
        parts = [_atom(Atom(true, (Var("C"),))), "(not (xpicked ?C ?))"]
        yield _rule(f"r{rank}", lowest - rank, parts, f"(xpicked ?C {rank})")


def _rule(name: str, salience: int, parts: Iterable[str], head: str) -> str:
    return f"(defrule {name} (declare (salience {salience})) {' '.join(parts)} => (assert {head}))"


def _part(part: Part) -> str:
    match part:
        case Atom():
            return _atom(part)
        case Test(op=op, left=left, right=right):
            function = {"=": "eq", "!=": "neq"}.get(op, op)
            return f"(test ({function} {_term(left)} {_term(right)}))"
        case _:
            raise TypeError(f"found {part!r}, which CLIPS has not")


def _atom(atom: Atom) -> str:
    text = f"(x{atom.name} {' '.join(map(_term, atom.terms))})"
    return f"(not {text})" if atom.negated else text


def _term(term: Term) -> str:
    if isinstance(term, Var):
        return "?" if term.name == "_" else f"?{term.name}"
    if isinstance(term, int):
        return str(int(term))
    escaped = term.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _plain(value: Any) -> int | str:
    return value if isinstance(value, int) else str(value)
