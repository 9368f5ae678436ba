import dataclasses
import io
import tarfile

import numpy as np
import pytest

from research.data.datasets import DatasetError, sentiment
from research.data.sources import Download, SourceError
from research.data.sources.cache import sha256_of

LINES = {
    "amazon": ["1_1\t-0.9\tno picture. ", "1_2\t2.5\ti love it!\r", "2_1\t0.1\t!", ""],
    "tweets": ["1\t3\tYay", "2\t-4\ti love it!"],
}


def test_lines_become_snippets():
    snippets = sentiment.parse(LINES)
    assert snippets.ids == ("amazon-1_1", "amazon-1_2", "amazon-2_1", "tweets-1", "tweets-2")
    assert snippets.texts == ("no picture.", "i love it!", "!", "Yay", "i love it!")
    np.testing.assert_allclose(snippets.ratings, [-0.9, 2.5, 0.1, 3, -4], rtol=1e-6)
    assert snippets.sources.tolist() == [0, 0, 0, 3, 3]
    assert snippets.groups.tolist() == [0, 0, 1, 2, 3]
    assert snippets.take(np.array([2, 0])).ids == ("amazon-2_1", "amazon-1_1")
    assert snippets.distinct().ids == ("amazon-1_1", "amazon-1_2", "amazon-2_1", "tweets-1")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1_1\t2", r"amazon, line 1 is '1_1\\t2', expected a number, a rating and a text"),
        ("1_1\tfine\ttext", "expected a number, a rating and a text"),
        ("1_1\t4.5\ttext", "line 1 has the rating 4.5, expected -4 to 4"),
        ("1_1\tnan\ttext", "line 1 has the rating nan"),
    ],
)
def test_lines_of_another_form(line, message):
    with pytest.raises(DatasetError, match=message):
        sentiment.parse({"amazon": [line]})


def test_other_counts_are_refused():
    message = r"amazon \(found 3, expected 3708\), movies \(found 0, expected 10605\)"
    with pytest.raises(DatasetError, match=message):
        sentiment.check(sentiment.parse(LINES))


def archive(path, members):
    with tarfile.open(path, "w:gz") as file:
        for name, text in members.items():
            entry = tarfile.TarInfo(f"hutto_ICWSM_2014/{name}_GroundTruth.txt")
            entry.size = len(text)
            file.addfile(entry, io.BytesIO(text))
    return path


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "cannot be read"),
        (
            dict.fromkeys(
                (
                    "amazonReviewSnippets",
                    "movieReviewSnippets",
                    "nytEditorialSnippets",
                    "tweets",
                ),
                b"\xff",
            ),
            "cannot be read",
        ),
        (
            {
                "amazonReviewSnippets": b"1_1\t1\ta",
                "movieReviewSnippets": b"1\t1\ta",
                "nytEditorialSnippets": b"1_1\t1\ta",
                "tweets": b"1\t1\ta",
            },
            "not the published snippets",
        ),
    ],
)
def test_another_archive(monkeypatch, tmp_path, members, message):
    path = archive(tmp_path / "other.tar.gz", members)
    source = dataclasses.replace(
        sentiment.SOURCE, sha256=sha256_of(path), ways=(Download(url=path.as_uri()),)
    )
    monkeypatch.setattr(sentiment, "SOURCE", source)
    with pytest.raises(DatasetError, match=message):
        sentiment.load(tmp_path / "cache")


def test_the_published_snippets():
    try:
        snippets = sentiment.load()
    except SourceError as error:
        pytest.skip(f"needs the sentiment data: {error}")
    assert len(snippets) == 23_703
    assert len(snippets.distinct()) == 23_619
    assert len(np.unique(snippets.groups)) == 300 + 498 + 10_605 + 4_200
    clear = np.abs(snippets.ratings) >= 0.5
    by_source = [(snippets.sources == number) & clear for number in range(4)]
    # As measured when the data was found (5-fold figures stand on these rows).
    assert [int(rows.sum()) for rows in by_source] == [2985, 10072, 2970, 3432]
    assert snippets.texts[0].startswith("troubleshooting ad-2500")
