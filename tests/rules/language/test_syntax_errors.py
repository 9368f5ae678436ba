import pytest

from rules.errors import RuleError
from rules.language.parser import parse_document

HEAD = "ruleset a version 1\n"

CASES = [
    # what stands in the second line; column; message; part of the hint
    ("derive x if a =< b", 16, "found '<', expected a value", "write <="),
    ("derive x if a => b", 16, "found '>', expected a value", "write >="),
    ("derive x if a and no late", 22, "found late", "write not, or not some g: late(g)"),
    ("derive x = count m where late(m) derive y = 1", 34, "found derive", "write count m: and"),
    ('test "t" given earns(a, b), c = 1 expect d', 27, "found ','", "earns(a, b) = true"),
    ("derive x if a <> b", 16, "found '>', expected a value", "!= for different"),
    ("derive x if a && b", 15, "unexpected '&'", "write and"),
    ("derive x if a || b", 15, "unexpected '|'", "write or"),
    ("derive x if !a", 13, "unexpected '!'", "write not"),
    ("derive x if a AND b", 15, "found AND", "keywords are lower case: write and"),
    ("derive x = a % b", 14, "unexpected '%'", "write mod"),
    ("derive x = a ** 2", 15, "found '*'", "x * x"),
    ("derive x = a // 2", 15, "found '/'", "a comment starts with #"),
    ("derive x = 'a'", 12, 'unexpected "\'"', "double quotes"),
    ("derive x = a ? 1 : 2", 14, "unexpected '?'", "if condition then value else value"),
    ("derive x = 1; derive y = 2", 13, "unexpected ';'", "leave it out"),
    ("derive x = if a else 2", 17, "found else, expected then", "then value else value"),
    ("derive x = if a then 2", 23, "the text ends here, expected else", "then value else"),
    ("derive x = if a then 1 elif b then 2", 24, "found elif", "write else if"),
    ("derive x if a = unknown", 17, "found unknown, expected a value", "write x is unknown"),
    ("derive x if a is not unknown", 18, "expected known or unknown", "write a is known"),
    ("derive x if a is not known", 18, "expected known or unknown", "write a is unknown"),
    ("derive x if a is not b", 18, "expected known or unknown", "write a != b"),
    ("derive x if a is true", 18, "expected known or unknown", "write = true instead of is true"),
    ("derive x if a is knwon", 18, "expected known or unknown", "did you mean known?"),
    ("derive x if a > 30,000", 19, "found ','", "write 30_000"),
    ("derive x if a > 30.000,00", 23, "found ','", "the decimal sign is a point"),
    ('test "t" given a = 30,000 expect b', 23, "found 000", "write 30_000"),
    ("input constraint: int", 7, "constraint is a reserved word", "for example constraint_"),
    ("derive x = .4", 12, "unexpected '.'", "write 0.4 or 4.0"),
    ("derive x = 4.", 13, "unexpected '.'", "write 0.4 or 4.0"),
    ("derive x if k in (a, b)", 20, "expected ')'", "write in {a, b}"),
    ("derive x if k in [a, b]", 18, "found '['", "write in {a, b}"),
    ("input k: {1, 2, 3}", 11, "found 1, expected a name", 'put it in quotes: "1"'),
    ('test "t" expect r not fires', 19, "found not", "write r does not fire"),
    ('test "t" expect not r fires', 23, "found fires", "write r does not fire"),
    ("rule r o = a if x", 8, "found o", "a rule has a title in quotes after its name"),
    ('rule r "t" priority 100 o = a', 21, "found 100", "write [priority 100]"),
    ('test "t" given p = 0.3, expect x', 25, "expect is a reserved word", "leave out the comma"),
    ("input k: {a, b,}", 16, "found '}'", "leave out the comma"),
    ('test "t" expect o is reject', 22, "found reject", "write = reject"),
    ("derive x = a\u200b + 1", 13, "(U+200B ZERO WIDTH SPACE)", None),
    ("derive x if a is 3", 18, "expected known or unknown", "write = 3 instead of is 3"),
    ("derive unknown if a", 8, "unknown is a reserved word", "for example unknown_"),
    ('rule r "t" if a o = x', 12, "if is a reserved word", "say first what is decided"),
    ('rule "t" o = x if a', 6, "expected a name", "without quotes"),
    ("input x: float between 0", 16, "found between", "in 0..1"),
    ("derive x if a not in {b}", 15, "found not", "write not (x in {...})"),
    ("derive x if (a or b", 20, "the text ends here, expected ')'", None),
    ("derive x if a b", 15, "found b, expected an operator or a declaration", None),
    ("derive x: float 3", 17, "expected '=', a bound (< <= > >=) or in", None),
    ("input x float", 9, "found float, expected '(' or ':'", None),
    ("input x: {a b}", 13, "found b, expected ',' or '}'", None),
    ("input rule: float", 7, "rule is a reserved word, expected a name", "for example rule_"),
    ("inptu x: float", 1, "expected a declaration (import, entity,", "did you mean input?"),
    ("rule risky foo", 12, "expected a text in quotes", 'put it in quotes: "foo"'),
    ('rule risky "foo', 12, "this text has no closing quote", "on the same line"),
    ('rule r "x" o = a because "x"', 18, "found because, expected if", None),
    ("decide o in {a} policy any defualt a", 28, "found defualt", "did you mean default?"),
    ("decide o in {a} default rule", 25, "rule is a reserved word", 'put it in quotes: "rule"'),
    ('rule r "t" o = a if x becuase "x"', 23, "found becuase", "did you mean because?"),
    ('test "t" given a = 1', 21, "the text ends here", "what it expects"),
    ('test "t" given a = 1 input x: bool', 22, "found input", "what it expects"),
    ("derive x = 1_", 13, "found '_'", None),
    ("derive x = a ^ b", 14, "unexpected '^'", "there is no power"),
    ("derive x = a ≤ b", 14, "unexpected '≤'", "write <="),
    ("derive x = “a”", 12, "unexpected '“'", "straight double quotes"),
    # entities, params, imports
    ("entity Guarantor maximum 8", 18, "found maximum, expected in, max or", "did you mean max?"),
    ("entity Guarantor 8", 18, "found 8, expected in, max or", "write entity Guarantor max 8"),
    ("entity Guarantor: max 8", 17, "found ':'", "write entity Guarantor max 8"),
    ("entity Guarantor(8)", 17, "found '('", "write entity Guarantor max 8"),
    ("entity Guarantor max many", 22, "found many, expected a number", "for example max 8"),
    ("entity Month in [1..12]", 17, "found '['", "entity Month in 1..12"),
    ("entity Month 1..12", 14, "found 1, expected in", "entity Month in 1..12"),
    ("entity Month in 1-12", 18, "found '-', expected '..'", "write 1..12"),
    ("entity Side {left, right}", 13, "found '{', expected in", "entity Side in {left, right}"),
    ("param x = 3", 9, "found '=', expected ':'", "say its type: param x: float = ..."),
    ("param x: float = a + 1", 20, "found '+'", "compute with derive"),
    ("input param: float", 7, "param is a reserved word", "for example param_"),
    ("import common.rules", 8, "found common, expected a text", 'import "common.rules"'),
    ("import a/b.csv", 8, "found a, expected a text", 'import "a/b.csv"'),
    # relations
    ("input earns[Guarantor]: float", 12, "found '['", "write input earns(Guarantor): ..."),
    ("input e(g: Guarantor): float", 10, "found ':'", "an input lists entities"),
    ("input e(g in Guarantor): float", 11, "found in", "an input lists entities"),
    ("input e(): float", 9, "found ')', expected a name", "leave out ()"),
    ("input x: float > 0 actionable", 20, "found actionable", "write [actionable]"),
    ("input x: float [actionable weight 2]", 35, "found 2", "annotations stand apart by commas"),
    ("derive r(g: Guarantor) if x", 11, "found ':', expected ')'", "write g in Guarantor"),
    ("derive r(3) if p", 10, "found 3, expected a name", "a head lists variables"),
    ("derive r(g) :- parent(g)", 14, "found '-'", "write if between a head and its conditions"),
    ("derive r(g) <- parent(g)", 13, "found '<'", "write if between a head and its conditions"),
    ("derive a(x) if p(x, y), a(y)", 23, "found ','", "join conditions with and"),
    # quantifiers
    ("derive x if some g earns(g)", 20, "found earns, expected ',', ':', in or where", "a colon"),
    ("derive x if some g in G earns(g)", 25, "found earns", "a colon follows the variables"),
    ("derive x if some g in G, earns(g)", 31, "found '('", "a colon follows the variables"),
    ("derive x if some g. earns(g)", 19, "unexpected '.'", "a colon follows the variables"),
    ("derive x if some g | earns(g)", 20, "unexpected '|'", "a colon follows the variables"),
    ("derive x if some g such that a", 20, "found such", "a colon follows the variables"),
    ("derive x if some g of G: a(g)", 20, "found of", "write in G"),
    ("derive x if some earns(g) > 3", 23, "found '('", "name the variable first: some g:"),
    ("derive x if count where a(g)", 19, "found where", "name the variable first: count g:"),
    ("derive x if exists g: a(g)", 20, "found g", "write some g: condition"),
    ("derive x if there is g: a(g)", 22, "found g", "write some g: condition"),
    ("derive x if any g: a(g)", 17, "found g", "write some g: condition"),
    ("derive x if ∃ g: a(g)", 13, "unexpected '∃'", "write some g: condition"),
    ("derive x if forall g: a(g)", 20, "found g", "write all g: condition"),
    ("derive x if for all g: a(g)", 17, "found all", "write all g: condition"),
    ("derive x if for each g: a(g)", 17, "found each", "write all g: condition"),
    ("derive x if every g: a(g)", 19, "found g", "write all g: condition"),
    ("derive x if ∀ g: a(g)", 13, "unexpected '∀'", "write all g: condition"),
    ("derive x = avg g: a(g)", 16, "found g", "write mean g: value"),
    ("derive x = number of g: a(g)", 19, "found of", "write count g: condition"),
    ("derive x = sum(g: a(g))", 17, "found ':'", "write (sum g: ...)"),
    # dates
    ("derive x if d > 31.01.2026", 22, "unexpected '.'", "a date is written 2026-01-31"),
    ("derive x if d > 2026/01/31", 17, "this calculates; a date is written", "2026-01-31"),
    ("derive x if d > 2026-1-31", 17, "this calculates; a date is written", "2026-01-31"),
    ("derive x if d > 31-01-2026 + 1", 17, "this calculates", "2026-01-31"),
    ("derive x if d > 2026-01-31T00:00", 27, "found T00", "a date has no time of day"),
    ("derive x if d > 30 months", 20, "found months", "durations are in days or weeks"),
    ("derive x if d > 30 dayz", 20, "found dayz", "did you mean day?"),
    ("derive x if d > 30d", 19, "found d", "durations are in days or weeks"),
    ("derive x if d > today()", 23, "found ')'", "for example input today: date"),
    ('rule r "t" [since 2026/01/01] o = a if x', 23, "found '/'", "a date is written"),
    ('rule r "t" [since 1.1.2026] o = a if x', 22, "unexpected '.'", "a date is written"),
    ('rule r "t" [since: 2026-01-01] o = a if x', 18, "found ':'", "leave it out: since"),
    ('rule r "t" [weight = 2] o = a if x', 20, "found '='", "leave it out: weight"),
    ('rule r "t" since 2026-01-01 o = a if x', 18, "found 2026-01-01", "[since 2026-01-01]"),
    ("decide o in {a} default a date d", 27, "found date", "did you mean dated?"),
    # constraints
    ('constraint fraud "t" if a then o != b', 12, "found fraud, expected a text", "a title"),
    ('constraint "t" o != a if b', 16, "found o, expected '[' or if", "write if and when it"),
    ('constraint "t" [weight 2] not a', 27, "found not, expected if", "write if and when it"),
    (
        'constraint "t" if a != b input x: bool',
        26,
        "found input, expected then",
        "a constraint is written if condition then",
    ),
    # what a test gives
    ('test "t" given no expect x', 19, "expect is a reserved word", "what there is none of"),
    ('test "t" given no, a = 1 expect x', 18, "found ','", "what there is none of"),
    ('test "t" given no late(3) expect x', 23, "found '('", "write late(3) = false"),
    ('test "t" given no late = 3 expect x', 24, "found '='", "write late(3) = false"),
    ('test "t" given late expect x', 21, "found expect", "give it a value"),
    ('test "t" given late(3) expect x', 24, "found expect, expected '='", "give it a value"),
    ('test "t" given not late expect x', 16, "not is a reserved word", "no late for none at all"),
]


@pytest.mark.parametrize(("line", "column", "message", "hint"), CASES)
def test_syntax_errors(line: str, column: int, message: str, hint: str | None) -> None:
    with pytest.raises(RuleError) as caught:
        parse_document(HEAD + line, filename="p.rules")
    error = caught.value
    assert message in error.message
    assert (hint is None) == (error.hint is None), error.hint
    assert hint is None or hint in (error.hint or "")
    assert str(error).startswith(f"p.rules:2:{column}: error: ")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "the text ends here, expected ruleset", "starts with a line like"),
        ("\n\n# only a comment\n", "the text ends here, expected ruleset", "starts with a line"),
        ("ruleset a", "the text ends here, expected version", "ruleset credit version 1"),
        ("rules a version 1", "found rules, expected ruleset", "did you mean ruleset?"),
        ("input x: float", "found input, expected ruleset", "starts with a line like"),
    ],
)
def test_errors_of_the_header(text: str, message: str, hint: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_document(text)
    assert caught.value.message == message
    assert hint in (caught.value.hint or "")


def test_the_caret_stands_under_the_word() -> None:
    with pytest.raises(RuleError) as caught:
        parse_document(HEAD + "\tderive x if a\tgiven", filename="p.rules")
    assert str(caught.value).split("\n")[1:3] == [
        "    \tderive x if a\tgiven",
        "    \t             \t^~~~~",
    ]


def test_ends_of_text_with_trailing_lines_point_at_the_last_line_with_text() -> None:
    with pytest.raises(RuleError) as caught:
        parse_document(HEAD + "derive x =\n\n\n")
    assert caught.value.span is not None
    assert (caught.value.span.line, caught.value.span.column) == (2, 11)
