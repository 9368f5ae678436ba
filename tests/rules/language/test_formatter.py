from pathlib import Path

import pytest

import rules
from rules.errors import RuleError

EXAMPLE = Path(__file__).parents[1] / "example.rules"

UNTIDY = """# head
# two

# three
ruleset   a version 1 # x
  # cont
input   x:float>0 and<10 input y : int in -5 .. 5
# about z
input z : {a,b , "c d"} # beside


input pneumonia_detected_in_the_lung: {alpha_member_long,beta_member_long,gamma_member_long,delta}
derive q if ((x>3) and (z=a or (z==b))) # hello
  or (not (x = - 4) and (y- -3>2)) derive w = ((x+ 1)*2 - (3 - (x)) / 30_000)
decide o in {a, b} unknown a # u
 default b policy priority
rule r "t" [ owner "x",priority -5 ]
 # the outcome
 o==a
 if x>3  # big
  # really
  and ( # paren
   y > 4 or z in {a,b} ) and max(x,3.5,4)>40% and x is unknown and not (z = a) and y in 1 .. 3
  # end of rule
# lead of test
test "a"
 given x=3,

   y=-2, z="c d"
 expect r fires, r does not fire because q, o=a
 expect x>3
 # finis
# bye"""

TIDY = """# head
# two

# three
ruleset a version 1     # x
    # cont
input x: float > 0 and < 10
input y: int in -5..5
# about z
input z: {a, b, "c d"}  # beside

input pneumonia_detected_in_the_lung: {alpha_member_long, beta_member_long, gamma_member_long,
    delta}
derive q if (x > 3 and (z = a or z = b))  # hello
    or (not (x = -4) and y - -3 > 2)
derive w = (x + 1) * 2 - (3 - x) / 30_000

decide o in {a, b}
    unknown a  # u
    default b
    policy  priority

rule r "t" [owner "x", priority -5]
    # the outcome
    o = a
    if x > 3   # big
        # really
        and (  # paren
            y > 4
            or z in {a, b})
        and max(x, 3.5, 4) > 40%
        and x is unknown
        and not (z = a)
        and y in 1..3
    # end of rule

# lead of test
test "a"
    given x = 3, y = -2, z = "c d"
    expect r fires, r does not fire because q, o = a
    expect x > 3
    # finis

# bye
"""


def test_the_example_is_formatted() -> None:
    text = EXAMPLE.read_text()
    assert rules.format_text(text) == text


def test_an_untidy_text() -> None:
    assert rules.format_text(UNTIDY) == TIDY
    assert rules.format_text(TIDY) == TIDY


HEAD = "ruleset a version 1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(a)", "a"),
        ("((a + b))", "a + b"),
        ("(a + b) + c", "a + b + c"),
        ("a + (b + c)", "a + (b + c)"),
        ("a - (b * c)", "a - b * c"),
        ("(a - b) * c", "(a - b) * c"),
        ("a / (b * c)", "a / (b * c)"),
        ("-(a)", "-a"),
        ("-(a + b)", "-(a + b)"),
        ("max((a), (b + c))", "max(a, b + c)"),
        ("(a and b) and c", "a and b and c"),
        ("a or (b or c)", "a or b or c"),
        ("(a and b) or c", "(a and b) or c"),
        ("(a or b) and c", "(a or b) and c"),
        ("(a > b) and (c)", "a > b and c"),
        ("not (a = b)", "not (a = b)"),
        ("not (a)", "not a"),
        ("not (a or b)", "not (a or b)"),
        ("(a) in (1)..(2 + 3)", "a in 1..2 + 3"),
        ("(a) in {1, -2}", "a in {1, -2}"),
        ("(a + b) is unknown", "a + b is unknown"),
        ("(a > b) is unknown", "(a > b) is unknown"),
        ("(if a then b else c)", "if a then b else c"),
        ("if (a) then (b) else (c + d)", "if a then b else c + d"),
        ("if a then b else (if c then d else e)", "if a then b else if c then d else e"),
        ("if a then (if b then c else d) else e", "if a then (if b then c else d) else e"),
        ("(if a then b else c) + 1", "(if a then b else c) + 1"),
        ("a*-b--c", "a * -b - -c"),
        ("priority-5", "priority - 5"),
        ("max (a,-1)", "max(a, -1)"),
        ("f(not (a), (b))", "f(not a, b)"),
        ("true", "true"),
        ("(some g: (a(g)))", "some g: a(g)"),
        ("(some g:a(g))and b", "(some g: a(g)) and b"),
        ("b and (some g: a(g) or c)", "b and (some g: a(g) or c)"),
        ("(not some g: a(g)) and b", "(not some g: a(g)) and b"),
        ("(a + sum g: e(g)) + 3", "(a + sum g: e(g)) + 3"),
        ("(-sum g: e(g)) * 3", "(-sum g: e(g)) * 3"),
        ("(a > sum g: e(g)) or b", "(a > sum g: e(g)) or b"),
        ("(x in 1..count g: a(g)) or b", "(x in 1..count g: a(g)) or b"),
        (
            "if (some g: a(g)) then (b) else (some g: c(g))",
            "if some g: a(g) then b else some g: c(g)",
        ),
        ("sum g where (some m: b(m)):(e(g))", "sum g where (some m: b(m)): e(g)"),
        ("sum g where (a or b): -e(g)", "sum g where a or b: -e(g)"),
        ("sum g where (-a) > 3: e(g)", "sum g where -a > 3: e(g)"),
        ("where - where", "where - where"),
        ("where (a) - 1", "where(a) - 1"),
        ("all g , m in M :a( g,m )", "all g, m in M: a(g, m)"),
        ("max((sum g: e(g)), (3))", "max(sum g: e(g), 3)"),
        ("day-2026-01-31<=30   days", "day - 2026-01-31 <= 30 days"),
        ("2026-01-31-2026-01-01", "2026-01-31 - 2026-01-01"),
    ],
)
def test_parentheses_and_blanks(before: str, after: str) -> None:
    assert rules.format_text(f"{HEAD}derive x = {before}") == f"{HEAD}derive x = {after}\n"


def test_spellings_of_numbers_are_kept() -> None:
    text = f"{HEAD}derive x = 30_000 + 40% + 1.50 + 2E+3 + 007\n"
    assert rules.format_text(text) == text


def test_blank_lines_between_declarations() -> None:
    before = "input a: bool\n\n\n\ninput b: bool\ninput c: bool\ndecide o in {x}\ninput d: bool"
    after = "input a: bool\n\ninput b: bool\ninput c: bool\n\ndecide o in {x}\n\ninput d: bool\n"
    assert rules.format_text(HEAD + before) == HEAD + after


def test_a_long_condition_breaks_at_its_loosest_operator() -> None:
    words = [f"a_rather_long_name_{i} > {i}" for i in range(4)]
    text = f"{HEAD}derive x if {words[0]} and {words[1]} or {words[2]} and {words[3]}"
    assert rules.format_text(text) == (
        f"{HEAD}derive x if {words[0]} and {words[1]}\n    or {words[2]} and {words[3]}\n"
    )


def test_a_long_choice_breaks_before_then_and_else() -> None:
    name = "x" * 30
    text = f"{HEAD}derive x = if {name} > 1 then {name} + 1 else {name} + 2"
    assert rules.format_text(text) == (
        f"{HEAD}derive x = if {name} > 1\n    then {name} + 1\n    else {name} + 2\n"
    )


def test_what_cannot_be_broken_stays_long() -> None:
    text = f'{HEAD}\ntest "{"long " * 30}"\n    expect a\n'
    assert rules.format_text(text) == text


def test_comments_of_removed_parentheses_stay() -> None:
    text = f"{HEAD}derive x = a  # one\n    + ( # two\n  b # three\n ) # four\n"
    formatted = rules.format_text(text)
    assert formatted == (
        f"{HEAD}derive x = a  # one\n    +         # two\n    b         # three\n    # four\n"
    )
    assert rules.format_text(formatted) == formatted


def test_a_text_with_type_errors_is_formatted() -> None:
    assert rules.format_text(f"{HEAD}derive x=nothing+1") == f"{HEAD}derive x = nothing + 1\n"


def test_a_text_that_does_not_parse_is_refused() -> None:
    with pytest.raises(RuleError, match="expected a value") as caught:
        rules.format_text(f"{HEAD}derive x =", filename="p.rules")
    assert caught.value.filename == "p.rules"


def test_comments_beside_the_lines_of_a_paragraph_stand_in_a_column() -> None:
    text = f"""{HEAD}derive first = a  # one
derive second = a
derive another = a + b      # two

derive apart = a # three
"""
    assert rules.format_text(text).splitlines()[-5:] == [
        "derive first = a        # one",
        "derive second = a",
        "derive another = a + b  # two",
        "",
        "derive apart = a  # three",
    ]


UNTIDY_DECLARATIONS = """ruleset a version 1 import "x.rules" # shared
entity  A  max 8 entity B in-1 .. 3
# sides
entity C in{left,right} param p:float>0=-3 param d:date=2026-01-31
input e( A , B ):float [ actionable ,weight 2 ] # money
derive r( x ,y in B)if e( x,y )>3
derive s(x):float=e(x,1)
decide o in {a,b} policy first dated d unknown b default a
constraint "c" # why
 [weight-2.5] if some x:r(x,1)
 # then
 then o in{a}
constraint"d"if(a)then(o!=b)
test "t" given e(anna,"b c")=3,no e expect r(anna,2)"""

TIDY_DECLARATIONS = """ruleset a version 1
import "x.rules"                             # shared
entity A max 8
entity B in -1..3
# sides
entity C in {left, right}
param p: float > 0 = -3
param d: date = 2026-01-31
input e(A, B): float [actionable, weight 2]  # money
derive r(x, y in B) if e(x, y) > 3
derive s(x): float = e(x, 1)

decide o in {a, b}
    policy  first
    dated   d
    unknown b
    default a

constraint "c"  # why
    [weight -2.5]
    if some x: r(x, 1)
        # then
        then o in {a}

constraint "d"
    if a then o != b

test "t"
    given e(anna, "b c") = 3, no e
    expect r(anna, 2)
"""


def test_untidy_declarations() -> None:
    assert rules.format_text(UNTIDY_DECLARATIONS) == TIDY_DECLARATIONS
    assert rules.format_text(TIDY_DECLARATIONS) == TIDY_DECLARATIONS


def test_long_quantifiers_break_after_what_they_range_over() -> None:
    facts = [f"a_rather_long_fact_{i}(g)" for i in range(4)]
    text = (
        f"{HEAD}derive x if {facts[0]} and some g in Guarantor, m in Month: {facts[1]} "
        f"and {facts[2]} or {facts[3]}\n"
        f"derive y = sum g in Guarantor where {facts[0]} and {facts[1]} and {facts[2]}: "
        f"if {facts[0]} then {facts[1]} else {facts[2]}\n"
    )
    formatted = rules.format_text(text)
    assert (
        formatted
        == f"""{HEAD}derive x if {facts[0]}
    and some g in Guarantor, m in Month:
        {facts[1]} and {facts[2]} or {facts[3]}
derive y = sum g in Guarantor
    where {facts[0]} and {facts[1]} and {facts[2]}:
    if {facts[0]} then {facts[1]} else {facts[2]}
"""
    )
    assert rules.format_text(formatted) == formatted
