"""Text to syntax tree, by lark's LALR parser."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import lark
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive, v_args

from rules.errors import RuleError
from rules.language import syntax
from rules.language.grammar_cache import grammar_cache
from rules.language.ir import Span
from rules.language.refusals import check_expression
from rules.language.reserved import RESERVED
from rules.language.syntax_errors import explain_syntax_error

__all__ = ["parse_document", "parse_part"]


def parse_document(text: str, *, filename: str = "<rules>") -> syntax.Document:
    """Parses a rule text into its syntax tree.

    Args:
        text: the rule text.
        filename: where it came from, for messages.

    Raises:
        RuleError: the text is not in the language; the message says what was found and
            what was expected at that place.
    """
    try:
        document: syntax.Document = parse_part(text, "start")
        for declaration in document.declarations:
            for expression in _expressions(declaration):
                check_expression(expression, text)
    except RuleError as error:
        raise error.within(filename, text) from None
    return document


def parse_part(text: str, start: str) -> Any:
    """Parses a text that is one thing of the grammar: an `expression`, a `type`, an `input`.

    Raises:
        RuleError: it is not.
    """
    try:
        tree = _lalr().parse(text, start=start)
    except lark.UnexpectedInput as error:
        raise explain_syntax_error(error, text) from None
    return _ToSyntax().transform(tree) if isinstance(tree, lark.Tree) else tree


@functools.cache
def _lalr() -> lark.Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    grammar = grammar.replace("RESERVED", "|".join(sorted(RESERVED)))
    return lark.Lark(
        grammar,
        parser="lalr",
        start=["start", "expression", "type", "input"],
        propagate_positions=True,
        maybe_placeholders=True,
        cache=grammar_cache() or False,
    )


def _expressions(declaration: syntax.Declaration) -> list[syntax.Expression]:
    match declaration:
        case syntax.DeriveDeclaration():
            return [declaration.value]
        case syntax.RuleDeclaration():
            return [declaration.condition]
        case syntax.ConstraintDeclaration():
            return [declaration.condition, declaration.consequence]
        case syntax.TestDeclaration():
            return [e.condition for e in declaration.expectations if isinstance(e, syntax.Holds)]
        case _:
            return []


def _span(place: Meta | lark.Token) -> Span:
    return Span(
        line=place.line or 1,
        column=place.column or 1,
        end_line=place.end_line or 1,
        end_column=place.end_column or 1,
    )


def _unquote(token: lark.Token) -> str:
    escapes = {"n": "\n", "t": "\t"}
    return re.sub(r"\\(.)", lambda match: escapes.get(match[1], match[1]), token[1:-1])


# Method names and arguments follow the rules of grammar.lark; lark passes plain `Any`s.
@v_args(meta=True, inline=True)
class _ToSyntax(Transformer_NonRecursive[lark.Token, Any]):
    def start(self, _meta: Meta, header: Any, *declarations: Any) -> syntax.Document:
        name, version = header
        return syntax.Document(name=name, version=version, declarations=declarations)

    def ruleset(self, _meta: Meta, name: Any, version: lark.Token) -> Any:
        return name, syntax.Number(text=str(version), span=_span(version))

    def word(self, meta: Meta, token: lark.Token) -> syntax.Word:
        return syntax.Word(text=str(token), span=_span(meta))

    def quoted(self, meta: Meta, token: lark.Token) -> syntax.Word:
        return syntax.Word(text=_unquote(token), span=_span(meta), quoted=True)

    # ---------------------------------------------------------------- declarations

    def import_(self, meta: Meta, path: Any) -> syntax.ImportDeclaration:
        return syntax.ImportDeclaration(path=path, span=_span(meta))

    def entity(self, meta: Meta, name: Any, size: Any = None) -> syntax.EntityDeclaration:
        kinds = {"maximum": None, "bounds": None, "members": None, **(size or {})}
        return syntax.EntityDeclaration(name=name, span=_span(meta), **kinds)

    def maximum(self, _meta: Meta, number: Any) -> dict[str, Any]:
        return {"maximum": number}

    def objects(self, _meta: Meta, low: Any, high: Any) -> dict[str, Any]:
        return {"bounds": (low, high)}

    def names(self, _meta: Meta, *members: Any) -> dict[str, Any]:
        return {"members": members}

    def param(
        self, meta: Meta, name: Any, type_: Any, _equal: Any, value: Any
    ) -> syntax.ParamDeclaration:
        return syntax.ParamDeclaration(name=name, type=type_, value=value, span=_span(meta))

    def input(
        self, meta: Meta, name: Any, entities: Any, type_: Any, annotations: Any
    ) -> syntax.InputDeclaration:
        return syntax.InputDeclaration(
            name=name,
            parameters=entities,
            type=type_,
            annotations=annotations,
            span=_span(meta),
        )

    def derive_value(
        self, meta: Meta, name: Any, parameters: Any, type_: Any, _equal: Any, value: Any
    ) -> syntax.DeriveDeclaration:
        return syntax.DeriveDeclaration(
            name=name,
            parameters=parameters,
            type=type_,
            value=value,
            is_clause=False,
            span=_span(meta),
        )

    def derive_truth(
        self, meta: Meta, name: Any, parameters: Any, value: Any
    ) -> syntax.DeriveDeclaration:
        return syntax.DeriveDeclaration(
            name=name,
            parameters=parameters,
            type=None,
            value=value,
            is_clause=True,
            span=_span(meta),
        )

    def parameter(self, meta: Meta, name: Any, entity: Any) -> syntax.Parameter:
        return syntax.Parameter(name=name, entity=entity, span=_span(meta))

    def _listed(self, _meta: Meta, *items: Any) -> tuple[Any, ...]:
        return tuple(item for item in items if item is not None)

    entities = parameters = about = annotations = given = _listed

    def named_type(self, meta: Meta, name: Any, bounds: Any) -> syntax.NamedType:
        return syntax.NamedType(name=name, bounds=bounds or (), span=_span(meta))

    def bounds(self, _meta: Meta, *bounds: Any) -> tuple[syntax.Bound, ...]:
        if isinstance(bounds[0], tuple):  # a range is a pair of bounds already
            pair: tuple[syntax.Bound, ...] = bounds[0]
            return pair
        return tuple(bound for bound in bounds if bound is not None)

    def bound(self, meta: Meta, op: lark.Token, value: Any) -> syntax.Bound:
        return syntax.Bound(op=str(op), value=value, span=_span(meta))

    def range(self, _meta: Meta, low: Any, high: Any) -> tuple[syntax.Bound, ...]:
        return (
            syntax.Bound(op=">=", value=low, span=low.span),
            syntax.Bound(op="<=", value=high, span=high.span),
        )

    def enum_type(self, meta: Meta, *members: Any) -> syntax.EnumeratedType:
        return syntax.EnumeratedType(members=members, span=_span(meta))

    def decide(self, meta: Meta, name: Any, *parts: Any) -> syntax.DecideDeclaration:
        return syntax.DecideDeclaration(
            name=name,
            outcomes=tuple(part for part in parts if isinstance(part, syntax.Word)),
            clauses=tuple(part for part in parts if isinstance(part, syntax.Clause)),
            span=_span(meta),
        )

    def clause(self, meta: Meta, keyword: lark.Token, word: Any) -> syntax.Clause:
        return syntax.Clause(keyword=str(keyword), word=word, span=_span(meta))

    def rule(
        self,
        meta: Meta,
        name: Any,
        title: Any,
        annotations: Any,
        decision: Any,
        _equal: Any,
        outcome: Any,
        condition: Any,
        because: Any,
    ) -> syntax.RuleDeclaration:
        return syntax.RuleDeclaration(
            name=name,
            title=title,
            annotations=annotations,
            decision=decision,
            outcome=outcome,
            condition=condition,
            because=because,
            span=_span(meta),
        )

    def annotation(self, meta: Meta, name: Any, value: Any = None) -> syntax.Annotation:
        return syntax.Annotation(name=name, value=value, span=_span(meta))

    def constraint(
        self, meta: Meta, title: Any, annotations: Any, condition: Any, consequence: Any
    ) -> syntax.ConstraintDeclaration:
        return syntax.ConstraintDeclaration(
            title=title,
            annotations=annotations,
            condition=condition,
            consequence=consequence,
            span=_span(meta),
        )

    def test(self, meta: Meta, title: Any, given: Any, expected: Any) -> syntax.TestDeclaration:
        return syntax.TestDeclaration(
            title=title, given=given, expectations=expected, span=_span(meta)
        )

    def assignment(
        self, meta: Meta, name: Any, about: Any, _equal: Any, value: Any
    ) -> syntax.Assignment:
        return syntax.Assignment(name=name, arguments=about, value=value, span=_span(meta))

    def absence(self, meta: Meta, name: Any) -> syntax.Absence:
        return syntax.Absence(name=name, span=_span(meta))

    def missing(self, _meta: Meta, _unknown: Any) -> None:
        return None

    def expect(self, _meta: Meta, *expectations: Any) -> tuple[Any, ...]:
        return expectations

    def holds(self, meta: Meta, condition: Any) -> syntax.Holds:
        return syntax.Holds(condition=condition, span=_span(meta))

    def fires(self, meta: Meta, rule: Any) -> syntax.Firing:
        return syntax.Firing(rule=rule, fires=True, because=None, span=_span(meta))

    def silent(self, meta: Meta, rule: Any, because: Any) -> syntax.Firing:
        return syntax.Firing(rule=rule, fires=False, because=because, span=_span(meta))

    # ----------------------------------------------------------------- expressions

    def choose(self, meta: Meta, condition: Any, then: Any, otherwise: Any) -> syntax.IfElse:
        return syntax.IfElse(condition=condition, then=then, otherwise=otherwise, span=_span(meta))

    def disjunction(self, meta: Meta, *operands: Any) -> syntax.Disjunction:
        return syntax.Disjunction(operands=operands, span=_span(meta))

    def conjunction(self, meta: Meta, *operands: Any) -> syntax.Conjunction:
        return syntax.Conjunction(operands=operands, span=_span(meta))

    def negation(self, meta: Meta, operand: Any) -> syntax.Negation:
        return syntax.Negation(operand=operand, span=_span(meta))

    def comparison(self, meta: Meta, *parts: Any) -> syntax.Comparison:
        operators = tuple("=" if op == "==" else str(op) for op in parts[1::2])
        return syntax.Comparison(operators=operators, operands=parts[::2], span=_span(meta))

    def member(self, meta: Meta, operand: Any, *members: Any) -> syntax.Member:
        return syntax.Member(operand=operand, members=members, span=_span(meta))

    def within(self, meta: Meta, operand: Any, low: Any, high: Any) -> syntax.Within:
        return syntax.Within(operand=operand, low=low, high=high, span=_span(meta))

    def known(self, meta: Meta, operand: Any, word: lark.Token) -> syntax.Known:
        return syntax.Known(operand=operand, known=word == "known", span=_span(meta))

    def sum(self, _meta: Meta, *parts: Any) -> syntax.Expression:
        return _left_to_right(parts)

    def product(self, _meta: Meta, *parts: Any) -> syntax.Expression:
        return _left_to_right(parts)

    def negative(self, meta: Meta, _minus: Any, operand: Any) -> syntax.Negative:
        return syntax.Negative(operand=operand, span=_span(meta))

    def apply(self, meta: Meta, function: Any, *arguments: Any) -> syntax.Apply:
        return syntax.Apply(function=function, arguments=arguments, span=_span(meta))

    def group(self, meta: Meta, inner: Any) -> syntax.Group:
        return syntax.Group(inner=inner, span=_span(meta))

    def quantified(self, meta: Meta, kind: lark.Token, *parts: Any) -> syntax.Quantified:
        *bindings, where, body = parts
        return syntax.Quantified(
            kind=syntax.Word(text=str(kind), span=_span(kind)),
            bindings=tuple(bindings),
            where=where,
            body=body,
            span=_span(meta),
        )

    def where(self, _meta: Meta, condition: Any) -> syntax.Expression:
        expression: syntax.Expression = condition
        return expression

    def duration(self, meta: Meta, number: Any, unit: Any) -> syntax.Duration:
        return syntax.Duration(number=number, unit=unit, span=_span(meta))

    def unit(self, meta: Meta, token: lark.Token) -> syntax.Word:
        return syntax.Word(text=str(token), span=_span(meta))

    def date(self, meta: Meta, token: lark.Token) -> syntax.Date:
        return syntax.Date(text=str(token), span=_span(meta))

    def number(self, meta: Meta, token: lark.Token) -> syntax.Number:
        return syntax.Number(text=str(token), span=_span(meta))

    def truth(self, meta: Meta, token: lark.Token) -> syntax.Truth:
        return syntax.Truth(value=token == "true", span=_span(meta))

    def name(self, meta: Meta, token: lark.Token) -> syntax.Name:
        return syntax.Name(text=str(token), span=_span(meta))

    def text(self, meta: Meta, token: lark.Token) -> syntax.Text:
        return syntax.Text(text=_unquote(token), span=_span(meta))


def _left_to_right(parts: tuple[Any, ...]) -> syntax.Expression:
    left: syntax.Expression = parts[0]
    for op, right in zip(parts[1::2], parts[2::2], strict=True):
        span = Span(
            line=left.span.line,
            column=left.span.column,
            end_line=right.span.end_line,
            end_column=right.span.end_column,
        )
        left = syntax.Binary(op=str(op), left=left, right=right, span=span)
    return left
