from __future__ import annotations

import http.server
import importlib.util
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from research.data.sources import (
    DebianPackage,
    Download,
    FetchError,
    InstalledFile,
    NpmPack,
    PyPIFile,
    Way,
)

CONTENT = b"the same bytes, whichever way they come\n"
MEMBER = "package/data/numbers.bin"
Program = Callable[[str, str], Path]

PIP = PyPIFile(project="thing", version="1.0", member=MEMBER)
SDIST = PyPIFile(project="thing", version="1.0", member=MEMBER, sdist=True)
NPM = NpmPack(package="@some/thing", version="1.0", member=MEMBER)
DEBIAN = DebianPackage(package="thing", member=MEMBER)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def test_wheels(into: Path, program: Program, archives: dict[str, Path], tmp_path: Path) -> None:
    program("pip", f"cp {archives['whl']} .")
    assert PIP.available() is None
    assert PIP.fetch(into).read_bytes() == CONTENT
    arguments = (tmp_path / "pip.arguments").read_text()
    assert arguments.startswith("download --no-deps --only-binary=:all: thing==1.0 ")


def test_sdists(into: Path, program: Program, archives: dict[str, Path], tmp_path: Path) -> None:
    program("pip3", f"cp {archives['gz']} .")
    assert SDIST.fetch(into).read_bytes() == CONTENT
    assert "--no-binary=:all:" in (tmp_path / "pip3.arguments").read_text()


def test_npm(into: Path, program: Program, archives: dict[str, Path], tmp_path: Path) -> None:
    program("npm", f"cp {archives['tgz']} .")
    assert NPM.available() is None
    assert NPM.fetch(into).read_bytes() == CONTENT
    arguments = (tmp_path / "npm.arguments").read_text().split()
    assert arguments == ["pack", "--silent", "--ignore-scripts", "@some/thing@1.0"]


def test_debian(into: Path, program: Program, archives: dict[str, Path], tmp_path: Path) -> None:
    program("apt-get", "touch thing_1.0_all.deb")
    program("dpkg-deb", f"cat {archives['tar']}")
    assert DEBIAN.available() is None
    assert DEBIAN.fetch(into).read_bytes() == CONTENT
    assert (tmp_path / "apt-get.arguments").read_text().split()[0] == "download"
    assert "--fsys-tarfile" in (tmp_path / "dpkg-deb.arguments").read_text()


def test_what_this_machine_does_not_offer(program: Program, into: Path) -> None:
    assert PIP.available() == "there is no pip, neither in this Python nor as a program"
    assert NPM.available() == "there is no npm on this machine"
    assert DEBIAN.available() == "there is no apt-get on this machine"
    program("apt-get", "")
    assert DEBIAN.available() == "there is no dpkg-deb on this machine"
    for way, message in ((PIP, "there is no pip"), (NPM, "npm cannot be started")):
        with pytest.raises(FetchError, match=message):
            way.fetch(into)


def test_pip_of_this_python_comes_first() -> None:
    if importlib.util.find_spec("pip") is None:
        pytest.skip("this Python has no pip")
    assert PIP.available() is None


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo E: gone >&2; echo >&2; exit 3", "npm ended with status 3: E: gone"),
        ("exit 1", "npm ended with status 1: no message"),
        (":", r"expected one file \.tgz, found none"),
        ("touch a.tgz b.tgz", r"expected one file \.tgz, found a\.tgz, b\.tgz"),
        ("echo no archive > a.tgz", r"a\.tgz cannot be read"),
    ],
)
def test_programs_that_fail(into: Path, program: Program, script: str, message: str) -> None:
    program("npm", script)
    with pytest.raises(FetchError, match=message):
        NPM.fetch(into)


@pytest.mark.parametrize("member", ["package/none", "package"])
@pytest.mark.parametrize("kind", ["whl", "gz"])
def test_members_that_are_not_there(
    into: Path, program: Program, archives: dict[str, Path], kind: str, member: str
) -> None:
    program("pip", f"cp {archives[kind]} .")
    with pytest.raises(FetchError, match=f"has no file {member}"):
        PyPIFile(project="thing", version="1.0", member=member).fetch(into)


def test_a_cut_archive(into: Path, program: Program, archives: dict[str, Path]) -> None:
    cut = archives["tgz"]
    cut.write_bytes(cut.read_bytes()[:100])
    program("npm", f"cp {cut} .")
    with pytest.raises(FetchError, match="cannot be read"):
        NPM.fetch(into)


def test_a_program_that_hangs_is_killed_with_its_children(
    into: Path, program: Program, tmp_path: Path
) -> None:
    program("npm", f"(sleep 1; touch {tmp_path}/alive) & sleep 60")
    start = time.monotonic()
    with pytest.raises(FetchError, match=r"npm took longer than 0\.3 s"):
        NpmPack(package="thing", version="1", member="x", seconds=0.3).fetch(into)
    assert time.monotonic() - start < 5
    time.sleep(1.2)
    assert not (tmp_path / "alive").exists()


def test_installed_files(into: Path) -> None:
    way = InstalledFile(distribution="pytest", member="pytest/py.typed")
    assert way.available() is None
    assert way.fetch(into) == into / "py.typed"
    with pytest.raises(FetchError, match=r"pytest .* has no pytest/none"):
        InstalledFile(distribution="pytest", member="pytest/none").fetch(into)


def test_distributions_that_are_not_installed(into: Path) -> None:
    way = InstalledFile(distribution="no-such-thing", member="x")
    assert way.available() == "no-such-thing is not installed"
    with pytest.raises(FetchError, match="not installed"):
        way.fetch(into)


class Handler(http.server.BaseHTTPRequestHandler):
    """/whole is right, /cut ends early, /slow trickles for ever, the rest is not found."""

    def do_GET(self) -> None:
        if self.path not in ("/whole", "/cut", "/slow"):
            self.send_error(404, "Not here")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if self.path == "/slow":
            for byte in CONTENT:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.05)
        else:
            self.wfile.write(CONTENT if self.path == "/whole" else CONTENT[:10])

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_downloads(into: Path, server: str, tmp_path: Path) -> None:
    assert Download(url=f"{server}/whole").fetch(into).read_bytes() == CONTENT
    assert Download(url=f"{server}/whole").available() is None
    local = tmp_path / "local.bin"
    local.write_bytes(CONTENT)
    assert Download(url=local.as_uri()).fetch(into).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/cut", "broke off after 10 of 40 bytes"),
        ("/none", "the download failed: Not here"),
    ],
)
def test_downloads_that_fail(into: Path, server: str, path: str, message: str) -> None:
    with pytest.raises(FetchError, match=message):
        Download(url=server + path).fetch(into)


def test_a_trickle_ends_at_the_limit(into: Path, server: str) -> None:
    start = time.monotonic()
    with pytest.raises(FetchError, match=r"the download took longer than 0\.3 s"):
        Download(url=f"{server}/slow", seconds=0.3).fetch(into)
    assert time.monotonic() - start < 1.5


def test_nobody_listens(into: Path, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"the download failed: .*refused"):
        Download(url="http://127.0.0.1:1/").fetch(into)
    with pytest.raises(FetchError, match=r"the download failed: .*No such file"):
        Download(url=(tmp_path / "none").as_uri()).fetch(into)


@pytest.mark.parametrize("url", ["ftp://host/file", "data:,x", "file.csv"])
def test_other_schemes(url: str) -> None:
    with pytest.raises(ValueError, match="expected https://, http:// or file://"):
        Download(url=url)


def test_ways_say_what_to_type() -> None:
    ways: tuple[Way, ...] = (PIP, SDIST, NPM, DEBIAN, Download(url="https://host/file"))
    assert [str(way) for way in ways] == [
        f"python -m pip download --no-deps --only-binary=:all: thing==1.0, then {MEMBER} "
        "from the archive",
        f"python -m pip download --no-deps --no-binary=:all: thing==1.0, then {MEMBER} "
        "from the archive",
        f"npm pack @some/thing@1.0, then {MEMBER} from the archive",
        f"apt-get download thing, then {MEMBER} from the package",
        "curl -LO https://host/file",
    ]
    installed = InstalledFile(distribution="thing", member=MEMBER)
    assert str(installed) == f"the installed distribution thing, {MEMBER}"
