"""Sentiment: 23,703 short texts, each rated by 15 or more people from -4 to 4.

Sentences of Amazon reviews and of New York Times editorials, snippets of film reviews, and
tweets, as collected for VADER (Hutto and Gilbert, 2014). Left as they are in the files, apart
from white space at the ends. 84 texts repeat an earlier one word for word.

Sentences of one review or editorial belong together (`groups`): a split that has them on both
sides flatters a model. For film reviews the files don't tell which snippets are of one review.
"""

from __future__ import annotations

import dataclasses
import math
import tarfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from research.data.datasets.errors import DatasetError
from research.data.sources import Download, PyPIFile, Source

LICENCE = "MIT (vaderSentiment, which publishes the ratings)"
CITATION = (
    "C. J. Hutto and Eric Gilbert (2014), VADER: A Parsimonious Rule-based Model for Sentiment "
    "Analysis of Social Media Text, Eighth International Conference on Weblogs and Social Media"
)
_MEMBER = "additional_resources/hutto_ICWSM_2014.tar.gz"

SOURCE = Source(
    name="hutto_ICWSM_2014.tar.gz",
    sha256="d5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa",
    licence=LICENCE,
    citation=CITATION,
    ways=(
        PyPIFile(
            project="vaderSentiment",
            version="3.3.2",
            member=f"vaderSentiment-3.3.2/{_MEMBER}",
            sdist=True,
        ),
        Download(
            url="https://raw.githubusercontent.com/cjhutto/vaderSentiment/"
            f"44fc044cd877310ee8278a0eadf34bcd50d41d06/{_MEMBER}"
        ),
    ),
)

SOURCES = ("amazon", "movies", "nyt", "tweets")
_FILES = {
    "amazon": ("amazonReviewSnippets", 3708),
    "movies": ("movieReviewSnippets", 10605),
    "nyt": ("nytEditorialSnippets", 5190),
    "tweets": ("tweets", 4200),
}
_HIGHEST = 4.0


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Snippets:
    """The texts.

    Attributes:
        ids: source and number, such as "nyt-12_3": the third sentence of the twelfth editorial.
        texts: as written.
        ratings: float32 `[N]`, mean over the raters, -4 (most negative) to 4.
        sources: int32 `[N]`, positions in `SOURCES`.
        groups: int32 `[N]`, the same for sentences of one review or editorial.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    ratings: npt.NDArray[np.float32]
    sources: npt.NDArray[np.int32]
    groups: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: npt.NDArray[np.integer]) -> Snippets:
        """Those at some positions."""
        return Snippets(
            ids=tuple(self.ids[row] for row in rows),
            texts=tuple(self.texts[row] for row in rows),
            ratings=self.ratings[rows],
            sources=self.sources[rows],
            groups=self.groups[rows],
        )

    def distinct(self) -> Snippets:
        """Without the texts that repeat an earlier one, whatever its source."""
        first: dict[str, int] = {}
        for row, text in enumerate(self.texts):
            first.setdefault(text, row)
        return self.take(np.fromiter(first.values(), np.int64))


def load(cache: Path | None = None) -> Snippets:
    """Fetches (once), reads and checks the texts.

    Args:
        cache: the folder for the fetched file; see `Source.path`.

    Raises:
        SourceError: if the file cannot be had.
        DatasetError: if the content is not the expected one.
    """
    path = SOURCE.path(cache)
    parts: dict[str, list[str]] = {}
    try:
        with tarfile.open(path) as archive:
            for source, (name, _) in _FILES.items():
                file = archive.extractfile(f"hutto_ICWSM_2014/{name}_GroundTruth.txt")
                assert file is not None
                parts[source] = file.read().decode("utf-8-sig").split("\n")
    except (AssertionError, KeyError, OSError, tarfile.TarError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error
    snippets = parse(parts)
    check(snippets)
    return snippets


def parse(files: dict[str, list[str]]) -> Snippets:
    """Snippets from the lines of each source's file: number, mean rating and text, by tabs.

    Raises:
        DatasetError: for a line of another form, with its number.
    """
    ids, texts, ratings, sources = [], [], [], []
    for source, lines in files.items():
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            identifier, rating, text = _fields(source, number, line)
            ids.append(f"{source}-{identifier}")
            texts.append(text)
            ratings.append(rating)
            sources.append(SOURCES.index(source))
    return Snippets(
        ids=tuple(ids),
        texts=tuple(texts),
        ratings=np.array(ratings, np.float32),
        sources=np.array(sources, np.int32),
        groups=_numbered(identifier.partition("_")[0] for identifier in ids),
    )


def check(snippets: Snippets) -> None:
    """Holds the number of texts of each source against what is published.

    Raises:
        DatasetError: if it is another one; names what differs.
    """
    found = np.bincount(snippets.sources, minlength=len(SOURCES)).tolist()
    expected = [rows for _, rows in _FILES.values()]
    wrong = [
        f"{name} (found {f}, expected {e})"
        for name, f, e in zip(SOURCES, found, expected, strict=True)
        if f != e
    ]
    if wrong:
        raise DatasetError(f"these are not the published snippets: {', '.join(wrong)}")


def _fields(source: str, number: int, line: str) -> tuple[str, float, str]:
    fields = line.rstrip("\r").split("\t")
    try:
        identifier, rating, text = fields[0], float(fields[1]), fields[2].strip()
    except (IndexError, ValueError):
        raise DatasetError(
            f"{source}, line {number} is {line[:60]!r}, expected a number, a rating and a text, "
            "separated by tabs"
        ) from None
    if not (math.isfinite(rating) and abs(rating) <= _HIGHEST):
        raise DatasetError(f"{source}, line {number} has the rating {rating}, expected -4 to 4")
    return identifier, rating, text


def _numbered(names: Iterable[str]) -> npt.NDArray[np.int32]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int32)
