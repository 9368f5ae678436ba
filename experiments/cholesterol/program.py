"""The CLIPS program that the guideline was translated from, as Debian packs it."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from research.data.sources import DebianPackage, Source

_FOLDER = "usr/share/doc/clips-common/examples/cholesterol"
_LICENCE = "CLIPS licence (MIT-like); the program itself is for education only, without warranty"
_CITATION = (
    "Justin Starren and Guochun Xie (Columbia University, 1994), the National Cholesterol "
    "Education Program guidelines in CLIPS: example `cholesterol` of CLIPS 6.30, after "
    "JAMA 269 (1993), pages 3015-3023"
)


def _source(name: str, sha256: str) -> Source:
    member = f"{_FOLDER}/{name}"
    return Source(
        name=f"ncep-{name}",
        sha256=sha256,
        licence=_LICENCE,
        citation=_CITATION,
        ways=(DebianPackage(package="clips-common", member=member),),
    )


PROGRAM = _source(
    "project.clp.gz", "397e7fa9a76d25c0b10ea1906bf9498622b0290c3afa90a07dc029b53aee54e8"
)
PATIENTS = (
    _source("patdata1", "8eb654dc41b1a581aeb968a9a13829df1951deb5a8ca3319b49da57ca48b2a10"),
    _source("patdata2", "b5d50cfdd709876de80c5e0ff544adb8a89df09c2ea8dc1ee053a1b9a59e6b95"),
)


def load_program(cache: Path | None = None, **options: Any) -> str:
    """The text of the rules: 43 of them.

    Args:
        cache: see `Source.path`.
        **options: as for `Source.path`.

    Raises:
        SourceError: the file cannot be had.
    """
    return gzip.decompress(PROGRAM.path(cache, **options).read_bytes()).decode("latin-1")


def load_patients(cache: Path | None = None, **options: Any) -> str:
    """The text of the sample patients: 8 of the authors' own, 12 after the NCEP workbook.

    Args:
        cache: see `Source.path`.
        **options: as for `Source.path`.

    Raises:
        SourceError: a file cannot be had.
    """
    return "\n".join(source.path(cache, **options).read_text("latin-1") for source in PATIENTS)
