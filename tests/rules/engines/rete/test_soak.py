"""A slice of the soak; `make test-soak` runs it at length."""

from __future__ import annotations

import pytest

from rules.engines.rete import Server, Verdict, soak
from rules.engines.rete.engine import Rete


def test_every_answer_is_that_of_the_numpy_engine(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(soak, "ROUND", 500)
    soak.main(["--cases", "2400", "--seed", "7", "--every", "1000"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" cases")[0].strip() for line in lines[:-1]] == ["500", "1,500", "2,400"]
    assert all(line.endswith(", 0 crashes") for line in lines[:-1])
    assert lines[-1] == "every answer as the NumPy engine gives it"


def test_memory_stays(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "ROUND", 200)
    held = [progress.child for progress in soak.soak(2400, seed=3)]
    assert max(held[6:]) - held[5] < 4 * 2**20


def test_a_wrong_answer_is_found(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Rete.decide

    def decide(self: Rete, cases: list[dict[str, object]]) -> list[Verdict]:
        first, *rest = right(self, cases)
        return [Verdict("nothing", first.rule), *rest]

    monkeypatch.setattr(Rete, "decide", decide)
    with pytest.raises(AssertionError, match=r"rule set rows, seed 0: rete \('nothing', -?\d\), n"):
        next(soak.soak(10))
