"""The tables of the record, and how SQLite and PostgreSQL are asked to keep it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

__all__ = ["entries", "lock_for_writing", "metadata", "open_engine", "rulesets"]

metadata = sa.MetaData()
entries = sa.Table(
    "audit_entries",
    metadata,
    # Not an autoincrement: the writer numbers, under a lock, because the chain needs it.
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
# Where in the chain a rule set stands; an index, which `verify` checks against the chain.
rulesets = sa.Table(
    "audit_rulesets",
    metadata,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

_REFUSE = "the decision record is append-only"
_SQLITE_TRIGGERS = [
    f"CREATE TRIGGER IF NOT EXISTS audit_no_{what.lower()} BEFORE {what} ON audit_entries "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSE}'); END"
    for what in ("UPDATE", "DELETE")
]
_POSTGRES_TRIGGERS = [
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_REFUSE}'; END $$",
    "CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
    "ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
]
_LOCK = 0x52554C4158  # any number that all writers agree on


def open_engine(place: str | Path, *, create: bool) -> sa.Engine:
    """Connects to a record.

    Args:
        place: a path of an SQLite file, or a URL that SQLAlchemy understands
            (`postgresql+psycopg://...`).
        create: make the file and the tables where they are absent.

    Raises:
        FileNotFoundError: there is no such file, and none is to be made.
        ValueError: a URL that SQLAlchemy does not understand, another database, or a file or
            database that holds something else.
    """
    text = str(place)
    if "://" not in text:
        if Path(text).is_dir() or not Path(text).absolute().parent.is_dir():
            raise FileNotFoundError(f"{text}: expected a file, in a directory that there is")
        if not create and not Path(text).is_file():
            raise FileNotFoundError(f"{text}: no such decision record")
        text = f"sqlite:///{Path(text).absolute()}"
    try:
        backend = sa.make_url(text).get_backend_name()
        if backend not in ("sqlite", "postgresql"):
            raise ValueError(f"{place}: found {backend}, expected SQLite or PostgreSQL")
        engine = sa.create_engine(text)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
        raise ValueError(
            f"{place}: {error}; expected a path of an SQLite file or a URL such as "
            "postgresql+psycopg://user@host/database"
        ) from None
    except ModuleNotFoundError as error:
        raise ValueError(f"{place}: the driver {error.name} is missing; install it") from None
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    try:
        _create(engine) if create else _expect_tables(engine, place)
    except sa.exc.DBAPIError as error:
        raise ValueError(
            f"{place}: cannot be used as a decision record: {str(error.orig).strip()}"
        ) from error
    return engine


def _create(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        lock_for_writing(connection)
        metadata.create_all(connection)
        triggers = _SQLITE_TRIGGERS if _is_sqlite(connection) else _POSTGRES_TRIGGERS
        for statement in triggers:
            connection.exec_driver_sql(statement)


def _expect_tables(engine: sa.Engine, place: str | Path) -> None:
    with engine.connect().execution_options(reads=True) as connection:
        inspector = sa.inspect(connection)
        if not all(inspector.has_table(name) for name in metadata.tables):
            raise ValueError(f"{place}: a database, but no decision record: nothing was recorded")


def lock_for_writing(connection: sa.Connection) -> None:
    """Lets one writer at a time number and chain; readers go on."""
    if not _is_sqlite(connection):  # there, see `_prepare_sqlite`
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def _is_sqlite(connection: sa.Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _prepare_sqlite(engine: sa.Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver would begin by itself, and too late
        connection.execute("PRAGMA busy_timeout = 60000")
        connection.execute("PRAGMA journal_mode = WAL")  # readers do not wait for writers
        connection.execute("PRAGMA synchronous = FULL")  # what is accepted is on the disk

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        reads = connection.get_execution_options().get("reads", False)
        # A writer takes its lock before it reads the head, or two would read the same.
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
