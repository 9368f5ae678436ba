from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest

from research.data.datasets import DatasetError, adult
from research.data.sources import Download, SourceError
from research.data.tables import TableError

LINES = """\
39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, Male, \
2174, 0, 40, United-States, <=50K
52, ?, 83311, HS-grad, 9, Married-AF-spouse, ?, Wife, Asian-Pac-Islander, Female, 0, 1902, 13, \
Trinadad&Tobago, >50K
"""


def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> Path:
    (tmp_path / "file").write_text(text)
    source = dataclasses.replace(
        adult.SOURCE,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        ways=(Download(url=(tmp_path / "file").as_uri()),),
    )
    monkeypatch.setattr(adult, "SOURCE", source)
    return tmp_path / "cache"


def test_cleaning() -> None:
    columns = zip(*(line.split(", ") for line in LINES.splitlines()), strict=True)
    raw = dict(zip(adult._FILE_NAMES, columns, strict=True))
    first, second = adult.clean(raw).to_table().to_pylist()
    assert first["id"] == "adult-00001"
    assert (first["workclass"], first["education_num"]) == ("state_gov", 13)
    assert (first["capital_gain"], first["income"]) == (2174, "at_most_50k")
    assert (second["workclass"], second["occupation"]) == (None, None)
    assert (second["race"], second["sex"]) == ("asian_pac_islander", "female")
    assert second["native_country"] == "trinidad_and_tobago"
    assert second["income"] == "above_50k"
    assert "fnlwgt" not in first and "education" not in first
    with pytest.raises(TableError, match="no column 'age'"):
        adult.clean({name: values for name, values in raw.items() if name != "age"})


def test_other_content_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cache = served(monkeypatch, tmp_path, LINES)
    with pytest.raises(DatasetError, match=r"rows \(found 2, expected 32561\)") as caught:
        adult.load(cache)
    assert "missing occupation (found 1, expected 1843)" in str(caught.value)
    assert "not the Adult data as published" in str(caught.value)


def test_a_torn_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cache = served(monkeypatch, tmp_path, LINES + "39, State-gov\n")
    with pytest.raises(DatasetError, match="line 3 has 2 values, expected 15"):
        adult.load(cache)


def test_the_real_data() -> None:
    local = dataclasses.replace(adult.SOURCE, ways=adult.SOURCE.ways[:1])
    try:
        people = adult.load(local.path().parent)
    except SourceError:
        pytest.skip("needs the Adult data, in the cache or in an installed mglearn")
    assert len(people) == 32561
    assert people.target.sum() == 7841
    missing = {
        name: int((np.isnan(values) if values.dtype.kind == "f" else values < 0).sum())
        for name, values in people.columns.items()
    }
    # Nothing got lost on the way from the file's spelling to the schema's.
    assert {n: c for n, c in missing.items() if c} == {
        "workclass": 1836,
        "occupation": 1843,
        "native_country": 583,
    }
    assert sum(missing.values()) == 4262
    assert (people.columns["sex"] == 0).sum() == 10771
    seen = [set(people.columns[c.name]) for c in adult.SCHEMA.columns if c.categories]
    assert all(-1 in codes or min(codes) == 0 for codes in seen)
