"""durable_rules in this process, and in one of its own; skipped where it is absent."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from rules.engines.rete import ReteMissingError, Server
from rules.engines.rete.network import load_engine


@pytest.fixture(scope="session")
def engine() -> ModuleType:
    try:
        return load_engine()
    except ReteMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def server(engine: ModuleType) -> Iterator[Server]:
    with Server() as shared:
        yield shared
