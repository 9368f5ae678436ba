from __future__ import annotations

import builtins
from typing import Any

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
    real = builtins.__import__

    def without_sklearn(name: str, *arguments: Any, **more: Any) -> Any:
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without_sklearn)
    with pytest.raises(DatasetError, match=r"scikit-learn, .* pip install 'rulax\[datasets\]'"):
        digits.load()
