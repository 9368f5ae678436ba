from __future__ import annotations

import importlib.util
import types
from pathlib import Path

import numpy as np
import pytest

from research.data.datasets import DatasetError, digits


def test_the_scans() -> None:
    pytest.importorskip("sklearn")
    scans = digits.load()
    assert len(scans) == 1797
    assert scans.images.shape == (1797, 8, 8, 1)
    assert scans.images.dtype == np.float32
    assert (scans.images.min(), scans.images.max()) == (0, 1)
    assert np.all(scans.images * 16 == np.round(scans.images * 16))
    assert scans.labels.dtype == np.int32
    assert np.bincount(scans.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_other_scans_are_refused() -> None:
    with pytest.raises(DatasetError, match="not the digits as published"):
        digits.from_arrays(np.zeros((2, 8, 8)), np.zeros(2))


def test_scikit_learn_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DatasetError, match=r"scikit-learn, .* pip install 'rulax\[datasets\]'"):
        digits.load()


def test_its_file_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    elsewhere = types.SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: elsewhere)
    with pytest.raises(DatasetError, match=r"this scikit-learn has no file .*digits\.csv\.gz"):
        digits.load()


def test_they_are_as_scikit_learn_reads_them() -> None:
    bunch = pytest.importorskip("sklearn.datasets").load_digits()
    scans = digits.load()
    np.testing.assert_array_equal(scans.images[..., 0] * 16, bunch.images)
    np.testing.assert_array_equal(scans.labels, bunch.target)
