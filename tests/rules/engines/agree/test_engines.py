"""A few seconds of what `make agree` does for hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from rules.engines.agree.checking import check_ruleset
from rules.engines.agree.engines import Engine, opened
from rules.language import ir
from tests.effort import examples
from tests.rules.engines.agree.strategies import programs

Program = tuple[ir.Ruleset, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def host() -> Iterator[Mapping[str, Engine]]:
    with opened(("python", "backward", "numpy")) as engines:
        yield engines


@given(programs())
@settings(max_examples=examples(100), deadline=None)
def test_host_engines_agree(host: Mapping[str, Engine], program: Program) -> None:
    assert_agreement(host, program)


@pytest.fixture(scope="module")
def xla() -> Iterator[Mapping[str, Engine]]:
    with opened(("xla", "table")) as engines:
        yield engines


@given(programs())
@settings(max_examples=examples(6), deadline=None)
def test_xla_agrees(xla: Mapping[str, Engine], program: Program) -> None:
    assert_agreement(xla, program)


@pytest.fixture(scope="module")
def rete() -> Iterator[Mapping[str, Engine]]:
    pytest.importorskip("durable")
    with opened(("rete",)) as engines:
        yield engines


@given(programs())
@settings(max_examples=examples(30), deadline=None)
def test_rete_agrees(rete: Mapping[str, Engine], program: Program) -> None:
    assert_agreement(rete, program)


def assert_agreement(engines: Mapping[str, Engine], program: Program) -> None:
    ruleset, cases = program
    checked = check_ruleset(ruleset, cases, engines)
    assert not checked.findings, (ruleset.name, checked.findings[0].told)
