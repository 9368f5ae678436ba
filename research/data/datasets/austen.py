"""Jane Austen's six novels: 4 million characters of one author's prose, by chapter.

Cleaned as little as a model of the prose needs:

- title pages, headings of chapters and volumes, "Finis" and the editors' notes are left out;
- the lines of a paragraph are joined, and white space within it is one space: where a line
  breaks says something about the page, nothing about the text;
- underscores and asterisks, which stand for italics and footnotes, are left out.

Spelling, quotation marks (straight) and dashes (`--`) stay as they are in each edition.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

from research.data.datasets.errors import DatasetError
from research.data.sources import DebianPackage, Download, RText, Source

LICENCE = "public domain (the novels); MIT (janeaustenr, which packs them)"
CITATION = (
    "Julia Silge (2022), janeaustenr: Jane Austen's Complete Novels, an R package with the texts "
    "of Project Gutenberg"
)
_REPOSITORY = (
    "https://raw.githubusercontent.com/juliasilge/janeaustenr/"
    "2b8d5936ca112bb0b3dfc9ebd97c64c345c09fcf/data"
)
_DATA_BASE = DebianPackage(
    package="r-cran-janeaustenr", member="usr/lib/R/site-library/janeaustenr/data/Rdata.rdb"
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Edition:
    title: str
    published: int
    file: str
    first: str
    sha256: str
    chapters: int

    @property
    def source(self) -> Source:
        """The lines as published; the digest is of the text, not of how R packed it."""
        return Source(
            name=f"{self.file}.txt",
            sha256=self.sha256,
            licence=LICENCE,
            citation=CITATION,
            ways=(
                RText(way=_DATA_BASE, first=self.first),
                RText(way=Download(url=f"{_REPOSITORY}/{self.file}.rda"), first=self.first),
            ),
        )


_EDITIONS = (
    _Edition(
        title="Sense and Sensibility",
        published=1811,
        file="sensesensibility",
        first="SENSE AND SENSIBILITY",
        sha256="105e1651fe93bed7130078578efd31e0c557d68667ba672ddc876f735b30fe09",
        chapters=50,
    ),
    _Edition(
        title="Pride and Prejudice",
        published=1813,
        file="prideprejudice",
        first="PRIDE AND PREJUDICE",
        sha256="dfc684d4f857fa938268f9ab9c5567b64bd0691251eca959644adeabe6287a4d",
        chapters=61,
    ),
    _Edition(
        title="Mansfield Park",
        published=1814,
        file="mansfieldpark",
        first="MANSFIELD PARK",
        sha256="98bc90519cdf4ef663ad7de2734bb529435ef24f7abbde6bb1a50898871dafe9",
        chapters=48,
    ),
    _Edition(
        title="Emma",
        published=1815,
        file="emma",
        first="EMMA",
        sha256="7c67b5985c6d0de1efaeb5d342d52cb82c38083c40e2295129e30e87ee690ebe",
        chapters=55,
    ),
    _Edition(
        title="Northanger Abbey",
        published=1817,
        file="northangerabbey",
        first="NORTHANGER ABBEY",
        sha256="51f91bbe0517db8e65cff009b097ce0a1836124c4e0532ac19e6c0cad982abed",
        chapters=31,
    ),
    _Edition(
        title="Persuasion",
        published=1817,
        file="persuasion",
        first="Persuasion",
        sha256="8061549557aebd2fd6e353d18d9197cb707029112bd52d4d8b174583a925848a",
        chapters=24,
    ),
)
SOURCES = {edition.title: edition.source for edition in _EDITIONS}

_CHAPTER = re.compile(r"\s*chapter\s+(?:\d+|[ivxl]+)\s*", re.IGNORECASE)
_LEFT_OUT = re.compile(r"\s*(?:volume\s+[ivxl]+|finis|the end|\[.*\]|[\s*]*)\s*", re.IGNORECASE)
_NOTES = re.compile(r"\s*\*\s*Vide ")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Novel:
    """One of the six.

    Attributes:
        title: of the novel.
        published: the year.
        chapters: their texts in order; paragraphs are separated by a line break.
    """

    title: str
    published: int
    chapters: tuple[str, ...]

    @property
    def text(self) -> str:
        """All chapters; each ends with a line break."""
        return "".join(f"{chapter}\n" for chapter in self.chapters)


def load(cache: Path | None = None) -> tuple[Novel, ...]:
    """Fetches (once), reads, cleans and checks the novels, in the order of their publication.

    Args:
        cache: the folder for the fetched files; see `Source.path`.

    Raises:
        SourceError: if a file cannot be had.
        DatasetError: if the content is not the expected one.
    """
    novels = []
    for edition in _EDITIONS:
        lines = edition.source.path(cache).read_text(encoding="utf-8").split("\n")
        chapters = tuple(chapters_of(lines))
        if len(chapters) != edition.chapters:
            raise DatasetError(
                f"this is not {edition.title} as published: found {len(chapters)} chapters, "
                f"expected {edition.chapters}"
            )
        novels.append(Novel(title=edition.title, published=edition.published, chapters=chapters))
    return tuple(novels)


def chapters_of(lines: Sequence[str]) -> list[str]:
    """The chapters of a novel given line by line, cleaned; what is before the first is left out."""
    ends = next((row for row, line in enumerate(lines) if _NOTES.match(line)), len(lines))
    heads = [row for row, line in enumerate(lines[:ends]) if _CHAPTER.fullmatch(line)]
    return [
        _paragraphs(lines[head + 1 : following])
        for head, following in zip(heads, [*heads[1:], ends], strict=True)
    ]


def _paragraphs(lines: Sequence[str]) -> str:
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if _LEFT_OUT.fullmatch(line):
            paragraphs.append([])
        else:
            paragraphs[-1].extend(line.replace("_", "").replace("*", "").split())
    return "\n".join(" ".join(words) for words in paragraphs if words)
