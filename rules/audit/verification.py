"""Finding what was altered, removed, reordered, inserted or cut off."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

from rules.audit.chain import GENESIS, Entry, link
from rules.audit.log import AuditLog, Head

__all__ = ["Verification", "verify"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verification:
    """What `verify` found.

    Attributes:
        entries: how many were read.
        head: the end of the chain as far as it holds.
        problem: the first thing wrong; None when there is none. What follows it cannot be
            trusted, and cannot be told apart either.
    """

    entries: int
    head: Head
    problem: str | None

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem is None


def verify(
    log: AuditLog, *, head: Head | None = None, progress: Callable[[int], None] | None = None
) -> Verification:
    """Follows the chain from its start.

    Args:
        log: the record.
        head: a head that was kept elsewhere. Without one, entries cut off at the end, or a
            record that was made anew as a whole, cannot be noticed.
        progress: called with the number of entries read so far, every thousand.
    """
    checked, problem = Head(sequence=0, hash=GENESIS), None
    introduced: dict[str, int] = {}
    read = 0
    for read, entry in enumerate(log.entries(), start=1):
        problem = _problem(entry, checked, introduced) or _contradicts(entry, head)
        if problem is not None:
            break
        checked = Head(sequence=entry.sequence, hash=entry.hash)
        if progress is not None and read % 1000 == 0:
            progress(read)
    else:
        problem = _ended(log, checked, head, introduced)
    return Verification(entries=read, head=checked, problem=problem)


def _problem(entry: Entry, last: Head, introduced: dict[str, int]) -> str | None:
    expected = last.sequence + 1
    if entry.sequence != expected:
        return f"entry {expected} is missing: after {last.sequence} comes {entry.sequence}"
    if link(last.hash, entry.record) != entry.hash:
        return (
            f"entry {expected} was altered, or stands in another place than it was written: its "
            "hash does not follow from its text and the entry before"
        )
    try:
        content = json.loads(entry.record)
        number, kind, ruleset = content["sequence"], content["kind"], content["ruleset"]
    except (ValueError, KeyError, TypeError):
        return f"entry {expected} is no record of a decision or a rule set"
    if number != expected:
        return f"entry {expected} says that it is number {number}"
    if kind == "ruleset":
        introduced[ruleset] = expected
    elif ruleset not in introduced:
        return f"entry {expected} names a rule set that no entry before it holds"
    return None


def _contradicts(entry: Entry, head: Head | None) -> str | None:
    if head is None or entry.sequence != head.sequence or entry.hash == head.hash:
        return None
    return (
        f"entry {entry.sequence} is not the one that was kept: its hash is {entry.hash}; the "
        "record was made anew from some earlier entry on"
    )


def _ended(log: AuditLog, last: Head, head: Head | None, introduced: dict[str, int]) -> str | None:
    if head is not None and head.sequence > last.sequence:
        return (
            f"the record ends with entry {last.sequence}, expected at least {head.sequence}: "
            "entries were cut off"
        )
    if dict(log.indexed_rulesets()) != introduced:
        return "the index of rule sets does not match the entries that hold them"
    return None
