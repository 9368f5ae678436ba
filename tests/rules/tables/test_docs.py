"""What docs/tables.md and docs/builder.md show is what the program does."""

import re
from pathlib import Path

import pytest

import rules
from rules.language.reserved import RESERVED
from rules.tables import table_text
from rules.tables.columns import NOTES
from rules.tables.settings import SETTINGS

DOCS = Path(__file__).parents[3] / "docs"
TABLES, BUILDER = ((DOCS / name).read_text() for name in ("tables.md", "builder.md"))


def blocks(kind: str, text: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def test_the_table_is_the_text(tmp_path: Path) -> None:
    limits, fees = blocks("csv", TABLES)
    (tmp_path / "limits.csv").write_text(limits)
    (tmp_path / "fees.csv").write_text(fees)
    assert [table_text(tmp_path / "limits.csv")] == blocks("text", TABLES)
    ruleset = rules.load(tmp_path / "limits.csv")
    assert rules.check(ruleset) == ()
    assert rules.load(tmp_path / "fees.csv").derived[0].name == "fee"


def test_the_yaml_table_is_the_csv_table(tmp_path: Path) -> None:
    (tmp_path / "limits.csv").write_text(blocks("csv", TABLES)[0])
    (tmp_path / "limits.yaml").write_text(blocks("yaml", TABLES)[0])
    ones, others = (rules.load(tmp_path / f"limits.{suffix}").rules for suffix in ("csv", "yaml"))
    assert [rule.condition for rule in ones] == [rule.condition for rule in others]
    assert [rule.name for rule in others] == ["limits_1", "limits_2", "limits_3"]


def test_all_words_are_listed() -> None:
    assert all(f"`{word}`" in TABLES for word in (*NOTES, *SETTINGS))
    assert not RESERVED & set(SETTINGS) - {"ruleset", "unknown"}


def test_the_programs_run(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = blocks("python", BUILDER)
    names: dict[str, object] = {}
    exec(first, names)
    assert "rule large_car" in capsys.readouterr().out
    ruleset = names["policy"]
    assert isinstance(ruleset, rules.Ruleset)
    assert all(result.passed for result in rules.run_tests(ruleset))
    exec(second + "ruleset = R.ruleset()\n", names)
    people = names["ruleset"]
    assert isinstance(people, rules.Ruleset)
    assert people.sha256 == rules.load(DOCS.parent / "tests/rules/example_people.rules").sha256


def test_all_methods_are_shown() -> None:
    for name in vars(rules.Builder).keys() | set(dir(rules.Builder)):
        assert name.startswith("_") or f"R.{name}" in BUILDER or f"`{name}`" in BUILDER, name
