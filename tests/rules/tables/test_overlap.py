"""Rows that are proved apart never apply together."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rules
from rules.engines.reference import evaluate
from rules.errors import RuleError

NUMBERS = st.sampled_from(["-1", "0", "1", "2.5", "3"])
SIMPLE = st.one_of(
    NUMBERS,
    st.builds("{}{}".format, st.sampled_from(["<", "<=", ">", ">=", "!=", "="]), NUMBERS),
    st.sampled_from(["[0..1]", "(0..2.5)", "[-1..3)", "(1..3]", "known", "unknown"]),
)
LISTS = st.lists(SIMPLE, min_size=1, max_size=3).map(", ".join)
TESTS = st.one_of(LISTS, LISTS.map("not({})".format))
VALUES = (None, -2, -1, -0.5, 0, 0.5, 1, 2, 2.5, 2.75, 3, 4)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(TESTS, TESTS)
def test_apart_is_apart(tmp_path: Path, one: str, other: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f'policy,unique\nx: float,-> v: int\n"{one}",1\n"{other}",2\n-,3\n')
    try:
        rules.load(path)
        apart = True
    except RuleError as error:
        assert "may both apply" in str(error) or "has the same tests" in str(error)
        apart = False
    path.write_text(
        'policy,collect\nunknown,a\nx: float,"-> o in {a, b}"\n' + f'"{one}",a\n"{other}",b\n'
    )
    ruleset = rules.load(path)
    for value in VALUES:
        found = evaluate(ruleset, {"x": value})
        if apart:
            assert found.truths != (True, True), (one, other, value)
