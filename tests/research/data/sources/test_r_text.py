import bz2
import contextlib
import gzip
import lzma
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.data.sources import Download, FetchError, RText
from research.data.sources.r_text import RFormatError, read_texts

LINES = ["EMMA", "", "a pound is £", "end"]


def text(line, flags=0x8009):
    encoded = line.encode()
    return struct.pack(">ii", flags, len(encoded)) + encoded


def vector(lines, version=3, flags=0x10):
    head = b"X\n" + struct.pack(">iii", version, 0x40201, 0x20300)
    if version == 3:
        head += struct.pack(">i", 5) + b"UTF-8"
    return head + struct.pack(">ii", flags, len(lines)) + b"".join(map(text, lines))


def saved(lines, more=b"\0\0\0\xfe"):
    """As `save` writes a single vector called "novel"."""
    head = b"RDX2\nX\n" + struct.pack(">iii", 2, 0x30400, 0x20300)
    pair = struct.pack(">ii", 0x402, 1) + text("novel", 0x40009)
    return head + pair + struct.pack(">ii", 0x10, len(lines)) + b"".join(map(text, lines)) + more


def records(*contents):
    return b"".join(struct.pack(">I", len(c)) + zlib.compress(c) for c in contents)


@given(st.lists(st.text()), st.sampled_from([2, 3]))
def test_all_texts_come_back(lines, version):
    assert read_texts(vector(lines, version)) == lines
    assert read_texts(saved(lines)[5:]) == lines


def test_latin1_is_told_by_a_flag():
    head = vector([])[:-4] + struct.pack(">i", 1)
    assert read_texts(head + struct.pack(">ii", 0x4009, 1) + b"\xa3") == ["£"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"A\n", r"found b'A\\n', expected b'X\\n', the mark of R's binary format"),
        (vector(["a"], version=3)[:-1], "the data ends at byte .*, within a value"),
        (vector(["a"]) + b"!", "1 bytes follow the value"),
        (vector(["a"], flags=0x0D), "found an R object with flags 0xd, expected a character"),
        (vector([])[:-4] + struct.pack(">iii", 1, 9, -1), "the data ends"),
        (vector([])[:-4] + struct.pack(">iii", 1, 0xFE, 0), "flags 0xfe, expected a text"),
        (vector([])[:-4] + struct.pack(">iii", 1, 9, 1) + b"\xff", "a text is not UTF-8"),
        (vector([], version=2).replace(b"\0\0\0\2", b"\0\0\0\7", 1), "format version is 7"),
        (saved(["a"], more=b"\0\0\4\2")[5:], "more than one value is saved, expected one"),
        (saved(["a"])[5:].replace(b"\0\0\0\1", b"\0\0\0\5", 1), "without a name"),
    ],
)
def test_anything_else_is_refused(data, message):
    with pytest.raises(RFormatError, match=message):
        read_texts(data)


@given(st.binary(max_size=60), st.integers(0, 40))
def test_damage_is_an_error_of_ours(noise, at):
    good = vector(LINES)
    with contextlib.suppress(RFormatError):
        read_texts(good[:at] + noise + good[at + len(noise) :])


@pytest.mark.parametrize(
    "packed",
    [
        records(vector(["OTHER"]), vector(LINES)),
        bz2.compress(saved(LINES)),
        gzip.compress(saved(LINES)),
        lzma.compress(saved(LINES)),
    ],
    ids=["records", "bzip2", "gzip", "xz"],  # gzip's bytes hold the time
)
def test_however_r_packed_it_the_lines_are_the_same(packed, tmp_path):
    (tmp_path / "file").write_bytes(packed)
    way = RText(way=Download(url=(tmp_path / "file").as_uri()), first="EMMA")
    (tmp_path / "into").mkdir()
    assert way.available() is None and "'EMMA'" in str(way)
    assert way.fetch(tmp_path / "into").read_text(encoding="utf-8") == "\n".join(LINES) + "\n"


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        (records(vector(["OTHER"])), "has no R vector that begins with 'EMMA'"),
        (bz2.compress(b"RDA2\n"), "cannot be read: found b'RDA2\\\\n', expected RDX2 or RDX3"),
        (records(vector(LINES))[:-9], "cannot be read"),
        (b"\0\0\0\5" + zlib.compress(b"more than five"), "has not the 5 bytes"),
        (b"\xff\xff\xff\xff", "a record of 4294967295 bytes"),
        (b"\0\0\0\5no zlib", "cannot be read"),
        (b"BZh no", "cannot be read"),
    ],
)
def test_files_that_hold_something_else(packed, message, tmp_path):
    (tmp_path / "file").write_bytes(packed)
    with pytest.raises(FetchError, match=message):
        RText(way=Download(url=(tmp_path / "file").as_uri()), first="EMMA").fetch(tmp_path)
