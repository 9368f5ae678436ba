"""Faults planted on purpose are found, each within a number of random programs.

`python -m tests.rules.engines.agree.test_faults` prints the table of docs/agreement.md.
"""

from __future__ import annotations

import pytest

from rules.engines.agree import cases, generate
from rules.engines.agree.census import constructs
from rules.engines.agree.checking import check_ruleset, round_trip, settled
from rules.engines.agree.engines import opened
from tests.rules.engines.agree.faults import FAULTS, Fault, planted

MOST = 1000  # programs


def programs_until_found(fault: Fault) -> int | None:
    """How many random programs it takes; those without the construct are drawn, not run."""
    engines = () if fault.engine == "text" else (fault.engine,)
    with opened(engines) as opinions, planted(fault):
        for seed in range(MOST):
            ruleset = settled(generate(seed))
            if fault.construct and not constructs(ruleset)[fault.construct]:
                continue
            if fault.engine == "text":
                found = round_trip(ruleset) is not None
            else:
                checked = check_ruleset(ruleset, cases(ruleset, seed, 16), opinions)
                found = any(item.engine == fault.engine for item in checked.findings)
            if found:
                return seed + 1
    return None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.part}: {fault.what}")
def test_a_fault_is_found(fault: Fault) -> None:
    if fault.engine == "rete":
        pytest.importorskip("durable")
    assert programs_until_found(fault) is not None


if __name__ == "__main__":
    for one in FAULTS:
        print(f"| `{one.part}` | {one.what} | {programs_until_found(one)} |", flush=True)
