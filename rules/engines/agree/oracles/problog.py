"""ProbLog as a second opinion, on programs without numbers to compute (De Raedt et al., 2007).

All probabilities are 0 or 1, so it is a tabled Prolog with negation as failure. Aggregates,
arithmetic and recursion through `all` are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rules.engines.agree.comparison import Excluded, Said
from rules.engines.agree.oracles.facts import facts
from rules.engines.agree.oracles.lowering import Logic, lower
from rules.engines.agree.oracles.program import Atom, Clause, Part, Term, Test, Var, bound_first
from rules.engines.agree.oracles.reading import Found, answer_from, beyond
from rules.engines.world import World, admit_case
from rules.language import ir

__all__ = ["answer", "program_text"]


def answer(ruleset: ir.Ruleset, cases: Sequence[Any]) -> list[Said | Excluded]:
    """What ProbLog says of some cases."""
    from problog import get_evaluatable
    from problog.program import PrologString

    logic = lower(ruleset)
    reason = beyond(logic, frozenset())
    if reason:
        return [Excluded(reason=reason)] * len(cases)
    worlds = [admit_case(ruleset, case) for case in cases]
    program = PrologString(program_text(ruleset, logic, worlds))
    found: Found = {}
    for atom, probability in get_evaluatable().create_from(program).evaluate().items():
        if probability > 0.5:
            found.setdefault(atom.functor[1:], set()).add(tuple(map(_plain, atom.args)))
    return [
        answer_from(ruleset, logic, world, number, found) for number, world in enumerate(worlds)
    ]


def program_text(ruleset: ir.Ruleset, logic: Logic, worlds: Sequence[World]) -> str:
    """The logic program, the facts of the cases, and what is asked, in ProbLog's language."""
    lines = [_clause(clause) for clause in logic.clauses]
    known = {clause.head.name: len(clause.head.terms) for clause in logic.clauses}
    read = {
        part.name: len(part.terms)
        for clause in logic.clauses
        for part in clause.body
        if isinstance(part, Atom)
    }
    # A predicate without clauses is an error in Prolog: each gets one that never holds.
    lines += [
        _clause(Clause(Atom(name, (-1,) * count), (Atom("never", (-1,)),)))
        for name, count in (known | read).items()
    ]
    lines.append("xnever(0).")
    for number, world in enumerate(worlds):
        lines += [f"{_atom(atom)}." for atom in facts(ruleset, number, world)]
    shown = {name: 1 for pair in (*logic.conditions, *logic.limits) for name in pair}
    for item in ruleset.derived:
        boolean = isinstance(item.type, ir.BoolType)
        for part in ("t", "p") if boolean else ("v",):
            shown[f"{part}_{item.name}"] = len(item.parameters) + (1 if boolean else 2)
    lines += [f"query(x{name}({','.join('_' * count)}))." for name, count in shown.items()]
    return "\n".join(lines)


def _clause(clause: Clause) -> str:
    return f"{_atom(clause.head)} :- {', '.join(map(_part, bound_first(clause)))}."


def _part(part: Part) -> str:
    match part:
        case Atom():
            return _atom(part)
        case Test(op=op, left=left, right=right):
            sign = {"!=": "\\=", "<=": "=<"}.get(op, op)
            return f"{_term(left)} {sign} {_term(right)}"
        case _:
            raise TypeError(f"found {part!r}, which ProbLog has not")


def _atom(atom: Atom) -> str:
    text = f"x{atom.name}({','.join(map(_term, atom.terms))})"
    return f"\\+ {text}" if atom.negated else text


def _term(term: Term) -> str:
    if isinstance(term, Var):
        return term.name
    if isinstance(term, int):
        return str(int(term))
    # Texts are written as their bytes: quoting differs between versions.
    return f"s{term.encode().hex()}"


def _plain(term: Any) -> int | str:
    text = str(term)
    return bytes.fromhex(text[1:]).decode() if text.startswith("s") else int(text)
