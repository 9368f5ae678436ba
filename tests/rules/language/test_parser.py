import re
from pathlib import Path

import pytest

from rules.errors import RuleError
from rules.language import parser, syntax
from rules.language.ir import Span
from rules.language.parser import MAX_DEPTH, parse_document
from rules.language.reserved import RESERVED
from rules.language.source import excerpt

HEAD = "ruleset a version 1\n"
GRAMMAR = Path(parser.__file__).with_name("grammar.lark").read_text()


def expression(text: str) -> syntax.Expression:
    (declaration,) = parse_document(HEAD + "derive x = " + text).declarations
    assert isinstance(declaration, syntax.DeriveDeclaration)
    return declaration.value


def shape(node: syntax.Expression) -> str:
    """The expression with every operator in parentheses."""
    match node:
        case syntax.Number() | syntax.Name():
            return node.text
        case syntax.Binary():
            return f"({shape(node.left)} {node.op} {shape(node.right)})"
        case syntax.Negative():
            return f"(- {shape(node.operand)})"
        case syntax.Negation():
            return f"(not {shape(node.operand)})"
        case syntax.Comparison():
            return f"({shape(node.operands[0])} {node.operators[0]} {shape(node.operands[1])})"
        case syntax.Conjunction():
            return f"({' and '.join(map(shape, node.operands))})"
        case syntax.Disjunction():
            return f"({' or '.join(map(shape, node.operands))})"
        case syntax.IfElse():
            return f"(if {shape(node.condition)} {shape(node.then)} {shape(node.otherwise)})"
        case syntax.Group():
            return shape(node.inner)
    return type(node).__name__


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b mod c", "((a / b) mod c)"),
        ("-a * b", "((- a) * b)"),
        ("a - -1", "(a - (- 1))"),
        ("not a = b and c", "((not (a = b)) and c)"),
        ("not not a", "(not (not a))"),
        ("a or b and c or d", "(a or (b and c) or d)"),
        ("a < b + 1", "(a < (b + 1))"),
        ("if a then b else if c then d else e or f", "(if a b (if c d (e or f)))"),
        ("(a or b) and c", "((a or b) and c)"),
        ("a == b", "(a = b)"),
    ],
)
def test_precedence(text: str, expected: str) -> None:
    assert shape(expression(text)) == expected


def test_spans_cover_the_source() -> None:
    text = (
        HEAD + 'rule r "t"\n  o = yes\n  if (a + 1) * 2 > -b and c in {x, y} or max(p, q) is known'
    )
    (rule,) = parse_document(text).declarations
    assert isinstance(rule, syntax.RuleDeclaration)
    condition = rule.condition
    assert isinstance(condition, syntax.Disjunction)
    first, second = condition.operands
    assert excerpt(text, condition.span).startswith("(a + 1)")
    assert excerpt(text, first.span) == "(a + 1) * 2 > -b and c in {x, y}"
    assert excerpt(text, second.span) == "max(p, q) is known"
    assert excerpt(text, rule.name.span) == "r"
    assert rule.span == Span(line=2, column=1, end_line=4, end_column=60)


def test_newlines_and_indentation_mean_nothing() -> None:
    text = 'ruleset a version 1 input x: float rule r "t" o = y if x > 3 rule s "u" o=y if\nx\n>\n4'
    document = parse_document(text)
    assert [type(node).__name__ for node in document.declarations] == [
        "InputDeclaration",
        "RuleDeclaration",
        "RuleDeclaration",
    ]


@pytest.mark.parametrize(
    "name", ["default", "policy", "version", "fires", "does", "fire", "priority", "owner", "_x"]
)
def test_soft_keywords_may_be_names(name: str) -> None:
    text = HEAD + f'input {name}: bool\nderive y if {name} and not {name}\ntest "t" expect {name}'
    assert len(parse_document(text).declarations) == 3


@pytest.mark.parametrize(
    "name", ["iffy", "input_a", "android", "rules", "inner", "notary", "größe"]
)
def test_names_may_start_like_keywords(name: str) -> None:
    assert (
        len(parse_document(HEAD + f"input {name}: bool derive y if not {name}").declarations) == 2
    )


def test_reserved_words_are_those_of_the_grammar() -> None:
    lookahead = re.search(r"^NAME: /\(\?!\(\?:([a-z|]+)\)", GRAMMAR, re.MULTILINE)
    assert lookahead is not None
    assert set(lookahead[1].split("|")) == RESERVED
    hard = set(re.findall(r"/([a-z]+)\\b/", GRAMMAR.split("_VERSION.2")[0]))
    assert hard | {"entity", "constraint"} == RESERVED


def test_escapes_in_strings() -> None:
    (test,) = parse_document(HEAD + r'test "a \"b\" \\ \n c" expect x').declarations
    assert isinstance(test, syntax.TestDeclaration)
    assert test.title.text == 'a "b" \\ \n c'


@pytest.mark.parametrize(
    "text", ["(" * 300 + "1" + ")" * 300, "not " * 300 + "a", "a" + " + a" * 300]
)
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(RuleError, match=f"nested more than {MAX_DEPTH} levels"):
        expression(text)


def test_long_flat_conditions_are_fine() -> None:
    node = expression(" and ".join(f"a{i} > {i}" for i in range(2000)))
    assert len(syntax.children(node)) == 2000
