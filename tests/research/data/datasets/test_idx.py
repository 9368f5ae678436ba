from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from research.data.datasets import DatasetError, fashion, idx, mnist
from research.data.sources import Download, Source, SourceError

CLASSES = ("nothing", "something")


def written(path: Path, array: np.ndarray, kind: int = 8) -> Path:
    head = struct.pack(">BBBB", 0, 0, kind, array.ndim) + struct.pack(
        f">{array.ndim}I", *array.shape
    )
    path.write_bytes(head + array.astype(np.uint8).tobytes())
    return path


@pytest.mark.parametrize("shape", [(3, 4, 5), (7,), (0, 28, 28)])
def test_reading(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape)
    found = idx.read(written(tmp_path / "file", array))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, array)


def test_another_kind_of_file(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="begins with 00 00 0d, an IDX file of bytes begins"):
        idx.read(written(tmp_path / "floats", np.zeros(3), kind=13))
    packed = tmp_path / "packed"
    packed.write_bytes(b"\x1f\x8b\x08\x00more")
    with pytest.raises(DatasetError, match=r"begins with 1f 8b 08, .* \(a \.gz file must be unp"):
        idx.read(packed)
    packed.write_bytes(b"")
    with pytest.raises(DatasetError, match="begins with nothing"):
        idx.read(packed)


@pytest.mark.parametrize("cut", [1, 60, 70])
def test_a_file_that_is_not_whole(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "file", np.ones((3, 4, 5)))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DatasetError, match="it is not whole"):
        idx.read(path)


def test_images_and_labels_fit_each_other() -> None:
    images = np.zeros((2, 4, 4), np.uint8)
    part = idx.labelled(images, np.array([0, 1], np.uint8), CLASSES)
    assert (part.images.shape, part.labels.dtype, len(part)) == ((2, 4, 4, 1), np.int32, 2)
    with pytest.raises(DatasetError, match=r"images \[2, 4, 4\] and labels \[3\], expected"):
        idx.labelled(images, np.zeros(3, np.uint8), CLASSES)
    with pytest.raises(DatasetError, match="labels run up to 2, expected 0 to 1: one of nothing"):
        idx.labelled(images, np.array([0, 2], np.uint8), CLASSES)


def test_loading_four_files(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    arrays = [
        random.integers(0, 256, (5, 4, 4)),
        random.integers(0, 2, 5),
        random.integers(0, 256, (3, 4, 4)),
        random.integers(0, 2, 3),
    ]
    sources = {}
    for name, array in zip(idx.FILES, arrays, strict=True):
        path = written(tmp_path / name, array)
        sources[name] = Source(
            name=name,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            licence="none",
            citation="none",
            ways=(Download(url=path.as_uri()),),
        )
    dataset = idx.load(sources, CLASSES, tmp_path / "cache")
    np.testing.assert_array_equal(dataset.train.images[..., 0], arrays[0])
    np.testing.assert_array_equal(dataset.test.labels, arrays[3])
    assert dataset.classes == CLASSES


@pytest.mark.parametrize(
    ("module", "mean", "spread", "counts"),
    [
        # The constants by which everybody standardises.
        (fashion, 0.2860, 0.3530, [6000] * 10),
        (
            mnist,
            0.1307,
            0.3081,
            [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
        ),
    ],
)
def test_the_published_data(module: object, mean: float, spread: float, counts: list[int]) -> None:
    try:
        dataset = module.load()  # type: ignore[attr-defined]
    except SourceError as error:
        pytest.skip(f"needs the data: {error}")
    pixels = dataset.train.images.astype(np.float32) / 255
    assert abs(pixels.mean() - mean) < 1e-4
    assert abs(pixels.std() - spread) < 1e-4
    assert np.bincount(dataset.train.labels).tolist() == counts
    assert dataset.train.images.shape == (60_000, 28, 28, 1)
    assert dataset.test.images.shape == (10_000, 28, 28, 1)
    assert len(dataset.classes) == 10


def test_each_file_has_a_name_of_its_own() -> None:
    names = [source.file_name for m in (fashion, mnist) for source in m.SOURCES.values()]
    assert len(set(names)) == 8
    assert tuple(fashion.SOURCES) == tuple(mnist.SOURCES) == idx.FILES
