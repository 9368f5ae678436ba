"""Texts that R saved, as plain text: the same bytes whichever version of R packed them."""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path

from research.data.sources.ways import FetchError, Way

_TEXT, _TEXTS, _SYMBOL, _PAIR, _END = 0x09, 0x10, 0x01, 0x02, 0xFE
_LATIN1, _BYTES = 0x04 << 12, 0x02 << 12
_LIMIT = 1 << 28  # bytes of a text that somebody means to read


class RFormatError(ValueError):
    """Bytes that are no texts as R saves them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RText:
    """A character vector out of a file of R, as UTF-8 lines.

    Reads what `save` writes (.rda, in the binary form and one vector in it), and the data base
    of a package with lazy loading (.rdb), where a vector is told by its first text.

    Attributes:
        way: to R's file.
        first: the vector's first text.
    """

    way: Way
    first: str

    def __str__(self) -> str:
        return f"{self.way}, then the R vector that begins with {self.first!r}"

    def available(self) -> str | None:
        """Whether R's file may be had."""
        return self.way.available()

    def fetch(self, into: Path) -> Path:
        """Fetches R's file and writes the vector's texts, one a line."""
        packed = self.way.fetch(into)
        target = into / "lines.txt"
        try:
            for saved in _unpacked(packed.read_bytes()):
                texts = read_texts(saved)
                if texts and texts[0] == self.first:
                    target.write_text("\n".join(texts) + "\n", encoding="utf-8", newline="\n")
                    return target
        except RFormatError as error:
            raise FetchError(f"{packed.name} cannot be read: {error}") from error
        raise FetchError(f"{packed.name} has no R vector that begins with {self.first!r}")


def read_texts(saved: bytes) -> list[str]:
    """The texts of one character vector, as R serialises it ("R Internals", section 1.8).

    Args:
        saved: in the format XDR, version 2 or 3; alone, or as the only value in a pair list,
            which is what `save` makes.

    Raises:
        RFormatError: for anything else; texts are in ASCII, UTF-8 or Latin-1, none missing.
    """
    reader = _Reader(saved)
    reader.expect(b"X\n", "the mark of R's binary format")
    version = reader.integer()
    if version not in (2, 3):
        raise RFormatError(f"format version is {version}, expected 2 or 3")
    reader.take(8)  # versions of R: the writer's, and the least that can read
    if version == 3:
        reader.take(reader.integer())  # the writer's own encoding, of texts without a mark
    flags = reader.integer()
    paired = flags & 0xFF == _PAIR
    if paired:
        if reader.integer() != _SYMBOL:
            raise RFormatError("a pair list without a name in front of its value")
        reader.text()
        flags = reader.integer()
    if flags != _TEXTS:
        raise RFormatError(f"found an R object with flags {flags:#x}, expected a character vector")
    texts = [reader.text() for _ in range(reader.integer())]
    if paired and reader.integer() != _END:
        raise RFormatError("more than one value is saved, expected one")
    reader.expect_end()
    return texts


class _Reader:
    """Bytes from the front to the end; big-endian numbers."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + max(count, 0)]
        if len(piece) != count:
            raise RFormatError(f"the data ends at byte {len(self._data)}, within a value")
        self._at += count
        return piece

    def integer(self) -> int:
        return int.from_bytes(self.take(4), "big", signed=True)

    def text(self) -> str:
        flags = self.integer()
        if flags & 0xFF != _TEXT or flags & _BYTES:
            raise RFormatError(f"found an R object with flags {flags:#x}, expected a text")
        encoded = self.take(self.integer())  # length -1 is a missing text
        try:
            return encoded.decode("latin-1" if flags & _LATIN1 else "utf-8")
        except UnicodeDecodeError as error:
            raise RFormatError(f"a text is not UTF-8: {error}") from None

    def expect(self, mark: bytes, what: str) -> None:
        found = self._data[self._at : self._at + len(mark)]
        if found != mark:
            raise RFormatError(f"found {found!r}, expected {mark!r}, {what}")
        self._at += len(mark)

    def expect_end(self) -> None:
        if self._at != len(self._data):
            raise RFormatError(f"{len(self._data) - self._at} bytes follow the value")


def _unpacked(file: bytes) -> Iterator[bytes]:
    """Every serialised object of a file."""
    try:
        if file[:3] == b"BZh":
            yield _saved(bz2.decompress(file))
        elif file[:2] == b"\x1f\x8b":
            yield _saved(gzip.decompress(file))
        elif file[:6] == b"\xfd7zXZ\x00":
            yield _saved(lzma.decompress(file))
        else:
            yield from _records(file)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise RFormatError(str(error)) from None


def _saved(content: bytes) -> bytes:
    if content[:5] not in (b"RDX2\n", b"RDX3\n"):
        raise RFormatError(f"found {content[:5]!r}, expected RDX2 or RDX3, the mark of save")
    return content[5:]


def _records(file: bytes) -> Iterator[bytes]:
    """A data base is one record after the other: the length unpacked, and a zlib stream."""
    while file:
        size = int.from_bytes(file[:4], "big")
        if size > _LIMIT:
            raise RFormatError(f"a record of {size} bytes, expected {_LIMIT} at most")
        stream = zlib.decompressobj()
        content = stream.decompress(file[4:], size + 1)
        if len(content) != size or not stream.eof:
            raise RFormatError(f"a record has not the {size} bytes that it announces")
        yield content
        file = stream.unused_data
