import dataclasses

import pytest

from research.data.datasets import DatasetError, austen
from research.data.sources import Download, SourceError
from research.data.sources.cache import sha256_of

PAGE = """EMMA

By Jane Austen


VOLUME I


CHAPTER I


Emma Woodhouse, handsome,
clever,  and _rich_, with a comfortable
home.

"Indeed!" said he.*

     * * * * *

    A line of verse,
      and one more.
CHAPTER II
[A note of the editor.]
Mr. Weston was a native.


FINIS


*Vide a letter from Mr. Richardson.
Nothing of this.
"""


def test_pages_become_chapters():
    first, second = austen.chapters_of(PAGE.split("\n"))
    assert first == (
        "Emma Woodhouse, handsome, clever, and rich, with a comfortable home.\n"
        '"Indeed!" said he.\n'
        "A line of verse, and one more."
    )
    assert second == "Mr. Weston was a native."
    novel = austen.Novel(title="Emma", published=1815, chapters=(first, second))
    assert novel.text == f"{first}\n{second}\n"


def test_another_number_of_chapters_is_another_edition(tmp_path, monkeypatch):
    path = tmp_path / "novel.txt"
    path.write_text(PAGE)
    emma = dataclasses.replace(austen._EDITIONS[3], sha256=sha256_of(path))
    path.rename(tmp_path / emma.source.file_name)
    monkeypatch.setattr(austen, "_EDITIONS", (emma,))
    with pytest.raises(DatasetError, match="not Emma as published: found 2 chapters, expected 55"):
        austen.load(tmp_path)
    monkeypatch.setattr(austen, "_EDITIONS", (dataclasses.replace(emma, chapters=2),))
    (novel,) = austen.load(tmp_path)
    assert novel.title == "Emma" and len(novel.chapters) == 2


def test_both_ways_lead_to_one_text():
    assert len({source.sha256 for source in austen.SOURCES.values()}) == 6
    for source in austen.SOURCES.values():
        assert len({way.first for way in source.ways}) == 1
        assert isinstance(source.ways[1].way, Download)


def test_the_novels():
    try:
        novels = austen.load()
    except SourceError as error:
        pytest.skip(f"needs the novels: {error}")
    assert [novel.title for novel in novels][-1] == "Persuasion"
    assert sum(len(novel.text) for novel in novels) == 3_999_387
    opening = "It is a truth universally acknowledged, that a single man in possession of a good"
    assert novels[1].chapters[0].startswith(opening)
    for novel in novels:
        assert not set(novel.text) & set("_*\t") and "  " not in novel.text
        assert novel.text.isascii() or novel.title == "Mansfield Park"  # it has a pound sign
