"""clingo, an answer set solver, as a second opinion on what is derived.

It computes derived facts, aggregates and recursion included, and the conditions of rules and
constraints, in three values (Gebser et al., "Multi-shot ASP solving with clingo", 2019).
Floats are NumPy's float32 behind external functions. It says nothing about margins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rules.engines.agree.comparison import Said
from rules.engines.agree.engines import Case
from rules.engines.agree.oracles.facts import facts, sequences
from rules.engines.agree.oracles.functions import FUNCTIONS
from rules.engines.agree.oracles.lowering import Logic, lower
from rules.engines.agree.oracles.program import (
    Atom,
    Clause,
    Every,
    Let,
    Part,
    Term,
    Test,
    Total,
    Var,
)
from rules.engines.agree.oracles.reading import Found, answer_from
from rules.engines.world import World, admit_case
from rules.language import ir

__all__ = ["answer", "program_text"]

_ORDERS: Mapping[str, str] = MappingProxyType(
    {"<": "is_less", "<=": "is_at_most", ">": "is_greater", ">=": "is_at_least"}
)


def answer(ruleset: ir.Ruleset, cases: Sequence[Case]) -> list[Said]:
    """What clingo says of some cases."""
    import clingo

    worlds = [admit_case(ruleset, case) for case in cases]
    logic = lower(ruleset)
    control = clingo.Control(["--warn=none"])
    control.add("base", [], program_text(ruleset, logic, worlds))
    control.ground([("base", [])], context=_Functions())
    found: Found = {}
    with control.solve(yield_=True) as models:
        (model,) = (list(one.symbols(shown=True)) for one in models)
    for symbol in model:
        values = tuple(map(_plain, symbol.arguments))
        found.setdefault(symbol.name[1:], set()).add(values)
    return [
        answer_from(ruleset, logic, world, number, found) for number, world in enumerate(worlds)
    ]


def program_text(ruleset: ir.Ruleset, logic: Logic, worlds: Sequence[World]) -> str:
    """The logic program and the facts of the cases, in clingo's language."""
    lines = [_clause(clause) for clause in logic.clauses]
    for number, world in enumerate(worlds):
        for atom in (*facts(ruleset, number, world), *sequences(ruleset, number, world)):
            lines.append(f"{_atom(atom)}.")
    shown = [f"{name}/1" for pair in (*logic.conditions, *logic.limits) for name in pair]
    for item in ruleset.derived:
        arity = 1 + len(item.parameters)
        if isinstance(item.type, ir.BoolType):
            shown += [f"t_{item.name}/{arity}", f"p_{item.name}/{arity}"]
        else:
            shown.append(f"v_{item.name}/{arity + 1}")
    return "\n".join([*lines, "#show.", *(f"#show x{name}." for name in shown)])


# ------------------------------------------------------------------------- its language


def _clause(clause: Clause) -> str:
    parts = [_part(part) for part in clause.body]
    # A comma would end the conditions of "every", a semicolon does not.
    return f"{_atom(clause.head)} :- {'; '.join(parts)}."


def _part(part: Part) -> str:
    match part:
        case Atom():
            return _atom(part)
        case Test(op=op, left=left, right=int(bound)) if op in _ORDERS:
            # Two bounds in clingo's own words would make it count from one to the other.
            return f"1 = @{_ORDERS[op]}({_term(left)}, {bound})"
        case Test(op=op, left=left, right=right):
            return f"{_term(left)} {op} {_term(right)}"
        case Let(variable=variable, function=function, arguments=arguments):
            return f"{variable.name} = @{function}({', '.join(map(_term, arguments))})"
        case Every(atom=atom, among=among):
            return f"{_atom(atom)} : {', '.join(map(_atom, among))}"
        case Total(variable=variable, function=function, term=term, over=over, among=among):
            names = ",".join(_term(item) for item in (term, *over))
            conditions = ", ".join(map(_atom, among))
            return f"{variable.name} = #{function} {{ {names} : {conditions} }}"


def _atom(atom: Atom) -> str:
    return f"{'not ' * atom.negated}x{atom.name}({','.join(map(_term, atom.terms))})"


def _term(term: Term) -> str:
    if isinstance(term, Var):
        return term.name
    if isinstance(term, int):
        return str(int(term))
    escaped = term.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _plain(symbol: Any) -> int | str:
    import clingo

    return symbol.number if symbol.type == clingo.SymbolType.Number else symbol.string


class _Functions:
    """The external functions, found by name; no value is an empty list."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        import clingo

        function = FUNCTIONS[name]

        def call(*arguments: Any) -> Any:
            value = function(*(item.number for item in arguments))
            return [] if value is None else clingo.Number(value)

        return call
