"""The published schema is that of the IR, and accepts what `to_json` writes."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import rules
from rules.language.interchange import to_json
from rules.language.json_schema import schema

PUBLISHED = Path(__file__).parents[3] / "docs" / "ir.schema.json"
EXAMPLES = sorted(Path(__file__).parents[1].glob("example*.rules"))
VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_the_published_schema_is_that_of_the_ir() -> None:
    """If this fails: `python -m rules export --schema > docs/ir.schema.json`."""
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == schema()


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("spans", [False, True])
def test_rule_sets_are_valid(path: Path, spans: bool) -> None:
    VALIDATOR.validate(json.loads(json.dumps(to_json(rules.load(path), spans=spans))))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("format",), 1),
        (("is",), "Rule"),
        (("rules", 0, "colour"), "red"),
        (("rules", 0, "condition"), None),
        (("rules", 0, "condition", "is"), "Xor"),
        (("decision", "policy"), "last"),
        (("inputs", 0, "type"), {"is": "FloatType", "low": "0"}),
        (("inputs", 0, "span"), [1, 2, 3, 4]),
    ],
)
def test_other_forms_are_not(place: tuple[str | int, ...], value: Any) -> None:
    form: Any = copy.deepcopy(to_json(rules.load(EXAMPLES[0])))
    node = form
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value
    assert list(VALIDATOR.iter_errors(form))
