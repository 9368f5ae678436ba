"""The random programs of `agree` as hypothesis strategies: a seed is drawn, and shrunk as one.

`python -m rules agree --programs 1 --seed S` makes the rule set itself small.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rules.engines.agree import cases, generate
from rules.engines.agree.checking import settled
from rules.language import ir


def rulesets() -> st.SearchStrategy[ir.Ruleset]:
    """Rule sets over the whole language, settled on one day."""
    return st.integers(0, 2**31).map(lambda seed: settled(generate(seed)))


@st.composite
def programs(draw: st.DrawFn, count: int = 8) -> tuple[ir.Ruleset, list[dict[str, Any]]]:
    """A rule set and cases for it."""
    ruleset = draw(rulesets())
    return ruleset, cases(ruleset, draw(st.integers(0, 2**31)), count)
