"""The decision record in PostgreSQL."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

import rules
from rules.audit import AuditLog, replay, verify
from rules.audit.storage import metadata

URL = os.environ.get("RULAX_POSTGRES_URL")
pytestmark = pytest.mark.skipif(URL is None, reason="needs PostgreSQL (RULAX_POSTGRES_URL)")


@pytest.fixture
def url() -> str:
    assert URL is not None
    metadata.drop_all(sa.create_engine(URL))
    return URL


def test_written_verified_and_replayed(url: str) -> None:
    policy = rules.parse(
        "ruleset small version 1 input x: float decide o in {yes, no} policy first default no "
        'unknown no rule r "r" o = yes if x > 1'
    )
    decided = rules.decide(policy, [{"x": value} for value in (0.1, 1.5, None)])
    with AuditLog(url) as log:
        log.record(decided)

    def write(_: int) -> None:
        with AuditLog(url) as log:
            for _ in range(5):
                log.record(decided)

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(write, range(4)))
    with AuditLog(url, create=False) as log:
        assert log.head.sequence == 1 + 3 * 21
        assert verify(log, head=log.head).sound
        assert replay(log).differences == ()
    with sa.create_engine(url).begin() as connection:
        for statement in ("DELETE FROM audit_entries", "TRUNCATE audit_entries"):
            with pytest.raises(sa.exc.DBAPIError, match="append-only"), connection.begin_nested():
                connection.exec_driver_sql(statement)
