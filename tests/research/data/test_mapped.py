from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from research.data.mapped import Mapped, MappedError, write_mapped

ROWS = {
    "image": np.arange(60, dtype=np.uint8).reshape(10, 2, 3),
    "label": np.arange(10, dtype=np.int64),
    "known": np.arange(10) % 2 == 0,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_mapped(tmp_path / "examples", [ROWS]).path


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=6).filter(any),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    st.sampled_from(["<f4", ">f4", "<f8", ">i4", "u1", "?", "<f2", "<c8"]),
    st.data(),
)
def test_what_was_written_comes_back(tmp_path_factory, lengths, shape, dtype, data) -> None:
    whole = data.draw(hnp.arrays(dtype, (sum(lengths), *shape)))
    cuts = np.cumsum(lengths)[:-1]
    batches = [{"x": part, "n": np.ones(len(part))} for part in np.split(whole, cuts)]
    source = write_mapped(tmp_path_factory.mktemp("mapped") / "x", iter(batches))
    assert len(source) == len(whole)
    indices = np.array(data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8)), np.int64)
    taken = source.take(indices)["x"]
    assert taken.dtype == whole.dtype.newbyteorder("<")
    assert type(taken) is np.ndarray
    np.testing.assert_array_equal(taken, whole[indices])
    np.testing.assert_array_equal(np.load(source.path / "x.npy"), whole)
    source.verify()


def test_the_manifest_has_what_is_needed_to_check(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    digest = hashlib.sha256(ROWS["image"].tobytes()).hexdigest()
    assert manifest["examples"] == 10
    assert manifest["arrays"]["image"] == {"dtype": "|u1", "shape": [2, 3], "sha256": digest}
    assert Mapped(folder).checksums["image"] == digest
    assert sorted(path.name for path in folder.iterdir()) == [
        "image.npy",
        "known.npy",
        "label.npy",
        "manifest.json",
    ]


def test_pickles_as_its_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    pickled = pickle.dumps(Mapped("examples"))
    assert len(pickled) < 500
    monkeypatch.chdir(folder)
    np.testing.assert_array_equal(pickle.loads(pickled).take(np.array([3]))["label"], [3])


def test_damage_is_found(folder: Path) -> None:
    path = folder / "image.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    source = Mapped(folder)  # nothing to see from outside
    with pytest.raises(MappedError, match="image.npy has the SHA-256 .*: it is damaged"):
        source.verify()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    def batches():
        yield ROWS
        raise error

    with pytest.raises(type(error)):
        write_mapped(tmp_path / "examples", batches())
    assert list(tmp_path.iterdir()) == []


def test_two_writers_one_wins(tmp_path: Path) -> None:
    def batches():
        yield ROWS
        write_mapped(tmp_path / "examples", [ROWS])

    with pytest.raises(MappedError, match="cannot make .*examples: Directory not empty"):
        write_mapped(tmp_path / "examples", batches())
    Mapped(tmp_path / "examples").verify()
    assert [path.name for path in tmp_path.iterdir()] == ["examples"]


def with_other(**arrays: np.ndarray) -> list[dict[str, np.ndarray]]:
    return [ROWS, ROWS | arrays]


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([], "found no example to write"),
        ([{"x": np.zeros((0, 2))}], "found no example to write"),
        ([{}], "found no example to write"),
        ([{"a/b": np.zeros(2)}], "'a/b' can't be a file name: use letters"),
        ([{"x": np.array(["a"])}], r"'x' is <U1 \[1\], expected booleans or numbers"),
        ([{"x": np.float32(1)}], r"'x' is float32 \[\], expected booleans or numbers, one row"),
        (with_other(label=np.zeros(10)), "batch 1 has .*label: float64 .M.*first.*label: int64"),
        (with_other(image=np.zeros((10, 3), np.uint8)), r"image: uint8 \[M, 3\]"),
        (with_other(more=np.zeros(10)), "batch 1 has .*more: float64"),
        (with_other(label=np.arange(9)), "batch 1 has the lengths .*'label': 9"),
        ([{"x": np.zeros(2), "y": np.zeros(3)}], "batch 0 has the lengths"),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, batches: list, message: str) -> None:
    with pytest.raises(MappedError, match=message):
        write_mapped(tmp_path / "examples", batches)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_left_alone(folder: Path) -> None:
    with pytest.raises(MappedError, match="examples exists: delete it or choose another folder"):
        write_mapped(folder, [ROWS])


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda f: (f / "manifest.json").unlink(),
            "manifest.json is missing: make the folder with",
        ),
        (lambda f: (f / "manifest.json").write_text("{"), "manifest.json is damaged"),
        (lambda f: (f / "manifest.json").write_text("[]"), "manifest.json is damaged .TypeError"),
        (lambda f: rewrite(f, format=2), "has the format 2, expected 1"),
        (lambda f: rewrite(f, arrays={"x": {}}), "is damaged .KeyError: 'sha256'"),
        (lambda f: (f / "label.npy").unlink(), "cannot map .*label.npy"),
        (lambda f: (f / "label.npy").write_bytes(b"x" * 200), "cannot map .*label.npy"),
        (
            lambda f: (f / "label.npy").write_bytes((f / "label.npy").read_bytes()[:-1]),
            "cannot map .*label.npy",
        ),
        (
            lambda f: np.save(f / "label.npy", np.zeros(10, np.int32)),
            r"label.npy holds int32 \[10\], the manifest says int64 \[10\]",
        ),
        (lambda f: np.save(f / "label.npy", np.zeros(9, np.int64)), r"holds int64 \[9\]"),
    ],
)
def test_folders_that_cannot_be_read(folder: Path, damage, message: str) -> None:
    damage(folder)
    with pytest.raises(MappedError, match=message):
        Mapped(folder)


def test_no_header_grows_beyond_its_place(tmp_path: Path) -> None:
    # numpy reserves room for the digits of the first axis; written first with length 0.
    batches = [{"x": np.zeros(100, np.uint8)}] * 1000
    with mock.patch("os.fsync"):
        source = write_mapped(tmp_path / "examples", batches)
    assert len(source) == 100_000
    source.verify()
