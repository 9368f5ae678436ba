from pathlib import Path

import pytest

from rules.language.printer import expression_text
from rules.language.source import excerpt, source_of
from tests.rules.tables.reading import HEADER, SETTINGS, error, load

TEXT = """\
# fees by amount, last seen in March
policy,first
default,no
unknown,no

amount: float,"kind: {a, b}",# why,"-> o in {yes, no}",because
< 100,"a, b",small,yes,"says ""yes"" to {amount:,.0f}"
# a remark with "one quote, and commas
,
>= 100,-,,no,
"""


def test_rows_are_rules(tmp_path: Path) -> None:
    ruleset = load(tmp_path, TEXT)
    assert (ruleset.name, ruleset.version) == ("limits", 1)
    assert [rule.name for rule in ruleset.rules] == ["limits_7", "limits_10"]
    assert [rule.title for rule in ruleset.rules] == ["limits, row 7", "limits, row 10"]
    assert ruleset.rules[0].because[0] == 'says "yes" to '
    assert ruleset.decision is not None
    assert (ruleset.decision.policy, ruleset.decision.default) == ("first", "no")


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.encode("utf-16"),
        TEXT.removesuffix("\n").encode(),
    ],
)
def test_encodings_and_line_ends(tmp_path: Path, data: bytes) -> None:
    assert load(tmp_path, data).sha256 == load(tmp_path, TEXT, "limits.CSV").sha256


@pytest.mark.parametrize("separator", [";", "\t"])
def test_separators(tmp_path: Path, separator: str) -> None:
    text = 'policy;first\ndefault;no\nunknown;no\nx: float;max(x, 3);"-> o in {yes, no}"\n'
    text += "> 1, < 0;(3..4);yes\n"
    (rule,) = load(tmp_path, text.replace(";", separator)).rules
    assert expression_text(rule.condition) == "(x > 1 or x < 0) and max(x, 3) > 3 and max(x, 3) < 4"
    other = load(tmp_path, "sep=;\n" + text).rules[0]
    assert other.condition == rule.condition and other.name == "limits_6"


def test_places_lead_into_the_file(tmp_path: Path) -> None:
    text = (
        SETTINGS + HEADER + '-,-,-,-,"not(\n""a"" , b c ""d"" )",-,yes\n' + '"\n <  1 +\n",,,,,,no'
    )
    found = error(tmp_path, text)
    assert found.startswith("limits.csv:8:8: error: the text ends here, expected a value\n")
    whole = error(tmp_path, text.replace("1 +", "cra + 1"))
    assert whole == (
        "limits.csv:8:5: error: there is no input or derived name cra\n     <  cra + 1\n        ^~~"
    )


def test_places_of_conditions(tmp_path: Path) -> None:
    ruleset = load(tmp_path, TEXT)
    (rule, _) = ruleset.rules
    source = source_of(ruleset, rule.span)
    assert source.filename.endswith("limits.csv") and source.text == TEXT
    assert rule.condition.span is not None
    assert excerpt(source.text, rule.condition.span) == '< 100,"a, b'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1: error: no row of this table has an output column"),
        ("x,y\n1,2\n", "no row of this table has an output column"),
        ("polcy,first\nx,-> o\n1,a\n", "hint: did you mean policy?"),
        ("policy\nx,-> o\n1,a\n", "1:1: error: policy takes one value, in the cell beside it"),
        ("table,a\ntable,b\nx,-> o\n1,a\n", "2:1: error: table is given twice"),
        ('x,-> o\n"1,a\n', "2:1: error: this cell has no closing quote"),
        ("x,-> o\n1,a,b\n", "2:5: error: row 2 has 3 cells, the header 2"),
        ("x,,-> o\n1,7,a\n", "2:3: error: this column has no header"),
        ("x,-> o\n", "1:6: error: this table has no rows"),
        ("x,-> o\n1,\n", "2:3: error: row 2 does not say o"),
        ("x,-> o,priorty\n1,a,3\n", "hint: did you mean priority?"),
        ("x,-> o,owner,owner\n1,a,b,c\n", "the column owner comes twice"),
        ("x,-> o,-> p\n1,a,b\n", "a table makes one decision, o; p is a second"),
        ("x,-> o\n1,7\n", "hint: for a derived value give its type in the header: -> o: float"),
        ("x,->\n1,7\n", "this output has no name"),
        ("x,-> a + b\n1,7\n", "an output is a name"),
        ("k: {a, b},-> o\n1,a\n", "hint: put a cell that has the separator in it in quotes"),
        ("x +,-> o\n1,a\n", "1:4: error: the text ends here, expected a value"),
        ("x: floot,-> v: float\n-,1\n", "1:4: error: there is no type floot"),
        ("earns(G): float,-> o\n1,a\n", "a column is about the case itself"),
        ("x,-> v(G): float\n1,1\n", "an output is a name and a type"),
        ("default,a\nx,-> o\n1,a\n", "default is said where the decision is declared"),
        ("default,1\nx,-> o: float\n-,1\n", "default belongs to a decision"),
        ("policy,any\nx,-> o: float\n-,1\n", "derived values take the policy first or unique"),
        ("x,-> v: float,owner\n-,1,me\n", "owner is said about a rule"),
        ("table,a b\nx,-> o\n1,a\n", "hint: write a_b"),
        ("ruleset,a b\nx,-> o\n1,a\n", "hint: write a_b"),
        ("version,x\nx,-> o\n1,a\n", "a version is a whole number"),
        ("x,-> o,rule\n1,a,if\n", "if cannot be the name of a rule"),
        ("y: float,-> o\n1,a\n", "o is not decided here"),
        ("zz + 1,-> v: float\n1,1\n2,2\n-,3", "1:1: error: there is no input or derived name zz"),
        (b"x,-> o\n\xff\n", "2:1: error: the file is not UTF-8"),
        (b"\xff\xfex", "the file is neither UTF-8 nor UTF-16"),
        ('x: float,-> v: float\n1,1\n-,"0,5"\n', "0,5 could be one number or several"),
        ("x: float,-> v: int\n1,0.5\n-,3\n", "2:1: error: declared as an int"),
    ],
)
def test_errors(tmp_path: Path, text: str | bytes, told: str) -> None:
    found = error(tmp_path, text)
    assert told in found and found.startswith("limits.csv:")
    assert found.count("error:") == 1


def test_all_errors_are_told(tmp_path: Path) -> None:
    rows = "< ,-,-,-,-,-,yes\n-,-,-,-,-,-,\n-,-,-,cra,-,-,yes\n"
    found = error(tmp_path, SETTINGS + HEADER + rows)
    assert [line.split(" ")[0] for line in found.split("\n") if "error" in line] == [
        "limits.csv:5:2:",
        "limits.csv:6:13:",
    ]


def test_what_is_said_of_rows(tmp_path: Path) -> None:
    text = (
        'policy,priority\ndefault,no\nunknown,no\ndated,d\nx: float,d: date,"-> o in {yes, no}",'
        "rule,title,priority,because,owner,since,until,weight,tags\n"
        '1,-,yes,big,a big one,-5,"{x:.0f}, big",me,2026-01-01,2026-12-31,0.5,"eu, retail"\n'
        "2,-,no\n"
    )
    rule, other = load(tmp_path, text).rules
    assert (rule.name, rule.title, rule.priority, rule.owner) == ("big", "a big one", -5, "me")
    assert (rule.since, rule.until, rule.weight) == (20454, 20818, 0.5)
    assert rule.tags == ("eu", "retail")
    assert (other.name, other.title, other.priority) == ("limits_7", "limits, row 7", 0)
    assert "since takes a date" in error(tmp_path, text.replace("2026-01-01", "soon"))
