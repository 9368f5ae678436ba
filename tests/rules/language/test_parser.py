import re
from pathlib import Path

import pytest

from rules.errors import RuleError
from rules.language import parser, syntax
from rules.language.ir import AGGREGATES, Span
from rules.language.parser import parse_document
from rules.language.refusals import MAX_DEPTH
from rules.language.reserved import QUANTIFIERS, RESERVED
from rules.language.source import excerpt

HEAD = "ruleset a version 1\n"
GRAMMAR = Path(parser.__file__).with_name("grammar.lark").read_text()


def expression(text: str) -> syntax.Expression:
    (declaration,) = parse_document(HEAD + "derive x = " + text).declarations
    assert isinstance(declaration, syntax.DeriveDeclaration)
    return declaration.value


def entity_of(item: syntax.Parameter) -> str:
    return "" if item.entity is None else f" in {item.entity.text}"


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
        case syntax.Apply():
            return f"{node.function.text}({', '.join(map(shape, node.arguments))})"
        case syntax.Quantified():
            bound = [item.name.text + entity_of(item) for item in node.bindings]
            where = "" if node.where is None else f" where {shape(node.where)}"
            return f"<{node.kind.text} {', '.join(bound)}{where}: {shape(node.body)}>"
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


def test_reserved_words_are_the_hard_keywords_of_the_grammar() -> None:
    assert set(re.findall(r"/([a-z]+)\\b/", GRAMMAR.split("_VERSION.2")[0])) == RESERVED


def test_quantifiers_are_those_of_the_grammar() -> None:
    (listed,) = re.findall(r"^QUANTIFIER.2: /\(\?:([a-z|]+)\)", GRAMMAR, re.MULTILINE)
    assert set(listed.split("|")) == QUANTIFIERS == {"some", "all", *AGGREGATES}


@pytest.mark.parametrize(
    "text",
    [
        "some and all",
        "some > 3 or max",
        "min in 1..3 and mean in {1, 2}",
        "count is known",
        "max(sum, max, days) > 3 days",
        "no or not no",
        "dated = where - where",
        "all",
    ],
)
def test_words_of_quantifiers_may_be_names(text: str) -> None:
    frame = HEAD + 'test "t" expect {}, some fires, all does not fire\nrule r "t" o = a if {}'
    assert len(parse_document(frame.format(text, text)).declarations) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("some g: a(g)", "<some g: a(g)>"),
        ("some g, m in Month: a(g, m)", "<some g, m in Month: a(g, m)>"),
        ("some g: a(g) and b or c", "<some g: ((a(g) and b) or c)>"),
        ("not some g: a(g) and b", "(not <some g: (a(g) and b)>)"),
        ("b and some g: a(g) or c", "(b and <some g: (a(g) or c)>)"),
        ("(some g: a(g)) or c", "(<some g: a(g)> or c)"),
        ("1 + sum g: e(g) * 2 + 3", "(1 + <sum g: ((e(g) * 2) + 3)>)"),
        ("-sum g: e(g) + 1", "(- <sum g: (e(g) + 1)>)"),
        ("x > count g: a(g)", "(x > <count g: a(g)>)"),
        ("sum g where a(g) and b: e(g)", "<sum g where (a(g) and b): e(g)>"),
        ("sum g where some m: a(g, m): e(g)", "<sum g where <some m: a(g, m)>: e(g)>"),
        ("if some g: a(g) then all g: b(g) else c", "(if <some g: a(g)> <all g: b(g)> c)"),
        ("max(sum g: e(g), 3)", "max(<sum g: e(g)>, 3)"),
        ("some  # which\n g: a(g)", "<some g: a(g)>"),
    ],
)
def test_quantifiers(text: str, expected: str) -> None:
    assert shape(expression(text)) == expected


def test_dates_and_durations() -> None:
    node = expression("day - 2026-01-31 <= 30 days + 1 week")
    assert isinstance(node, syntax.Comparison)
    left, right = node.operands
    assert isinstance(left, syntax.Binary) and isinstance(left.right, syntax.Date)
    assert left.right.text == "2026-01-31"
    assert isinstance(right, syntax.Binary) and isinstance(right.right, syntax.Duration)
    assert (right.right.number.text, right.right.unit.text) == ("1", "week")


def test_entities() -> None:
    text = 'entity A max 8 entity B entity C in -1..12 entity D in {left, "to do"}'
    a, b, c, d = parse_document(HEAD + text).declarations
    assert isinstance(a, syntax.EntityDeclaration) and a.maximum is not None
    assert (a.maximum.text, a.bounds, a.members) == ("8", None, None)
    assert isinstance(b, syntax.EntityDeclaration)
    assert (b.maximum, b.bounds, b.members) == (None, None, None)
    assert isinstance(c, syntax.EntityDeclaration) and c.bounds is not None
    assert [type(bound) for bound in c.bounds] == [syntax.Negative, syntax.Number]
    assert isinstance(d, syntax.EntityDeclaration) and d.members is not None
    assert [member.text for member in d.members] == ["left", "to do"]


def test_imports_params_and_inputs() -> None:
    text = """import "a b.rules" param p: prob = 40% param w: int = 30 days
        input e(G, H): float > 0 [actionable, weight 2, since 2026-01-01] input n: int"""
    imported, param, wait, relation, plain = parse_document(HEAD + text).declarations
    assert isinstance(imported, syntax.ImportDeclaration) and imported.path.text == "a b.rules"
    assert isinstance(param, syntax.ParamDeclaration) and isinstance(param.value, syntax.Number)
    assert isinstance(wait, syntax.ParamDeclaration) and isinstance(wait.value, syntax.Duration)
    assert isinstance(relation, syntax.InputDeclaration)
    assert [word.text for word in relation.parameters] == ["G", "H"]
    notes = {note.name.text: type(note.value) for note in relation.annotations}
    assert notes == {"actionable": type(None), "weight": syntax.Number, "since": syntax.Date}
    assert isinstance(plain, syntax.InputDeclaration)
    assert (plain.parameters, plain.annotations) == ((), ())


def test_heads_of_derived_names() -> None:
    text = "derive a(x, y in P) if b derive c(x): float = 1 derive d if a"
    a, c, d = parse_document(HEAD + text).declarations
    assert isinstance(a, syntax.DeriveDeclaration) and a.is_clause
    entities = [(item.name.text, item.entity and item.entity.text) for item in a.parameters]
    assert entities == [("x", None), ("y", "P")]
    assert isinstance(c, syntax.DeriveDeclaration) and not c.is_clause and c.type is not None
    assert [item.name.text for item in c.parameters] == ["x"]
    assert isinstance(d, syntax.DeriveDeclaration) and d.parameters == ()


def test_constraints_and_the_day_of_a_decision() -> None:
    text = """decide o in {a, b} dated day
        constraint "t" [weight 2] if x or y then o != a constraint "u" if x then o in {a, b}"""
    decision, soft, binding = parse_document(HEAD + text).declarations
    assert isinstance(decision, syntax.DecideDeclaration)
    assert [(item.keyword, item.word.text) for item in decision.clauses] == [("dated", "day")]
    assert isinstance(soft, syntax.ConstraintDeclaration) and len(soft.annotations) == 1
    assert isinstance(soft.condition, syntax.Disjunction)
    assert isinstance(soft.consequence, syntax.Comparison)
    assert isinstance(binding, syntax.ConstraintDeclaration)
    assert isinstance(binding.consequence, syntax.Member)


def test_what_a_test_gives() -> None:
    text = """test "t" given e(anna, "two words", 3) = 1, no late, no = 2, d = 2026-01-01,
        l(3) = unknown expect x"""
    (test,) = parse_document(HEAD + text).declarations
    assert isinstance(test, syntax.TestDeclaration)
    relation, absence, scalar, day, unknown = test.given
    assert isinstance(relation, syntax.Assignment)
    kinds = [type(argument) for argument in relation.arguments]
    assert kinds == [syntax.Name, syntax.Text, syntax.Number]
    assert isinstance(absence, syntax.Absence) and absence.name.text == "late"
    assert isinstance(scalar, syntax.Assignment) and scalar.name.text == "no"
    assert isinstance(day, syntax.Assignment) and isinstance(day.value, syntax.Date)
    assert isinstance(unknown, syntax.Assignment) and unknown.value is None


def test_escapes_in_strings() -> None:
    (test,) = parse_document(HEAD + r'test "a \"b\" \\ \n c" expect x').declarations
    assert isinstance(test, syntax.TestDeclaration)
    assert test.title.text == 'a "b" \\ \n c'


@pytest.mark.parametrize(
    "text",
    [
        "(" * 300 + "1" + ")" * 300,
        "not " * 300 + "a",
        "a" + " + a" * 300,
        "".join(f"some g{i}: " for i in range(300)) + "a",
    ],
)
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(RuleError, match=f"nested more than {MAX_DEPTH} levels"):
        expression(text)


def test_long_flat_conditions_are_fine() -> None:
    node = expression(" and ".join(f"a{i} > {i}" for i in range(2000)))
    assert len(syntax.children(node)) == 2000
