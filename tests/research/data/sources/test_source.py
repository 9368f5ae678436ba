from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from research.data.sources import Download, FetchError, Source, SourceError, cache_directory
from research.data.sources.ways import Way

CONTENT = b"the same bytes, whichever way they come\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclasses.dataclass(frozen=True)
class Fake:
    """A way that gives some bytes, or raises after it wrote half of them."""

    name: str
    content: bytes = CONTENT
    error: BaseException | None = None
    absent: str | None = None

    def __str__(self) -> str:
        return self.name

    def available(self) -> str | None:
        return self.absent

    def fetch(self, into: Path) -> Path:
        assert self.absent is None
        (into / "scratch").write_bytes(b"left over")
        target = into / "file"
        target.write_bytes(self.content[: len(self.content) // 2])
        if self.error is not None:
            raise self.error
        target.write_bytes(self.content)
        return target


def source(*ways: Way) -> Source:
    return Source(name="numbers.csv.xz", sha256=SHA256, licence="MIT", citation="nobody", ways=ways)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


FILE = f"numbers-{SHA256[:12]}.csv.xz"
NEVER = Fake("never", error=AssertionError("must not be tried"))


def test_the_first_way_that_works_is_taken_and_reported(tmp_path: Path) -> None:
    ways = (
        Fake("gone", absent="not here"),
        Fake("broken", error=FetchError("broke off")),
        Fake("other", content=b"other bytes"),
        Fake("good"),
        NEVER,
    )
    lines: list[str] = []
    path = source(*ways).path(tmp_path / "new" / "cache", report=lines.append)
    assert path == tmp_path / "new" / "cache" / FILE
    assert path.read_bytes() == CONTENT
    assert names(path.parent) == [FILE]
    assert lines == ["numbers.csv.xz: fetched by good"]


def test_the_cache_is_enough(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(CONTENT)
    assert source(NEVER).path(tmp_path) == tmp_path / FILE
    assert source().path(tmp_path, offline=True) == tmp_path / FILE


@pytest.mark.parametrize("damaged", [b"", CONTENT[:-1], CONTENT + b"x"])
def test_a_damaged_file_is_reported_and_fetched_again(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / FILE).write_bytes(damaged)
    lines: list[str] = []
    path = source(Fake("good")).path(tmp_path, report=lines.append)
    assert path.read_bytes() == CONTENT
    assert "is damaged (wrong SHA-256): removed" in lines[0]
    assert len(lines) == 2


def test_a_file_can_be_downloaded(tmp_path: Path) -> None:
    (tmp_path / "original").write_bytes(CONTENT)
    download = Download(url=(tmp_path / "original").as_uri())
    assert source(download).path(tmp_path / "cache").read_bytes() == CONTENT


def test_when_no_way_works_the_error_says_what_to_do(tmp_path: Path) -> None:
    ways = (
        Fake("from pip", absent="there is no pip"),
        Fake("from afar", error=FetchError("nobody listens")),
        Fake("from here", content=b"other"),
    )
    with pytest.raises(SourceError) as caught:
        source(*ways).path(tmp_path)
    other = hashlib.sha256(b"other").hexdigest()
    assert str(caught.value) == (
        "numbers.csv.xz: no way to get the file worked:\n"
        "  - from pip\n    there is no pip\n"
        "  - from afar\n    nobody listens\n"
        f"  - from here\n    these are other bytes: SHA-256 {other}\n"
        "What to do: get the file where there is a network, by hand if need be, check that\n"
        f"its SHA-256 is {SHA256}\n"
        f"and put it at {tmp_path / FILE}\n"
        "(RULAX_CACHE names another cache folder.)"
    )
    assert names(tmp_path) == []


def test_a_source_without_ways(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="it lists none"):
        source().path(tmp_path)


def test_offline(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"does not exist, and offline none .*\n  - never\n"):
        source(NEVER).path(tmp_path / "none", offline=True)
    assert names(tmp_path) == []
    (tmp_path / FILE).write_bytes(b"damaged")
    with pytest.raises(SourceError, match="is damaged, and offline"):
        source(NEVER).path(tmp_path, offline=True)
    assert names(tmp_path) == [FILE]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_an_interruption_leaves_nothing_behind(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        source(Fake("way", error=error)).path(tmp_path)
    assert names(tmp_path) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(SourceError, match="No space left on device"):
        source(Fake("way", error=full)).path(tmp_path)
    assert names(tmp_path) == []


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    message = r"cannot be written: .*\. Set RULAX_CACHE to a folder that can"
    with pytest.raises(SourceError, match=message):
        source(NEVER).path(tmp_path / "file" / "cache")

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "mkdtemp", read_only)
    with pytest.raises(SourceError, match=message):
        source(NEVER).path(tmp_path)


PROCESS = """
import dataclasses, sys, time
from pathlib import Path
from research.data.sources import Source

@dataclasses.dataclass(frozen=True)
class Slow:
    def available(self):
        return None
    def fetch(self, into):
        time.sleep(0.5)
        (into / "file").write_bytes({content!r})
        return into / "file"

source = Source(name="numbers.csv.xz", sha256={sha256!r}, licence="", citation="", ways=(Slow(),))
assert source.path(Path(sys.argv[1]), report=print).read_bytes() == {content!r}
"""


def test_of_processes_that_share_a_cache_one_fetches(tmp_path: Path) -> None:
    script = PROCESS.format(content=CONTENT, sha256=SHA256)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[4],
        )
        for _ in range(3)
    ]
    reports = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert "".join(reports).count("fetched by") == 1
    assert names(tmp_path) == [FILE]


@pytest.mark.parametrize("sha256", ["", "ab", "A" * 64])
def test_digests_are_checked(sha256: str) -> None:
    with pytest.raises(ValueError, match="expected 64 digits"):
        dataclasses.replace(source(), sha256=sha256)


def test_names_are_plain() -> None:
    with pytest.raises(ValueError, match="expected a plain file name"):
        dataclasses.replace(source(), name="../passwd")


def test_the_cache_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("RULAX_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_directory() == Path("/home/ada/.cache/rulax")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_directory() == Path("/caches/rulax")
    monkeypatch.setenv("RULAX_CACHE", "~/data")
    assert cache_directory() == Path("/home/ada/data")


def test_the_cache_of_the_environment_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RULAX_CACHE", os.fspath(tmp_path))
    assert source(Fake("good")).path() == tmp_path / FILE


def test_without_locks_files_are_fetched_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)  # as on Windows
    assert source(Fake("good")).path(tmp_path).read_bytes() == CONTENT
