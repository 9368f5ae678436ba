from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.arguments import did_you_mean
from research.data.schema import Column, Schema

AGE = Column(name="age", kind="numeric", unit="years")
HOME = Column(name="home", kind="categorical", categories=("rent", "owner"))

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    every = draw(st.lists(names, min_size=3, max_size=7, unique=True))
    columns = []
    for name in every[2:]:
        categories = tuple(draw(st.lists(names, max_size=3, unique=True)))
        kind = "categorical" if categories else "numeric"
        columns.append(Column(name=name, kind=kind, categories=categories, unit=draw(names)))
    return Schema(columns=tuple(columns), key=every[0], target=every[1], classes=("no", "yes"))


@given(schemas())
def test_json_round_trip(schema: Schema) -> None:
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_a_schema_without_key_and_target_round_trips() -> None:
    schema = Schema(columns=(AGE, HOME))
    assert Schema.from_json(schema.to_json()) == schema


def test_names_and_lookup() -> None:
    schema = Schema(columns=(AGE, HOME))
    assert schema.names == ("age", "home")
    assert schema["home"] is HOME
    with pytest.raises(KeyError, match=r"no column 'Hom' in the schema; did you mean 'home'\?"):
        schema["Hom"]


def test_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        AGE.name = "years"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "", "kind": "numeric"}, "a column needs a name"),
        ({"name": "a", "kind": "numerical"}, "did you mean 'numeric'"),
        (
            {"name": "a", "kind": "numeric", "categories": ("x",)},
            "numeric but lists categories",
        ),
        ({"name": "a", "kind": "categorical"}, "lists no categories"),
        (
            {"name": "a", "kind": "categorical", "categories": ("x", "x")},
            "more than once: x",
        ),
    ],
)
def test_impossible_columns(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Column(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"columns": ()}, "at least one column"),
        ({"columns": (AGE, AGE)}, "more than once: age"),
        ({"columns": (AGE,), "key": "age"}, "more than once: age"),
        ({"columns": (AGE,), "target": "bad"}, "give both or neither"),
        ({"columns": (AGE,), "classes": ("no", "yes")}, "give both or neither"),
    ],
)
def test_impossible_schemas(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Schema(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "form", [{}, [], {"columns": [3]}, {"columns": [{"name": "a"}]}, {"columns": None}]
)
def test_other_json_is_refused(form: object) -> None:
    with pytest.raises(ValueError, match="not a schema"):
        Schema.from_json(form)  # type: ignore[arg-type]


def test_did_you_mean_ignores_case_and_stays_silent_when_nothing_is_near() -> None:
    assert did_you_mean("INCOM", ("income", "debt")) == "; did you mean 'income'?"
    assert did_you_mean("zebra", ("income", "debt")) == ""
