"""Fashion-MNIST: 70,000 photographs of garments, 28x28 grey pixels, ten kinds."""

from __future__ import annotations

from pathlib import Path

from research.data.datasets import idx
from research.data.datasets.idx import ImageDataset
from research.data.sources import DebianPackage, Download, Gunzip, Source

LICENCE = "MIT"
CITATION = (
    "H. Xiao, K. Rasul and R. Vollgraf (2017), Fashion-MNIST: a novel image dataset for "
    "benchmarking machine learning algorithms, https://arxiv.org/abs/1708.07747"
)
CLASSES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)

_SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
_PUBLISHED = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/"
    "b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion"
)


def _source(name: str, sha256: str) -> Source:
    return Source(
        name=f"fashion-{name}",
        sha256=sha256,
        licence=LICENCE,
        citation=CITATION,
        # Debian compresses anew, hence other .gz files.
        ways=(
            Gunzip(
                way=DebianPackage(
                    package="dataset-fashion-mnist",
                    member=f"usr/share/datasets/fashion-mnist/{name}.gz",
                )
            ),
            Gunzip(way=Download(url=f"{_PUBLISHED}/{name}.gz")),
        ),
    )


SOURCES = {name: _source(name, sha256) for name, sha256 in _SHA256.items()}


def load(cache: Path | None = None) -> ImageDataset:
    """Fetches (once) and reads the data.

    Args:
        cache: the folder for the fetched files; see `Source.path`.

    Raises:
        SourceError: if a file cannot be had.
        DatasetError: if the content is not the expected one.
    """
    return idx.load(SOURCES, CLASSES, cache)
