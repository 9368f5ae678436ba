from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from research.data.datasets.pickles import load_frame

pandas = pytest.importorskip("pandas")


class Runs:
    """Calls something when it is unpickled."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_of_a_malicious_pickle_runs(tmp_path: Path, protocol: int) -> None:
    victim = tmp_path / "victim"
    for function in (os.system, eval, exec, getattr, __import__):
        data = pickle.dumps(Runs(function, f"touch {victim}"), protocol=protocol)
        with pytest.raises(pickle.UnpicklingError, match="which a table does not need"):
            load_frame(data)
    assert not victim.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (b"os", b"system"),
        (b"builtins", b"eval"),
        (b"numpy", b"load"),
        (b"numpy", b"ndarray.tofile"),
        (b"pandas", b"read_pickle"),
        (b"pandas.core.frame", b"DataFrame.to_csv"),
        (b"numpy.core.multiarray", b"scalar"),
        (b"functools", b"partial"),
    ],
)
def test_only_listed_names_are_admitted(module: bytes, name: bytes) -> None:
    def text(value: bytes) -> bytes:
        return pickle.SHORT_BINUNICODE + bytes([len(value)]) + value

    data = pickle.PROTO + b"\x04" + text(module) + text(name) + pickle.STACK_GLOBAL + b"."
    with pytest.raises(pickle.UnpicklingError, match=name.decode()):
        load_frame(data)


@pytest.mark.parametrize("data", [b"", b"nonsense", pickle.dumps({"a": 1})[:-3]])
def test_damaged_pickles(data: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError):
        load_frame(data)


def test_other_objects() -> None:
    with pytest.raises(pickle.UnpicklingError, match="found a dict, expected a DataFrame"):
        load_frame(pickle.dumps({"a": 1}))
