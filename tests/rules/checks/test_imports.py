"""Imports, from `rules.language.imports`, and what the checks say about imported files."""

import dataclasses
import sys
import types
from pathlib import Path

import pytest

import rules
from rules.checks import render
from rules.errors import RuleError
from rules.language import ir, syntax

SHARED = "ruleset shared version 9\ninput x: float\ninput y: float\nderive big if x > 100\n"
MAIN = 'ruleset main version 1\nimport "shared.rules"\nderive huge if big and y > 3\n'


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shared.rules").write_text(SHARED)
    return tmp_path


def load(text: str) -> ir.Ruleset:
    Path("main.rules").write_text(text)
    return rules.load("main.rules")


def errors(text: str) -> list[str]:
    with pytest.raises(RuleError) as caught:
        load(text)
    return str(caught.value).split("\n\n")


def test_declarations_are_merged(files: Path) -> None:
    ruleset = load(MAIN)
    assert (ruleset.name, ruleset.version) == ("main", 1)
    assert [item.name for item in ruleset.inputs] == ["x", "y"]
    assert [item.name for item in ruleset.derived] == ["big", "huge"]
    assert ruleset.sources == (ir.Source(filename="shared.rules", text=SHARED),)
    spans = [item.span.source for item in ruleset.derived if item.span is not None]
    assert spans == [1, 0]


def test_identity_does_not_depend_on_files(files: Path) -> None:
    whole = MAIN.replace('import "shared.rules"\n', SHARED.split("\n", 1)[1])
    assert load(MAIN).sha256 == load(whole).sha256
    assert load(MAIN) == dataclasses.replace(rules.parse(whole), filename="main.rules")


def test_paths_are_relative_to_the_importing_file(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "deep").mkdir()
    (files / "deep" / "a.rules").write_text('ruleset a version 1\nimport "../shared.rules"\n')
    (files / "b.rules").write_text('ruleset b version 1\nimport "deep/a.rules"\nderive z if big\n')
    monkeypatch.chdir(files / "deep")
    ruleset = rules.load(files / "b.rules")
    assert [Path(item.filename).name for item in ruleset.sources] == ["a.rules", "shared.rules"]
    assert rules.load("../b.rules").sources[1].filename == "../shared.rules"
    absolute = f'ruleset c version 1\nimport "{files / "shared.rules"}"\n'
    assert rules.parse(absolute).inputs[0].name == "x"


def test_a_file_is_read_once(files: Path) -> None:
    for name in "ab":
        (files / f"{name}.rules").write_text(
            f'ruleset {name} version 1\nimport "shared.rules"\nderive {name} if big\n'
        )
    ruleset = load(
        'ruleset m version 1\nimport "a.rules"\nimport "b.rules"\nimport "./shared.rules"\n'
        "derive c if a and b"
    )
    assert [item.name for item in ruleset.derived] == ["big", "a", "b", "c"]
    assert len(ruleset.sources) == 3


def test_like_declarations_may_be_repeated_in_another_file(files: Path) -> None:
    (files / "b.rules").write_text(
        "ruleset b version 1\ninput x: float\nentity P max 3\nparam c: prob = 0.5\n"
        "derive big if x < -100\n"
    )
    ruleset = load(
        'ruleset m version 1\nimport "shared.rules"\nimport "b.rules"\n'
        "entity P max 3\nparam c: float in 0..1 = 50%\ninput y: float\n"
    )
    assert [item.name for item in ruleset.inputs] == ["x", "y"]
    assert len(ruleset.derived[0].clauses) == 2
    assert len(ruleset.params) == len(ruleset.entities) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input x: int", "main.rules:3:7: error: x is declared otherwise in shared.rules:2"),
        ("derive x = 3", "main.rules:3:8: error: x is declared twice, first in shared.rules:2"),
        ("derive big = 3", "main.rules:3:8: error: big is declared twice, first in shared.rules:4"),
    ],
)
def test_unlike_declarations(files: Path, text: str, message: str) -> None:
    (found,) = errors(f'ruleset m version 1\nimport "shared.rules"\n{text}')
    assert found.startswith(message)


def test_one_decision_in_all_files(files: Path) -> None:
    decide = "decide o in {yes, no} policy first default no unknown no\n"
    Path("shared.rules").write_text(SHARED + decide)
    rule = 'rule r "t" o = yes if big\n'
    assert load(MAIN + rule).rules[0].outcome == "yes"
    (found,) = errors(MAIN + decide)
    assert "main.rules:4:8: error: a rule set makes one decision, o (shared.rules:5)" in found


def test_rules_keep_the_order_of_the_texts(files: Path) -> None:
    decide = "decide o in {yes, no} policy first default no unknown no\n"
    (files / "a.rules").write_text('ruleset a version 1\nrule a "t" o = yes if x > 1\n')
    text = (
        f'{MAIN}{decide}rule b "t" o = yes if x > 2\nimport "a.rules"\nrule c "t" o = no if y > 1'
    )
    assert [rule.name for rule in load(text).rules] == ["b", "a", "c"]


def test_tests_of_imported_files_are_left_out(files: Path) -> None:
    Path("shared.rules").write_text(SHARED + 'test "t" given nope = 1 expect nada')
    ruleset = load(MAIN + 'test "t" given x = 101 expect big')
    assert len(ruleset.tests) == 1
    assert all(result.passed for result in rules.run_tests(ruleset))


def test_errors_show_their_file(files: Path) -> None:
    Path("shared.rules").write_text(SHARED + "derive bad = x + flag\nderive over = 2_147_483_648\n")
    found = errors(MAIN + "derive worse = nope")
    assert [item.split(" error")[0] for item in found] == ["main.rules:4:16:", "shared.rules:5:18:"]
    assert "    derive bad = x + flag\n                     ^~~~" in found[1]
    Path("shared.rules").write_text(SHARED + "derive over = 2_147_483_648\n")
    assert errors(MAIN)[0].startswith("shared.rules:5:15: error: this int does not fit")
    Path("shared.rules").write_text(SHARED + "derive over = x +")
    assert errors(MAIN)[0].startswith("shared.rules:5:")


def test_hints_quote_the_imported_file(files: Path) -> None:
    Path("shared.rules").write_text(SHARED + "derive s if 1 < x < 5\n")
    assert "hint: write 1 < x and x < 5" in errors(MAIN)[0]
    Path("shared.rules").write_text(
        SHARED + "decide o in {a} policy first default a unknown a\n"
        'rule r "t" o = a if x > 1 because "{x:d}"\n'
    )
    assert errors(MAIN)[0].startswith("shared.rules:6:36: error: the format 'd' does not fit")


def test_findings_show_their_file(files: Path) -> None:
    ruleset = load(MAIN.replace("y > 3", "1 > 2"))
    (found,) = rules.check(ruleset)
    assert render(found, ruleset).startswith(
        "shared.rules:3:1: warning W001: the input y is never used\n    input y: float\n    ^~~"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sharde.rules", "there is no file sharde.rules\n"),
        ("sharde.rules", "hint: did you mean shared.rules?"),
        ("no/such/place.rules", "hint: paths are relative to the file that imports"),
        ("folder.rules", "cannot import folder.rules: "),
        ("shared.txt", "this is neither a rule file nor a table: shared.txt\n"),
        ("main.rules", "this import leads back to itself: main.rules -> main.rules"),
    ],
)
def test_files_that_cannot_be_imported(files: Path, name: str, message: str) -> None:
    Path("folder.rules").mkdir()
    (found,) = errors(f'ruleset m version 1\nimport "{name}"\n')
    assert found.startswith("main.rules:2:8: error: ") and message in found


def test_cycles_show_the_path(files: Path) -> None:
    for name, other in ("ab", "bc", "ca"):
        Path(f"{name}.rules").write_text(f'ruleset {name} version 1\nimport "{other}.rules"\n')
    (found,) = errors('ruleset m version 1\nimport "a.rules"\n')
    assert found.startswith(
        "c.rules:2:8: error: this import leads back to itself: a.rules -> b.rul"
    )
    assert "a.rules -> b.rules -> c.rules -> a.rules" in found


def test_a_text_without_a_folder(files: Path) -> None:
    with pytest.raises(RuleError, match="this text is in no folder"):
        rules.parse(MAIN)
    assert rules.parse(MAIN, filename="main.rules").derived
    assert rules.parse(MAIN, filename=str(files / "main.rules")).derived


def test_a_file_that_is_not_utf8(files: Path) -> None:
    Path("shared.rules").write_bytes(b"ruleset a version 1\n# caf\xe9\n")
    assert errors(MAIN)[0].startswith("shared.rules:2:1: error: the file is not UTF-8")


def test_tables_are_imported(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    span = ir.Span(line=2, column=1, end_line=2, end_column=4)
    word = syntax.Word(text="t", span=span)
    value = syntax.Comparison(
        operators=(">",),
        operands=(syntax.Name(text="x", span=span), syntax.Name(text="nope", span=span)),
        span=span,
    )

    def read_table(path: Path) -> tuple[tuple[syntax.Declaration, ...], str]:
        assert path == files / "limits.csv"
        declaration = syntax.DeriveDeclaration(
            name=word, type=None, value=value, is_clause=True, span=span
        )
        return (declaration,), "x,t\n1,2\n"

    module = types.ModuleType("rules.tables")
    module.read_table = read_table  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rules.tables", module)
    (found,) = errors(MAIN + 'import "limits.csv"')
    assert found.startswith("limits.csv:2:1: error: there is no input or derived name nope")
    assert "\n    1,2\n    ^~~" in found
