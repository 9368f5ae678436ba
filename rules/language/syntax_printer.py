"""Syntax as rule text: for what was never written as such, tables and Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rules.language import syntax
from rules.language.printer import member_text, quoted_text

__all__ = ["declaration_text", "syntax_text"]

_CONDITIONS = (
    syntax.Comparison,
    syntax.Known,
    syntax.Member,
    syntax.Within,
    syntax.Negation,
)
_ATOMS = (
    syntax.Number,
    syntax.Truth,
    syntax.Date,
    syntax.Duration,
    syntax.Name,
    syntax.Text,
    syntax.Group,
    syntax.Apply,
)


def syntax_text(node: syntax.Expression) -> str:
    """An expression as it could stand in a rule file; `format_text` drops parentheses."""
    match node:
        case syntax.Number(text=text) | syntax.Date(text=text) | syntax.Name(text=text):
            return text
        case syntax.Truth(value=value):
            return str(value).lower()
        case syntax.Duration(number=number, unit=unit):
            return f"{number.text} {unit.text}"
        case syntax.Text(text=text):
            return quoted_text(text)
        case syntax.Group(inner=inner):
            return f"({syntax_text(inner)})"
        case syntax.Negative(operand=operand):
            return f"-{_operand(operand)}"
        case syntax.Binary(op=op, left=left, right=right):
            return f"{_operand(left)} {op} {_operand(right)}"
        case syntax.Apply(function=function, arguments=arguments):
            return f"{function.text}({', '.join(map(syntax_text, arguments))})"
        case syntax.IfElse():
            parts = (node.condition, node.then, node.otherwise)
            condition, then, otherwise = map(_branch, parts)
            return f"if {condition} then {then} else {otherwise}"
        case syntax.Comparison(operators=operators, operands=operands):
            first, *rest = map(_operand, operands)
            steps = zip(operators, rest, strict=True)
            return " ".join([first, *(f"{op} {right}" for op, right in steps)])
        case syntax.Member(operand=operand, members=members):
            return f"{_operand(operand)} in {{{', '.join(map(syntax_text, members))}}}"
        case syntax.Within(operand=operand, low=low, high=high):
            return f"{_operand(operand)} in {_operand(low)}..{_operand(high)}"
        case syntax.Known(operand=operand, known=known):
            return f"{_operand(operand)} is {'known' if known else 'unknown'}"
        case syntax.Negation(operand=operand):
            return f"not {_condition(operand)}"
        case syntax.Conjunction(operands=operands):
            return " and ".join(map(_condition, operands))
        case syntax.Disjunction(operands=operands):
            return " or ".join(map(_condition, operands))
        case syntax.Quantified():
            where = "" if node.where is None else f" where {_operand(node.where)}"
            head = f"{node.kind.text} {_parameters(node.bindings)}{where}"
            return f"{head}: {syntax_text(node.body)}"


def _operand(node: syntax.Expression) -> str:
    text = syntax_text(node)
    return text if isinstance(node, _ATOMS) else f"({text})"


def _condition(node: syntax.Expression) -> str:
    return syntax_text(node) if isinstance(node, _CONDITIONS) else _operand(node)


def _branch(node: syntax.Expression) -> str:
    # Chains of else if need no parentheses, and long ones would be nested too deep.
    return _operand(node) if isinstance(node, syntax.Quantified) else syntax_text(node)


def _parameters(items: Sequence[syntax.Parameter]) -> str:
    return ", ".join(
        item.name.text if item.entity is None else f"{item.name.text} in {item.entity.text}"
        for item in items
    )


def declaration_text(
    node: syntax.InputDeclaration
    | syntax.DeriveDeclaration
    | syntax.DecideDeclaration
    | syntax.RuleDeclaration,
) -> str:
    """A declaration as it could stand in a rule file, not laid out yet."""
    match node:
        case syntax.InputDeclaration():
            about = ", ".join(word.text for word in node.parameters)
            head = f"input {node.name.text}{f'({about})' if about else ''}"
            return f"{head}: {_type(node.type)}{_annotations(node.annotations)}"
        case syntax.DeriveDeclaration():
            about = _parameters(node.parameters)
            head = f"derive {node.name.text}{f'({about})' if about else ''}"
            if node.is_clause:
                return f"{head} if {syntax_text(node.value)}"
            type_ = "" if node.type is None else f": {_type(node.type)}"
            return f"{head}{type_} = {syntax_text(node.value)}"
        case syntax.DecideDeclaration():
            clauses = "".join(f"\n{item.keyword} {_word(item.word)}" for item in node.clauses)
            return f"decide {node.name.text} in {_members(node.outcomes)}{clauses}"
        case syntax.RuleDeclaration():
            because = "" if node.because is None else f"\nbecause {quoted_text(node.because.text)}"
            return (
                f"rule {node.name.text} {quoted_text(node.title.text)}"
                f"{_annotations(node.annotations)}\n{node.decision.text} = {_word(node.outcome)}\n"
                f"if {syntax_text(node.condition)}{because}"
            )


def _type(node: syntax.TypeExpression) -> str:
    if isinstance(node, syntax.EnumeratedType):
        return _members(node.members)
    bounds = " and ".join(f"{item.op} {syntax_text(item.value)}" for item in node.bounds)
    return f"{node.name.text} {bounds}".strip()


def _members(words: Iterable[syntax.Word]) -> str:
    return f"{{{', '.join(map(_word, words))}}}"


def _word(word: syntax.Word) -> str:
    return member_text(word.text)


def _annotations(nodes: Sequence[syntax.Annotation]) -> str:
    shown = (
        item.name.text if item.value is None else f"{item.name.text} {syntax_text(item.value)}"
        for item in nodes
    )
    return f" [{', '.join(shown)}]" if nodes else ""
