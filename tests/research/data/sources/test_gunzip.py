from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from research.data.sources import Download, Gunzip, Source, SourceError

CONTENT = b"the same bytes, however they are packed" * 50


def source(*paths: Path) -> Source:
    return Source(
        name="content",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        licence="none",
        citation="none",
        ways=tuple(Gunzip(way=Download(url=path.as_uri())) for path in paths),
    )


@pytest.mark.parametrize("level", [1, 9])
def test_the_digest_is_that_of_the_content(tmp_path: Path, level: int) -> None:
    packed = tmp_path / "content.gz"
    packed.write_bytes(gzip.compress(CONTENT, level))
    path = source(packed).path(tmp_path / "cache")
    assert path.read_bytes() == CONTENT
    assert path.name.startswith("content-")


def test_what_is_no_gzip_file_or_not_whole(tmp_path: Path) -> None:
    plain, cut = tmp_path / "plain.gz", tmp_path / "cut.gz"
    plain.write_bytes(CONTENT)
    cut.write_bytes(gzip.compress(CONTENT)[:-20])
    with pytest.raises(SourceError) as error:
        source(plain, cut).path(tmp_path / "cache")
    assert str(error.value).count("download cannot be unpacked: ") == 2
    assert f"curl -LO {plain.as_uri()}, then gunzip" in str(error.value)


def test_it_is_available_where_the_way_is() -> None:
    class Nowhere:
        def available(self) -> str | None:
            return "there is no such program"

        def fetch(self, into: Path) -> Path:
            raise AssertionError

    assert Gunzip(way=Nowhere()).available() == "there is no such program"
