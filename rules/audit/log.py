"""Writing and reading the decision record."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from rules.audit.chain import GENESIS, Entry, chained
from rules.audit.inputs import recorded_cases
from rules.audit.storage import entries, lock_for_writing, open_engine, rulesets
from rules.language import ir
from rules.language.interchange import from_json, to_json

if TYPE_CHECKING:
    from rules.decided import Decided

__all__ = ["AuditError", "AuditLog", "Head"]

_PAGE = 10_000  # entries held in memory while reading


class AuditError(ValueError):
    """The record is not what it should be, or does not hold what is asked for."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The end of the chain. Keep one elsewhere: it tells later that nothing was cut off.

    Attributes:
        sequence: of the last entry, 0 when there is none.
        hash: its hash.
    """

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The head that `str` has printed.

        Raises:
            ValueError: it is not of the form SEQUENCE:HASH.
        """
        sequence, _, digest = text.partition(":")
        if not sequence.isdecimal() or len(digest) != len(GENESIS):
            raise ValueError(f"found {text!r}, expected SEQUENCE:HASH as `audit head` prints it")
        return cls(sequence=int(sequence), hash=digest)


class AuditLog:
    """A decision record in an SQLite file or a PostgreSQL database.

    Several processes may write to one; each batch is one transaction, on the disk when
    `record` returns.
    """

    def __init__(self, place: str | Path, *, create: bool = True) -> None:
        """Opens a record.

        Args:
            place: a path of an SQLite file, or a URL (`postgresql+psycopg://...`).
            create: make it where there is none.

        Raises:
            FileNotFoundError, ValueError: see `rules.audit.storage.open_engine`.
        """
        self.place = str(place)
        self._engine = open_engine(place, create=create)
        self._known: dict[str, ir.Ruleset] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()

    # --------------------------------------------------------------- writing

    def record(
        self,
        decided: Decided,
        *,
        engine: str | None = None,
        checkpoint: str | None = None,
        references: Sequence[str | None] | None = None,
        at: datetime | None = None,
    ) -> Head:
        """Appends one entry per decision, and one for the rule set when it is new here.

        Args:
            decided: what `rules.decide` returned.
            engine: what decided, when it matters.
            checkpoint: which model gave the inputs that are predictions.
            references: what the caller knows each case by, such as a request id.
            at: when it was decided, with a time zone; now by default.

        Returns:
            The new head, once everything is on the disk.

        Raises:
            ValueError: references that do not match the cases, a time without zone.
        """
        moment = _moment(at)
        cases = recorded_cases(decided)
        if references is not None and len(references) != len(cases):
            raise ValueError(
                f"found {len(references)} references for {len(cases)} decisions, expected one each"
            )
        fired = None if decided.decisions.fired is None else decided.fired
        decisions = [
            {
                "kind": "decision",
                "time": moment,
                "ruleset": decided.ruleset.sha256,
                "engine": engine,
                "checkpoint": checkpoint,
                "reference": None if references is None else references[row],
                "inputs": cases[row],
                "outcome": _plain(outcome),
                "rule": rule,
                "fired": None if fired is None else fired[row],
            }
            for row, (outcome, rule) in enumerate(zip(decided.outcomes, decided.rules, strict=True))
        ]
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            head = _head(connection)
            known = self._is_known(connection, decided.ruleset)
            contents = decisions if known else [_introduced(decided.ruleset, moment), *decisions]
            made = list(chained(contents, sequence=head.sequence, previous=head.hash))
            if not known:
                place = {"sha256": decided.ruleset.sha256, "sequence": made[0].sequence}
                connection.execute(sa.insert(rulesets), place)
            if made:
                connection.execute(sa.insert(entries), [_row(one) for one in made])
                head = Head(sequence=made[-1].sequence, hash=made[-1].hash)
        self._known[decided.ruleset.sha256] = decided.ruleset
        return head

    def _is_known(self, connection: sa.Connection, ruleset: ir.Ruleset) -> bool:
        if ruleset.sha256 in self._known:
            return True
        query = sa.select(rulesets.c.sequence).where(rulesets.c.sha256 == ruleset.sha256)
        return connection.execute(query).first() is not None

    # --------------------------------------------------------------- reading

    @property
    def head(self) -> Head:
        """The end of the chain."""
        with self._reading() as connection:
            return _head(connection)

    def entry(self, sequence: int) -> Entry:
        """One entry.

        Raises:
            AuditError: there is none of this number.
        """
        with self._reading() as connection:
            query = sa.select(entries).where(entries.c.sequence == sequence)
            row = connection.execute(query).mappings().first()
        if row is None:
            raise AuditError(
                f"{self.place}: there is no entry {sequence}; the last is {self.head.sequence}"
            )
        return Entry(**row)

    def entries(self, *, after: int = 0) -> Iterator[Entry]:
        """All entries in order, a page at a time.

        Args:
            after: the number of the last entry to leave out.
        """
        while True:
            query = (
                sa.select(entries)
                .where(entries.c.sequence > after)
                .order_by(entries.c.sequence)
                .limit(_PAGE)
            )
            with self._reading() as connection:
                page = connection.execute(query).mappings().all()
            yield from (Entry(**row) for row in page)
            if len(page) < _PAGE:
                return
            after = page[-1]["sequence"]

    def ruleset(self, sha256: str) -> ir.Ruleset:
        """The rule set that a decision names, as it was when it decided.

        Raises:
            AuditError: it is not in this record.
        """
        if sha256 not in self._known:
            with self._reading() as connection:
                query = sa.select(rulesets.c.sequence).where(rulesets.c.sha256 == sha256)
                sequence = connection.execute(query).scalar()
            if sequence is None:
                raise AuditError(f"{self.place}: there is no rule set {sha256}")
            self._known[sha256] = from_json(self.entry(sequence).content["form"])
        return self._known[sha256]

    def indexed_rulesets(self) -> Mapping[str, int]:
        """Where each rule set stands, by its hash."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(rulesets)).all()
        return {row.sha256: row.sequence for row in rows}

    def _reading(self) -> sa.Connection:
        return self._engine.connect().execution_options(reads=True)


def _row(entry: Entry) -> dict[str, Any]:
    return {"sequence": entry.sequence, "record": entry.record, "hash": entry.hash}


def _head(connection: sa.Connection) -> Head:
    last = sa.select(entries.c.sequence, entries.c.hash).order_by(entries.c.sequence.desc())
    row = connection.execute(last.limit(1)).first()
    return Head(sequence=0, hash=GENESIS) if row is None else Head(sequence=row[0], hash=row[1])


def _introduced(ruleset: ir.Ruleset, moment: str) -> dict[str, Any]:
    return {
        "kind": "ruleset",
        "time": moment,
        "ruleset": ruleset.sha256,
        "name": ruleset.name,
        "version": ruleset.version,
        "text": ruleset.text,
        "imported": {source.filename: source.text for source in ruleset.sources},
        # With its texts once more, because the places in the form refer to them.
        "form": to_json(ruleset, spans=True),
    }


def _moment(at: datetime | None) -> str:
    at = at or datetime.now(UTC)
    if at.tzinfo is None:
        raise ValueError(f"found the time {at}, expected one with a time zone: datetime.now(UTC)")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(outcome: str | Collection[str]) -> str | list[str]:
    return outcome if isinstance(outcome, str) else sorted(outcome)
