"""Rule sets as JSON: nothing lost, nothing accepted that no text says."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

import rules
from rules.errors import RuleError
from rules.language.interchange import canonical_json, from_json, to_json

EXAMPLES = sorted(Path(__file__).parents[1].glob("example*.rules"))
TEXT = """\
ruleset small version 1
entity Guarantor max 3
param cutoff: float = 3
input x: float > 0
input n: int in 0..9
input earns(Guarantor): float
derive strong if some g: earns(g) > 50
derive double: float = x * 2
decide o in {yes, no} policy priority default yes unknown no
rule r "t" [priority 3] o = no if double > cutoff and not strong because "{x:.1f}!"
test "t" given x = 1, earns(anna) = 3 expect o = yes
"""
FORM = to_json(rules.parse(TEXT))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("spans", [False, True])
def test_the_examples(path: Path, spans: bool) -> None:
    ruleset = rules.load(path)
    form = json.loads(json.dumps(to_json(ruleset, spans=spans)))
    again = from_json(form)
    assert again == ruleset
    assert again.sha256 == ruleset.sha256
    assert to_json(again, spans=False) == to_json(ruleset)
    if spans:
        assert (again.text, again.filename) == (ruleset.text, str(path))
        assert again.sources == ruleset.sources
        assert [item.span for item in again.derived] == [item.span for item in ruleset.derived]
        assert again.derived[0].clauses[0].span == ruleset.derived[0].clauses[0].span


def test_without_spans_there_are_no_places_and_no_text() -> None:
    assert "span" not in json.dumps(FORM) and "text" not in FORM
    ruleset = from_json(FORM)
    assert ruleset.text.startswith("ruleset small version 1\n")
    assert ruleset.rules[0].span is not None  # a place in the printed text


def test_what_is_left_at_its_default_is_left_out() -> None:
    assert FORM["entities"] == [
        {"is": "Entity", "name": "Guarantor", "maximum": 3,
         "type": {"is": "ObjectType", "entity": "Guarantor"}}
    ]  # fmt: skip
    assert FORM["inputs"][1]["type"] == {"is": "IntType", "low": 0, "high": 9}
    assert "constraints" not in FORM


def test_the_canonical_form_is_the_identity() -> None:
    ruleset = rules.parse(TEXT)
    form = json.loads(canonical_json(ruleset))
    assert form["format"] == 2 and "tests" not in form
    assert canonical_json(rules.parse(TEXT.replace("\n", "\n\n"))) == canonical_json(ruleset)


def test_numbers_of_programs_that_know_one_kind() -> None:
    form = json.loads(json.dumps(FORM), parse_float=lambda text: int(float(text)))
    assert type(form["params"][0]["value"]) is int
    assert from_json(form).sha256 == rules.parse(TEXT).sha256
    form = json.loads(json.dumps(FORM), parse_int=float)
    assert type(form["version"]) is float
    assert from_json(form).sha256 == rules.parse(TEXT).sha256


def changed(*path: str | int, value: Any = None, delete: bool = False) -> dict[str, Any]:
    form = copy.deepcopy(FORM)
    node: Any = form
    for step in path[:-1]:
        node = node[step]
    if delete:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return form


def message(form: Any) -> str:
    with pytest.raises(RuleError) as caught:
        from_json(form, filename="policy.json")
    assert str(caught.value).startswith("policy.json: error: $")
    return str(caught.value)


def test_not_a_form() -> None:
    assert "$: found [], expected an object" in message([])
    assert "$.format: found null, expected 2" in message({})
    assert "rules export" in message({})
    assert "found 3, expected 2" in message(changed("format", value=3))
    assert "another version of Rulax" in message(changed("format", value=3))
    assert "$.is: found 'Rule', expected Ruleset" in message(changed("is", value="Rule"))


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (changed("name", delete=True), "$: the field 'name' of Ruleset is missing"),
        (changed("name", value=3), "$.name: found 3, expected a text"),
        (changed("version", value="1"), "$.version: found '1', expected a whole number"),
        (changed("version", value=1.5), "$.version: found 1.5, expected a whole number"),
        (changed("version", value=True), "$.version: found true, expected a whole number"),
        (changed("rules", value={}), "$.rules: found {}, expected an array"),
        (changed("rules", 0, value=3), "$.rules[0]: found 3, expected an object"),
        (changed("rules", 0, "colour", value=3), "$.rules[0]: Rule has no field 'colour'"),
        (changed("rules", 0, "prority", value=3), "hint: did you mean priority?"),
        (changed("inputs", 0, "type", "is", value="FlotType"), "did you mean FloatType?"),
        (changed("inputs", 0, "type", "is", delete=True), "$.inputs[0].type.is: found null"),
        (changed("inputs", 0, "actionable", value=1), "found 1, expected true or false"),
        (changed("decision", "policy", value="prio"), "$.decision.policy: found 'prio'"),
        (changed("derived", 1, "clauses", 0, "op", value="**"), "clauses[0].op: found '**'"),
        (changed("params", 0, "value", value="3"), "$.params[0].value: found '3', expected a num"),
        (changed("params", 0, "value", value=True), "found true, expected a number"),
        (changed("rules", 0, "span", value=[1, 2]), "expected [line, column, end_line"),
        (changed("rules", 0, "span", value=[1, 2, 3, 4, "5"]), "expected [line, column"),
        (
            changed("decision", "default", value=3),
            "$.decision.default: found 3, expected a text or",
        ),
        (changed("rules", 0, "because", value=["a", 3]), "because[1]: found 3, expected a text or"),
    ],
)
def test_a_wrong_shape_is_told_with_its_path(form: Any, wanted: str) -> None:
    assert wanted in message(form)


NAME = ("rules", 0, "condition", "operands", 0, "left", "name")
WORD = ("rules", 0, "condition", "operands", 0, "left", "type")


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        # what a text could not say either
        (changed(*NAME, value="nope"), "$.rules[0]: there is no input or derived name nope"),
        (changed(*NAME, value="strong"), "$.rules[0]: "),
        (changed("rules", 0, "outcome", value="may be"), "$.rules[0]: may be is not an outcome"),
        (changed("rules", 0, "name", value="a b"), "$.rules[0]: found b"),
        (changed("inputs", 1, "name", value="x"), "$.inputs[1]: x is declared twice"),
        (changed("decision", "unknown", value="who"), "$.decision: who is not an outcome"),
        (changed("decision", delete=True), "the field 'decision' of Ruleset is missing"),
        (changed("decision", value=None), "$: there are rules, constraints or expectations"),
        (changed("derived", 0, "clauses", 0, "bindings", 0, "entity", value="G"),
         "$.derived[0].clauses[0]: "),
        # what the text of this form does not mean
        (changed(*WORD, value={"is": "IntType"}), "$.rules[0]: this is not what its text means"),
        (changed("derived", 0, "type", value={"is": "FloatType"}), "$.derived[0]"),
        (changed("derived", 0, "name", value="x = 1 derive weak"), "$.derived[0]"),
        (changed("inputs", 0, "type", "low", value=0.1), "$.inputs[0]: this is not what its text"),
        (changed("rules", 0, "title", value="a\rb"), ""),
    ],
)  # fmt: skip
def test_a_form_that_no_text_says_is_told_with_its_path(form: Any, wanted: str) -> None:
    if wanted:
        assert wanted in message(form)
    else:
        assert from_json(form).rules[0].title == "a\rb"


def test_derived_values_stand_after_those_they_read() -> None:
    ruleset = rules.parse(
        "ruleset a version 1\ninput x: float\nderive y: float = x + 1\nderive z: float = y + 1"
    )
    form = to_json(ruleset)
    form["derived"].reverse()
    assert "$.derived[0]: this is not what its text means" in message(form)


def test_forms_nested_without_end_are_refused() -> None:
    form = changed("rules", 0, "condition", value=None)
    node: Any = form["rules"][0]
    for _ in range(2000):
        node["condition" if "condition" in node else "operand"] = {"is": "Not", "operand": None}
        node = node.get("condition", node.get("operand"))
    assert "nested too deeply" in message(form)
