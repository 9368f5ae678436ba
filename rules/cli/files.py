"""The files a command reads and writes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from rules.cli.running import InputError
from rules.errors import did_you_mean
from rules.language.source import TABLES

__all__ = ["existing", "replace_text", "rule_file", "writable"]


def rule_file(name: str, *, tables: bool = True) -> Path:
    """The path of a rule file.

    Args:
        name: of the file.
        tables: whether a decision table will do.

    Raises:
        InputError: there is no such file, or it is named otherwise.
    """
    path = existing(name)
    suffixes = (".rules", *(TABLES if tables else ()))
    if path.suffix.lower() not in (*suffixes, ""):
        raise InputError(
            f"{name} is not a rule file: expected a name ending in {', '.join(suffixes)}"
        )
    return path


def existing(name: str) -> Path:
    """The path of a file that is there.

    Raises:
        InputError: it is not.
    """
    path = Path(name)
    if path.is_dir():
        raise InputError(f"{name} is a directory: name a file in it")
    if not path.exists():
        siblings = [str(item) for item in path.parent.glob("*")] if path.parent.is_dir() else []
        hint = did_you_mean(name, siblings)
        raise InputError(f"there is no file {name}" + (f"; {hint}" if hint else ""))
    return path


def writable(name: str, suffixes: tuple[str, ...]) -> Path:
    """The path of a file to write; what cannot be written is refused before hours of work.

    Raises:
        InputError: another suffix, no such directory, or read-only.
    """
    path = Path(name)
    if path.suffix not in suffixes:
        raise InputError(f"cannot write {name}: expected {', '.join(suffixes)}")
    if not path.parent.is_dir():
        raise InputError(f"cannot write {name}: there is no directory {path.parent}")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(f"cannot write {name}: it is a directory or read-only")
    return path


def replace_text(path: Path, text: str) -> None:
    """Writes a file in one step: a crash leaves the old text or the new one."""
    target = path.resolve()  # a link stays a link
    if target.exists() and not os.access(target, os.W_OK):  # replacing it needs no such right
        raise PermissionError(errno.EACCES, "the file is read-only", str(path))
    draft = target.with_name(f".{target.name}.draft")
    try:
        draft.write_bytes(text.encode())
        if target.exists():
            draft.chmod(target.stat().st_mode)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
