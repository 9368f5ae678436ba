"""docs/agreement.md tells of the faults that there are."""

import re
from pathlib import Path

from tests.rules.engines.agree.faults import FAULTS

DOCS = (Path(__file__).parents[4] / "docs" / "agreement.md").read_text(encoding="utf-8")


def test_every_fault_is_listed() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.+) \| \d+ \|$", DOCS, re.MULTILINE)
    assert rows == [(fault.part, fault.what) for fault in FAULTS]
    assert f"plants {len(FAULTS)} faults" in DOCS
