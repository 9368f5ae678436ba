"""Programs of the same names as pip, npm, apt-get and dpkg-deb, which read local files."""

from __future__ import annotations

import importlib.util
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CONTENT = b"the same bytes, whichever way they come\n"
MEMBER = "package/data/numbers.bin"


@pytest.fixture
def archives(tmp_path: Path) -> dict[str, Path]:
    """One archive of each kind with `CONTENT` at `MEMBER`."""
    folder = tmp_path / "archives"
    folder.mkdir()
    whl = folder / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(whl, "w") as archive:
        archive.writestr(MEMBER, CONTENT)
    made = {"whl": whl}
    for name, prefix in (("thing-1.0.tar.gz", ""), ("thing-1.0.tgz", ""), ("tree.tar", "./")):
        with tarfile.open(folder / name, "w" if name.endswith("tar") else "w:gz") as archive:
            folder_info = tarfile.TarInfo(f"{prefix}package")
            folder_info.type = tarfile.DIRTYPE
            archive.addfile(folder_info)
            info = tarfile.TarInfo(f"{prefix}{MEMBER}")
            info.size = len(CONTENT)
            archive.addfile(info, io.BytesIO(CONTENT))
        made[name.rpartition(".")[2]] = folder / name
    return made


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Makes a shell script of a name; the PATH holds such scripts and `cp`, `sleep` and so on."""
    folder = tmp_path / "bin"
    folder.mkdir()
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "cp", "cat", "sleep", "touch"):
        place = next(Path(d) / tool for d in ("/bin", "/usr/bin") if (Path(d) / tool).exists())
        (tools / tool).symlink_to(place)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{tools}")

    find_spec = importlib.util.find_spec

    def without_pip(name: str, *arguments: Any) -> Any:
        return None if name == "pip" else find_spec(name, *arguments)

    monkeypatch.setattr(importlib.util, "find_spec", without_pip)

    def make(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/{name}.arguments\n{script}\n')
        path.chmod(0o755)
        return path

    return make
