import json
from pathlib import Path

import rules
from rules.language.interchange import to_json
from rules.language.json_schema import schema
from rules.language.ruleset_printer import ruleset_text
from tests.rules.cli.command import TEXT, Captured, run


def test_export_prints_json(policy: Path, capsys: Captured) -> None:
    code, out, err = run(capsys, "export", policy)
    assert (code, err) == (0, "")
    assert json.loads(out) == to_json(rules.parse(TEXT))
    assert run(capsys, "export", "--json", policy) == (0, out, "")
    _, out, _ = run(capsys, "export", "--spans", policy)
    assert json.loads(out)["text"] == TEXT


def test_export_prints_text(policy: Path, capsys: Captured) -> None:
    expected = ruleset_text(rules.parse(TEXT))
    assert run(capsys, "export", "--text", policy) == (0, expected, "")


def test_export_reads_json(policy: Path, capsys: Captured) -> None:
    path = policy.with_name("policy.json")
    path.write_text(json.dumps(to_json(rules.parse(TEXT))))
    expected = ruleset_text(rules.parse(TEXT))
    assert run(capsys, "export", "--text", path) == (0, expected, "")


def test_export_of_the_schema(policy: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, "export", "--schema")
    assert code == 0 and json.loads(out) == schema()
    for arguments in (["--schema", policy], []):
        code, _, err = run(capsys, "export", *arguments)
        assert code == 2 and "name one FILE to export, or none with --schema" in err


def test_export_of_what_is_no_rule_set(policy: Path, capsys: Captured) -> None:
    path = policy.with_name("bad.json")
    path.write_text("{")
    code, _, err = run(capsys, "export", path)
    assert code == 2 and f"{path} is not JSON: Expecting" in err
    path.write_text('{"format": 1}')
    code, _, err = run(capsys, "export", path)
    assert code == 1 and err.startswith(f"{path}: error: $.format: found 1, expected 2")
    assert run(capsys, "export", policy.with_name("none.json"))[0] == 2
