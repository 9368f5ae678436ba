"""What docs/rete.md shows is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = (Path(__file__).parents[4] / "docs" / "rete.md").read_text(encoding="utf-8")


def test_the_example_runs(engine: object, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    exec(code, {})
    told = re.findall(r"outcome\(\)\) +# (\w+)", code)
    assert capsys.readouterr().out.splitlines() == [*told, "approve -1", "refer -2"]
