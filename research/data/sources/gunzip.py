"""A file that others pack with gzip, each in their own way: the same bytes once unpacked."""

from __future__ import annotations

import dataclasses
import gzip
import shutil
import zlib
from pathlib import Path

from research.data.sources.ways import FetchError, Way


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gunzip:
    """The content of a gzip file: its digest doesn't depend on who compressed it.

    Attributes:
        way: to the compressed file.
    """

    way: Way

    def __str__(self) -> str:
        return f"{self.way}, then gunzip"

    def available(self) -> str | None:
        """Whether the compressed file may be had."""
        return self.way.available()

    def fetch(self, into: Path) -> Path:
        """Fetches the compressed file and unpacks it."""
        packed = self.way.fetch(into)
        target = into / "unpacked"
        try:
            with gzip.open(packed) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise FetchError(f"{packed.name} cannot be unpacked: {error}") from error
        return target
