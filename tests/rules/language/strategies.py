"""Random rule texts that are free of errors, for round trips and for mutation.

Every gap between two tokens is the mark `GAP` until `spread` puts blanks, line ends and
comments there, so that one rule set can be laid out in many ways.
"""

from __future__ import annotations

import re

from hypothesis import strategies as st

GAP = "\x00"

INPUTS = """\
ruleset random version 7
entity Guarantor max 3
entity Month in -1..4
entity Side in {left, right}
param cutoff: float = 0.5
param limit: int in 0..100 = 7
param home: string = "DE"
param start: date = 2020-02-29
input f0: float
input f1: float > 0 and <= 1e6
input p: prob

input n0: int in -100..100
input n1: int >= 0 and < 50
input b0: bool
input e0: {red, green, "dark blue"}
input e1: {red, green, "dark blue"} [actionable, weight 2]
input day: date >= 2000-01-01 and < 2100-01-01
input land: string
input side: Side
input earns(Guarantor): float
input adult(Guarantor): bool
input late(Month): bool
input owes(Guarantor, Month): int in 0..9
input on(Side): bool
input knows(Guarantor, Guarantor): bool
derive d0: float = f0 + f1
derive d1 = n0 - n1
derive d2 if b0
derive d2 if f0 > 3
derive due: date = day + limit
derive rich(g) if earns(g) > 3
derive rich(g) if all m: owes(g, m) = 0
derive share(g in Guarantor): float = earns(g) / 2
derive meets(x, y) if knows(x, y)
derive meets(x, z) if knows(x, y) and meets(y, z)
""".replace(" ", GAP).replace(f"dark{GAP}blue", "dark blue")

FLOAT_NAMES, INT_NAMES = ("f0", "f1", "p", "d0", "cutoff"), ("n0", "n1", "d1", "limit")
BOOL_NAMES, ENUM_NAMES, MEMBERS = ("b0", "d2"), ("e0", "e1"), ("red", "green", '"dark blue"')


def words(*parts: str) -> str:
    return GAP.join(parts)


@st.composite
def numbers(draw: st.DrawFn, depth: int, kind: str) -> str:
    """An expression of type float or int, in parentheses unless it is an atom."""
    if depth == 0 or draw(st.booleans()):
        if kind == "int":
            return draw(st.sampled_from([*INT_NAMES, "0", "7", "1_0"]))
        return draw(st.sampled_from([*FLOAT_NAMES, "0.5", "30_000.0", "4e-3", "12%", "0.1"]))
    forms = ["-", "+", "*", "min", "max", "abs", "if", "group", "sign", "aggregate"]
    own = ["mod", "days"] if kind == "int" else ["/", "round", "mix", "whole"]
    form = draw(st.sampled_from([*forms, *own]))
    below = numbers(depth - 1, kind)
    a = draw(below)
    match form:
        case "aggregate":
            return draw(aggregates(kind))
        case "days":
            return f"(day{GAP}-{GAP}{draw(st.sampled_from(DATES))})"
        case "whole":
            sign = draw(st.sampled_from("+-*"))
            return f"({draw(numbers(depth - 1, 'int'))}{GAP}{sign}{GAP}2.0)"
        case "sign":
            return f"(-{a})"
        case "group":
            return f"({a})"
        case "abs" | "round":
            return f"{form}({a})"
        case "min" | "max":
            return f"{form}({a},{GAP}{draw(below)})"
        case "if":
            return f"(if{GAP}{draw(truths(depth - 1))}{GAP}then{GAP}{a}{GAP}else{GAP}{draw(below)})"
        case "*":
            return f"({a}{GAP}*{GAP}{'3' if kind == 'int' else draw(below)})"
        case "mix":
            return f"({a}{GAP}+{GAP}{draw(numbers(depth - 1, 'int'))})"
    return f"({a}{GAP}{form}{GAP}{draw(below)})"


# What ranges over what, and truths and numbers about these variables.
RANGES = (
    ("g", ("rich(g)", "adult(g)", "(earns(g) > 2)", "meets(g, g)"), "owes(g, 3)", "share(g)"),
    ("m in Month", ("late(m)", "(m > 2)", "late(-1)"), "m", None),
    ("s in Side", ("on(s)", "(s != left)", "(on(right) or s = side)"), None, None),
    ("g, m in Month", ("(owes(g, m) > m)", "(rich(g) and late(m))"), "owes(g, m)", "earns(g)"),
    ("x in Guarantor, y", ("(x != y and meets(x, y))", "knows(x, y)"), None, None),
)
DATES = ("2024-02-29", "start", "due", "1999-12-31")


@st.composite
def aggregates(draw: st.DrawFn, kind: str) -> str:
    """An aggregate in parentheses."""
    bound, facts, whole, part = draw(st.sampled_from(RANGES))
    function = draw(st.sampled_from(["count", "sum", "min", "max", "mean"]))
    body = whole if kind == "int" else part
    if kind == "float" and function == "mean":
        body = part or whole
    if body is None or function == "count" or (kind == "int" and function == "mean"):
        return _marked(f"(count {bound}: {draw(st.sampled_from(facts))})")
    where = ""
    if draw(st.booleans()):
        where = f" where {draw(st.sampled_from(facts))}"
        if draw(st.booleans()):
            where += f" or {draw(truths(0))}"
    return _marked(f"({function} {bound}{where}: {body})")


@st.composite
def quantified(draw: st.DrawFn, depth: int) -> str:
    """`some` or `all`, in parentheses."""
    bound, facts, _, _ = draw(st.sampled_from(RANGES))
    # No variable may have the name of one around it.
    bound, fact = (
        re.sub(r"\b([gmsxy])\b", rf"\1_{depth}", part)
        for part in (bound, draw(st.sampled_from(facts)))
    )
    if draw(st.booleans()):
        sign = draw(st.sampled_from(["and", "or"]))
        fact = f"{fact} {sign} {draw(truths(depth - 1))}"
    if draw(st.booleans()):
        fact = f"not ({fact})"
    return _marked(f"({draw(st.sampled_from(['some', 'all']))} {bound}: {fact})")


@st.composite
def truths(draw: st.DrawFn, depth: int) -> str:
    """An expression of type bool, in parentheses unless it is an atom."""
    if depth == 0:
        return draw(st.sampled_from([*BOOL_NAMES, "true", "false"]))
    forms = ["and", "or", "not", "compare", "equal", "enum", "member", "in", "is"]
    form = draw(st.sampled_from([*forms, "quantified", "quantified", "date", "text", "fact"]))
    match form:
        case "quantified":
            return draw(quantified(depth))
        case "date":
            op = draw(st.sampled_from(["<", ">=", "=", "!="]))
            later = draw(st.sampled_from(["", " + 3 days", " - 1 week", " + 2 weeks"]))
            return _marked(f"({draw(st.sampled_from(DATES))}{later} {op} day)")
        case "text":
            tests = ['(land = "DE")', '(land in {"A b", "DE"})', "(land != home)", '("x" = land)']
            return _marked(draw(st.sampled_from(tests)))
        case "fact":
            return draw(st.sampled_from(["late(3)", "late(-1)", "on(left)", "(side = right)"]))
        case "and" | "or":
            operands = draw(st.lists(truths(depth - 1), min_size=2, max_size=4))
            return f"({f'{GAP}{form}{GAP}'.join(operands)})"
        case "not":
            return f"(not{GAP}{draw(truths(depth - 1))})"
        case "compare":
            op = draw(st.sampled_from(["<", "<=", ">", ">=", "=", "!=", "=="]))
            left, right = (
                draw(numbers(depth - 1, draw(st.sampled_from(["int", "float"])))) for _ in "ab"
            )
            return f"({left}{GAP}{op}{GAP}{right})"
        case "equal":
            return f"({draw(truths(depth - 1))}{GAP}!={GAP}{draw(truths(depth - 1))})"
        case "enum":
            left = draw(st.sampled_from(ENUM_NAMES))
            return f"({left}{GAP}={GAP}{draw(st.sampled_from([*ENUM_NAMES, *MEMBERS]))})"
        case "member":
            members = draw(st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=3))
            name = draw(st.sampled_from(ENUM_NAMES))
            return f"({name}{GAP}in{GAP}{{{f',{GAP}'.join(members)}}})"
        case "in":
            return f"({draw(numbers(depth - 1, 'float'))}{GAP}in{GAP}-1..2.5)"
    names = [*FLOAT_NAMES, *ENUM_NAMES, *BOOL_NAMES]
    known = draw(st.sampled_from(["known", "unknown"]))
    return f"({draw(st.sampled_from(names))}{GAP}is{GAP}{known})"


@st.composite
def bare(draw: st.DrawFn, expressions: st.SearchStrategy[str]) -> str:
    """An expression without the outermost parentheses, where the author forgot none."""
    text = draw(expressions)
    if text.startswith("(") and draw(st.booleans()):
        depth, inner = 0, True
        for char in text[:-1]:
            depth += {"(": 1, ")": -1}.get(char, 0)
            inner = inner and depth > 0
        return text[1:-1] if inner else text
    return text


@st.composite
def marked_texts(draw: st.DrawFn) -> str:
    """A rule text free of errors, with marks between its tokens."""
    lines = [INPUTS.rstrip("\n")]
    for index in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(["float", "int"]))
        value = draw(bare(numbers(2, kind)))
        lines.append(words("derive", f"x{index}:", kind, "=", value))
    for index in range(draw(st.integers(0, 2))):
        lines.append(words("derive", f"t{index}", "if", draw(bare(truths(2)))))
    for index in range(draw(st.integers(0, 2))):
        # The variable is bound by the head, or silently around the clause.
        head = draw(st.sampled_from([f"h{index}", f"h{index}(v)"]))
        fact = draw(st.sampled_from(["rich(v)", "late(v)", "(earns(v)" + f"{GAP}>{GAP}2)"]))
        lines.append(words("derive", head, "if", fact, "and", draw(truths(1))))
    policy = draw(st.sampled_from(["priority", "unique", "any", "first", "collect"]))
    clauses = [f"policy{GAP}{policy}", f"default{GAP}yes", f'unknown{GAP}"ask me"']
    clauses = draw(st.permutations([*clauses, *draw(st.sampled_from([[], [f"dated{GAP}day"]]))]))
    lines.append(words("decide", "outcome", "in", f'{{yes,{GAP}no,{GAP}"ask me"}}', *clauses))
    rules = draw(st.integers(0, 3))
    for index in range(rules):
        lines.append(draw(_rule(index, policy)))
    for index in range(draw(st.integers(0, 2))):
        lines.append(draw(_constraint(index)))
    for index in range(draw(st.integers(0, 2))):
        lines.append(draw(_test(index, rules)))
    return "\n".join(lines) + "\n"


@st.composite
def _rule(draw: st.DrawFn, index: int, policy: str) -> str:
    notes = [f'owner{GAP}"me"', f'tags{GAP}"a b"', f"weight{GAP}0.5"]
    notes += [f"since{GAP}2026-01-01", f"until{GAP}2026-12-31"]
    if policy == "priority":
        notes.append(f"priority{GAP}{draw(st.integers(-5, 5))}")
    chosen = draw(st.lists(st.sampled_from(notes), unique=True))
    parts = ["rule", f"r{index}", f'"rule {index}"']
    if chosen:
        parts.append(f"[{f',{GAP}'.join(chosen)}]")
    outcome = draw(st.sampled_from(["yes", "no", '"ask me"']))
    parts += ["outcome", "=", outcome, "if", draw(bare(truths(3)))]
    if draw(st.booleans()):
        parts += ["because", '"{f0:.1f} {{and}} {e0} # {n0}"']
    return words(*parts)


@st.composite
def _constraint(draw: st.DrawFn, index: int) -> str:
    consequence = draw(
        st.sampled_from(["outcome = yes", 'outcome != "ask me"', 'outcome in {no, "ask me"}'])
    )
    parts = ["constraint", f'"constraint {index}"']
    if draw(st.booleans()):
        parts.append(f"[weight{GAP}2.5]")
    return words(*parts, "if", draw(bare(truths(2))), "then", _marked(consequence))


@st.composite
def _test(draw: st.DrawFn, index: int, rules: int) -> str:
    given = draw(
        st.lists(
            st.sampled_from(["f0 = -1.5", "p = 12%", "n0 = 5", "b0 = true", 'e0 = "dark blue"',
                             "e1 = red", "f1 = unknown", "day = 2026-01-31", 'land = "A b"',
                             "earns(anna) = 3", 'earns("dark blue") = -2.5', "late(-1) = true",
                             "on(left) = unknown", "no owes", "knows(anna, f0_) = false"]),
            unique=True,
        )
    )  # fmt: skip
    expected = ["outcome = yes", 'outcome != "ask me"', "outcome is unknown", "f0 < 3 or b0"]
    expected += ["late(-1)", "some g: rich(g)", "(count m: late(m)) = 1", "due >= 2026-01-01"]
    if rules:
        expected += ["r0 fires", "r0 does not fire", "r0 does not fire because b0"]
    items = draw(st.lists(st.sampled_from(expected), min_size=1, max_size=3))
    text = words("test", f'"test {index}"')
    if given:
        text += f"{GAP}given{GAP}" + f",{GAP}".join(_marked(item) for item in given)
    return text + f"{GAP}expect{GAP}" + f",{GAP}".join(_marked(item) for item in items)


def _marked(text: str) -> str:
    return (
        text.replace(" ", GAP)
        .replace(f"dark{GAP}blue", "dark blue")
        .replace(f"ask{GAP}me", "ask me")
        .replace(f"A{GAP}b", "A b")
    )


def plain(marked: str) -> str:
    """The text on as few lines as possible."""
    return marked.replace(GAP, " ")


@st.composite
def spread(draw: st.DrawFn, marked: str, gaps: tuple[str, ...]) -> str:
    """The text with one of these gaps at every mark."""
    first, *rest = marked.split(GAP)
    chosen = draw(st.lists(st.sampled_from(gaps), min_size=len(rest), max_size=len(rest)))
    return first + "".join(gap + part for gap, part in zip(chosen, rest, strict=True))
