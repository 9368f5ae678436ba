"""The chain: each entry is hashed together with the hash of the one before.

An entry is a JSON object as text: ASCII, keys sorted, no spaces. Its hash is the SHA-256,
in hexadecimal, of the previous hash, a line feed, and that text. The first follows
`GENESIS`, 64 zeros. The text is stored as it was hashed, so that checking needs no JSON.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["GENESIS", "Entry", "canonical", "chained", "link"]

GENESIS = "0" * 64
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry as it is stored.

    Attributes:
        sequence: 1 for the first.
        record: the canonical JSON text.
        hash: of the previous hash and the text.
    """

    sequence: int
    record: str
    hash: str

    @property
    def content(self) -> dict[str, Any]:
        """The record as plain data."""
        content: dict[str, Any] = json.loads(self.record)
        return content


def link(previous: str, record: str) -> str:
    """The hash of an entry.

    Args:
        previous: the hash of the entry before, GENESIS for the first.
        record: the canonical JSON text.
    """
    return hashlib.sha256(f"{previous}\n{record}".encode()).hexdigest()


def canonical(content: Mapping[str, Any]) -> str:
    """Plain data as canonical JSON.

    Raises:
        ValueError: a number that is not finite.
    """
    return _ENCODER.encode(content)


def chained(
    contents: Iterable[Mapping[str, Any]], *, sequence: int, previous: str
) -> Iterator[Entry]:
    """The entries for new records.

    Args:
        contents: plain data; `sequence` is added to each.
        sequence: of the last entry so far, 0 for none.
        previous: its hash.
    """
    for number, content in enumerate(contents, start=sequence + 1):
        record = canonical({**content, "sequence": number})
        previous = link(previous, record)
        yield Entry(sequence=number, record=record, hash=previous)
