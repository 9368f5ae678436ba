"""What cases tell of guarantors and payments, as columns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import rules
from experiments.credit.told import told_columns
from research.data.tables import read_table

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def policy():
    return rules.load(ROOT / "experiments/credit/policy.rules")


def test_nobody_where_nothing_is_told(policy):
    found = told_columns(policy, 3)
    assert {name: column.shape for name, column in found.items()} == {
        "Guarantor": (3, 4),
        "Payment": (3, 36),
        "signed": (3, 4),
        "earns": (3, 4),
        "in_arrears": (3, 4),
        "days_late": (3, 36),
    }
    assert not found["Guarantor"].any()
    assert not found["Payment"].any()


def test_other_columns_tell_nothing(policy):
    table = pa.table({"age": [30, 40], "note": ["x", "y"]})
    for name, column in told_columns(policy, 2, table).items():
        np.testing.assert_array_equal(column, told_columns(policy, 2)[name])


def test_a_policy_without_entities_reads_nothing():
    flat = rules.load(ROOT / "benchmarks/lending.rules")
    assert told_columns(flat, 3, pa.table({"earns": [1, 2, 3]})) == {}


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_files(policy, tmp_path, suffix):
    rows = [
        {"age": 30, "signed": ["anna"], "earns": {"anna": 50, "bob": 20}},
        {"age": 40, "signed": None, "earns": None},
        {"age": 50, "signed": ["eva"], "earns": None},
    ]
    path = tmp_path / f"cases.{suffix}"
    if suffix == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        lines = ["age,signed,earns"]
        for row in rows:
            cells = ["" if row[n] is None else json.dumps(row[n]) for n in ("signed", "earns")]
            quoted = ['"' + c.replace('"', '""') + '"' if c else "" for c in cells]
            lines.append(",".join([str(row["age"]), *quoted]))
        path.write_text("\n".join(lines) + "\n")
    found = told_columns(policy, 3, read_table(path))
    assert found["Guarantor"].tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    assert found["signed"][0].tolist()[:2] == [1, 0]
    assert found["earns"][0].tolist()[:2] == [50, 20]
    assert np.isnan(found["earns"][2][0])
    assert not found["Payment"].any()


def test_listed_guarantors_are_kept(policy):
    table = pa.table({"Guarantor": [["anna"], None]})
    assert told_columns(policy, 2, table)["Guarantor"].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]
    texts = pa.table({"Guarantor": ['["anna"]', None]})
    assert told_columns(policy, 2, texts)["Guarantor"].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]
    empty = pa.table({"Guarantor": pa.nulls(2), "signed": [["anna"], None]})
    assert told_columns(policy, 2, empty)["Guarantor"].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]
    maybe = pa.table({"Guarantor": [{"anna": True}, None]})
    assert told_columns(policy, 2, maybe)["Guarantor"].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]


def test_too_many_guarantors(policy):
    with pytest.raises(ValueError, match="Guarantor"):
        told_columns(policy, 1, pa.table({"signed": [["a", "b", "c", "d", "e"]]}))
