"""Files of cases."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from rules.cases import decode_case, encode, read_cases
from rules.language import ir
from tests.rules.engines.building import ruleset

RULES = ruleset(
    [],
    inputs={
        "income": ir.FloatType(low=0.0, low_open=True),
        "age": ir.IntType(0, 120),
        "member": ir.BOOL,
        "purpose": ir.EnumType(("car", "education", "business")),
    },
)
ONE = {"income": 30_000, "age": 40, "member": True, "purpose": "car"}


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("income,age,member,purpose,note\n3e4,40,yes,car,a\n,NA,,,b\n", "utf-8")
    encoded = encode(RULES, read_cases(path))
    assert decode_case(RULES, encoded, 0) == {**ONE, "income": 30_000.0}
    assert decode_case(RULES, encoded, 1) == dict.fromkeys(ONE)


def test_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"income": 1.5, "age": 3}\n\n{"age": null, "purpose": "car"}\n', "utf-8")
    table = read_cases(path)
    assert table.to_pylist() == [
        {"income": 1.5, "age": 3, "purpose": None},
        {"income": None, "age": None, "purpose": "car"},
    ]


def test_parquet(tmp_path: Path) -> None:
    table = pa.table({"income": [1.0, None]})
    pyarrow.parquet.write_table(table, tmp_path / "cases.parquet")
    assert read_cases(str(tmp_path / "cases.parquet")).equals(table)


def test_a_csv_with_a_header_only_has_no_cases(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("income,age,member,purpose\n")
    assert len(encode(RULES, read_cases(path))["age"]) == 0


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("cases.xlsx", "x", ["cannot read .xlsx, expected one of .csv, .jsonl, .parquet"]),
        ("cases", "x", ["cannot read a file without suffix"]),
        ("cases.csv", "", ["the file is empty, expected cases"]),
        ("cases.csv", "a,b\n1,2\n1,2,3\n", ["cases.csv", "Row #3", "Expected 2 columns, got 3"]),
        ("cases.csv", "a,a\n1,2\n", ["the column a occurs twice"]),
        ("cases.jsonl", '{"a": 1}\n{"a": }\n', ["cases.jsonl:2:7: this is not JSON"]),
        ("cases.jsonl", '{"a": 1}\n[1]\n', ["cases.jsonl:2: found [1], expected an object"]),
        ("cases.jsonl", '{"a": 1}\n{"a": "x"}\n', ["column a mixes kinds of values"]),
        ("cases.parquet", "nonsense", ["cases.parquet"]),
    ],
)
def test_unreadable_files(tmp_path: Path, name: str, content: str, texts: list[str]) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError) as caught:
        read_cases(tmp_path / name)
    for text in texts:
        assert text in str(caught.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.csv: no such file"):
        read_cases(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "purpose\ncaf\xe9\n"),
        ("b.csv", "caf\xe9\n1\n"),
        ("c.jsonl", '{"purpose": "caf\xe9"}'),
    ],
)
def test_a_file_that_is_not_utf_8(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=f"{name}: this is not UTF-8"):
        read_cases(path)
