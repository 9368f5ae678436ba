"""One file, named by its content."""

from __future__ import annotations

import dataclasses
import logging
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from research.data.sources.cache import CACHE_VARIABLE, cache_directory, exclusive, sha256_of
from research.data.sources.ways import FetchError, Way

_LOG = logging.getLogger(__name__)


class SourceError(Exception):
    """A file that could not be had; the message lists what was tried and what to do."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """A file and the ways to get it: the same bytes whichever way works.

    Attributes:
        name: of the file, with its suffix.
        sha256: of its bytes, 64 hexadecimal digits in lower case.
        licence: under which the data may be used.
        citation: where the data comes from.
        ways: in the order to try them.

    Raises:
        ValueError: if the digest is not one, or the name has a folder in it.
    """

    name: str
    sha256: str
    licence: str
    citation: str
    ways: tuple[Way, ...]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError(
                f"source {self.name!r}: sha256 is {self.sha256!r}, expected 64 digits 0-9a-f"
            )
        if Path(self.name).name != self.name:
            raise ValueError(f"source {self.name!r}: expected a plain file name")

    @property
    def file_name(self) -> str:
        """The name in the cache: with the digest's first digits before the suffix."""
        stem, dot, suffix = self.name.partition(".")
        return f"{stem}-{self.sha256[:12]}{dot}{suffix}"

    def path(
        self,
        cache: Path | None = None,
        *,
        offline: bool = False,
        report: Callable[[str], None] = _LOG.info,
    ) -> Path:
        """The file: from the cache if it is there and whole, else by the first way that works.

        The file appears in the cache whole or not at all, and only if its digest is right;
        whatever interrupts a download leaves nothing behind. Safe among processes that
        share a cache: one fetches, the others wait for it.

        Args:
            cache: the folder; `cache_directory()` if not given.
            offline: take the file from the cache or fail, without trying a way.
            report: called with a line on what happens: the way taken, a damaged file.

        Raises:
            SourceError: if no way works, or the cache cannot be written.
        """
        cache = cache_directory() if cache is None else Path(cache)
        target = cache / self.file_name
        if self._is_whole(target):
            return target
        if offline:
            state = "is damaged" if target.exists() else "does not exist"
            ways = "".join(f"\n  - {way}" for way in self.ways)
            problem = f"{target} {state}, and offline none of its ways is tried:{ways}"
            raise SourceError(self._advice(problem, target))
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with exclusive(cache):
                if not self._is_whole(target):
                    if target.exists():
                        report(f"{target} is damaged (wrong SHA-256): removed, fetching it again")
                        target.unlink()
                    self._fetch(target, report)
        except OSError as error:
            raise SourceError(
                f"{self.name}: the cache {cache} cannot be written: {error}. Set "
                f"{CACHE_VARIABLE} to a folder that can, with enough space."
            ) from error
        return target

    def _fetch(self, target: Path, report: Callable[[str], None]) -> None:
        reasons = []
        for way in self.ways:
            reason = way.available()
            if reason is None:
                # Beside the target, so that the last step is a rename within a file system.
                with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as folder:
                    try:
                        fetched = way.fetch(Path(folder))
                    except (FetchError, OSError) as error:
                        reason = str(error)
                    else:
                        found = sha256_of(fetched)
                        if found == self.sha256:
                            fetched.chmod(0o644)
                            fetched.replace(target)
                            report(f"{self.name}: fetched by {way}")
                            return
                        reason = f"these are other bytes: SHA-256 {found}"
            reasons.append(f"\n  - {way}\n    {reason}")
        tried = "".join(reasons) or " (it lists none)"
        raise SourceError(self._advice(f"no way to get the file worked:{tried}", target))

    def _advice(self, problem: str, target: Path) -> str:
        return (
            f"{self.name}: {problem}\n"
            "What to do: get the file where there is a network, by hand if need be, check that\n"
            f"its SHA-256 is {self.sha256}\nand put it at {target}\n"
            f"({CACHE_VARIABLE} names another cache folder.)"
        )

    def _is_whole(self, target: Path) -> bool:
        return target.is_file() and sha256_of(target) == self.sha256
