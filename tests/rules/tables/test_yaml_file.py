import sys
from pathlib import Path

import pytest

from rules.language.printer import expression_text
from rules.language.source import excerpt, source_of
from tests.rules.tables.reading import error, load

TEXT = """\
# limits of purpose
ruleset: caps
version: 3
policy: priority
default: approve
unknown: refer
if:
  - income: float > 0
  - purpose: {car, education, other}   # what for
  - amount: float >= 0
  - amount / income
then: outcome in {reject, refer, approve}
rows:
  - {income: "< 10_000", purpose: car, amount / income: '> 3', outcome: reject, priority: 100,
     because: '{income:,.0f} is "too" little'}
  - income: "[10_000..20_000)"
    purpose: [car, education]
    amount: "> income * 3"
    outcome: refer

  - purpose: not(car)
    amount:
    amount / income: unknown
    outcome: refer
"""


def test_rows_are_rules(tmp_path: Path) -> None:
    ruleset = load(tmp_path, TEXT, "limits.yaml")
    assert (ruleset.name, ruleset.version) == ("caps", 3)
    assert [rule.name for rule in ruleset.rules] == ["limits_1", "limits_2", "limits_3"]
    assert [expression_text(rule.condition) for rule in ruleset.rules] == [
        "income < 10_000 and purpose = car and amount / income > 3",
        "income >= 10_000 and income < 20_000 and (purpose = car or purpose = education) "
        "and amount > income * 3",
        "purpose != car and amount / income is unknown",
    ]
    assert ruleset.rules[0].because[1] == ' is "too" little'


def test_it_is_what_a_csv_table_is(tmp_path: Path) -> None:
    text = (
        "ruleset,caps\nversion,3\npolicy,priority\ndefault,approve\nunknown,refer\n"
        'income: float > 0,"purpose: {car, education, other}",amount: float >= 0,amount / income,'
        '"-> outcome in {reject, refer, approve}",rule,title,priority,because\n'
        '< 10_000,car,-,> 3,reject,limits_1,"limits, row 1",100,"{income:,.0f} is ""too"" little"\n'
        '[10_000..20_000),"car, education",> income * 3,,refer,limits_2,"limits, row 2"\n'
        '-,not(car),-,unknown,refer,limits_3,"limits, row 3"\n'
    )
    assert load(tmp_path, TEXT, "limits.yml").sha256 == load(tmp_path, text).sha256


def test_places_lead_into_the_file(tmp_path: Path) -> None:
    ruleset = load(tmp_path, TEXT, "limits.yaml")
    spans = [rule.condition.span for rule in ruleset.rules]
    source = source_of(ruleset, spans[0])
    assert spans[0] is not None and spans[2] is not None
    assert excerpt(source.text, spans[0]).startswith("< 10_000")
    found = error(tmp_path, TEXT.replace("> 3'", "> 3 +'"), "limits.yaml")
    assert found.startswith("limits.yaml:14:63: error: the text ends here")
    found = error(tmp_path, TEXT.replace("not(car)", '"not(c\\x61r +)"'), "limits.yaml")
    assert found.startswith("limits.yaml:21:")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("policy:", "polcy:", "4:1: error: there is no setting polcy\n"),
        ("policy: priority", "version: 4", "4:1: error: version is given twice"),
        ("then: outcome", "than: outcome", "there is no setting than\n"),
        ("    purpose: [car", "    porpose: [car", "17:5: error: there is no column porpose\n"),
        ("    purpose: [car", "    income: [car", "17:5: error: income is given twice"),
        ("- amount / income", "- income", "the column income comes twice"),
        (
            'amount: "> income * 3"',
            "amount: > income * 3",
            'hint: put tests and texts in quotes: "',
        ),
        ("rows:", "rows: 3\nolds:", "there is no setting olds"),
        (TEXT[TEXT.index("rows:") :], "rows: 3\n", "rows is a list"),
        (TEXT[TEXT.index("rows:") :], "rows: [3]\n", "row 1 is no mapping"),
        (TEXT[TEXT.index("rows:") :], "rows: []\n", "this table has no rows"),
        (TEXT[TEXT.index("rows:") :], "", "1:1: error: this table has no rows"),
        ("then: outcome in {reject, refer, approve}\n", "", "1:1: error: this table has no then"),
        (TEXT, "", "this is no table"),
        (TEXT, "- 3", "this is no table"),
        (TEXT, "a: [", "this is no YAML"),
        (TEXT, "a: \x00", "this is no YAML"),
        ("priority: 100", "priority: high", "a priority is a whole number"),
    ],
)
def test_errors(tmp_path: Path, before: str, after: str, told: str) -> None:
    assert before in TEXT
    found = error(tmp_path, TEXT.replace(before, after), "limits.yaml")
    assert told in found + "\n" and found.startswith("limits.yaml:")


def test_intervals_in_plain_yaml(tmp_path: Path) -> None:
    text = "if: [x: float]\nthen: ['v: float']\nrows:\n- {x: [1..2], v: 1}\n- v: 0\n"
    (derived,) = load(tmp_path, text, "limits.yaml").derived
    assert expression_text(derived.clauses[0]) == "if x >= 1 and x <= 2 then 1 else 0"


def test_without_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ImportError, match="pip install pyyaml"):
        load(tmp_path, TEXT, "limits.yaml")
