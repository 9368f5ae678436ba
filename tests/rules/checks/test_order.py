import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rules
from rules.errors import RuleError
from rules.language.walk import names
from tests.effort import examples

HEAD = "ruleset a version 1\nentity P max 3\ninput r(P, P): bool\ninput f: bool\n"


def failure(text: str) -> RuleError:
    with pytest.raises(RuleError) as caught:
        rules.parse(HEAD + text)
    return caught.value


def test_derived_names_come_after_what_they_read() -> None:
    ruleset = rules.parse(
        f"{HEAD}derive c = b + a\nderive b = a * 2.0\nderive a = 1.0\nderive z = 1"
    )
    assert [item.name for item in ruleset.derived] == ["a", "b", "c", "z"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("derive a = a + 1", "a depends on itself: a -> a"),
        ("derive a = if f then b else 1\nderive b = a", "a depends on itself: a -> b -> a"),
        ("derive a: bool = a or f", "a depends on itself: a -> a"),
        (
            "derive a if b\nderive b if not a",
            "b depends on itself through not: b -[not]-> a -> b",
        ),
        (
            "derive a if b\nderive b if d\nderive d if a is unknown",
            "d depends on itself through is unknown: d -[is unknown]-> a -> b -> d",
        ),
        ("derive a if a is known", "a depends on itself through is known: a -[is known]-> a"),
        (
            "derive a if a = f",
            "a depends on itself through a comparison: a -[a comparison]-> a",
        ),
        (
            "derive a if (if a then f else f) = f",
            "a depends on itself through a comparison: a -[a comparison]-> a",
        ),
        (
            "derive a if if a then f else f",
            "a depends on itself through if-then-else: a -[if-then-else]-> a",
        ),
        (
            "derive p(x) if r(x, x) and (count y: p(y)) > 1",
            "p depends on itself through a comparison: p -[a comparison]-> p",
        ),
        (
            "derive p(x) if some y: r(x, y) and not (all z: p(z))",
            "p depends on itself through not: p -[not]-> p",
        ),
        (
            "derive p(x) if q(x)\nderive q(x) if some y: r(x, y) and not p(y) and p(x)",
            "q depends on itself through not: q -[not]-> p -> q",
        ),
        ("derive n = count x in P: m > 3\nderive m = n", "n depends on itself: n -> m -> n"),
    ],
)
def test_cycles_are_shown_with_the_step_that_breaks_them(text: str, message: str) -> None:
    (error,) = failure(text).errors
    assert error.message == message


def test_the_caret_stands_at_the_step() -> None:
    error = failure("derive a if b\nderive b if f or not a")
    assert error.span is not None and (error.span.line, error.span.column) == (6, 22)
    assert "recursion goes through and, or, some and all only" in (error.hint or "")


def test_every_cycle_and_other_errors_are_told_together() -> None:
    text = "derive a if b\nderive b if not a\nderive c = d\nderive d = c\nderive e = nope"
    assert len(failure(text).errors) == 3


@pytest.mark.parametrize(
    "text",
    [
        "derive a if a",
        "derive a if b\nderive b if (a or f) and f",
        "derive p(x, y) if r(x, y)\nderive p(x, z) if r(x, y) and p(y, z)",
        "derive p(x) if all y: r(x, y) or p(y)",
        "derive p(x) if some y: r(x, y) and q(y)\nderive q(x) if r(x, x) or all y: p(y)",
    ],
)
def test_positive_recursion_of_truths(text: str) -> None:
    (group,) = rules.parse(HEAD + text).strata
    assert {item.name for item in group} <= {"a", "b", "p", "q"}


def test_a_recursive_group_comes_after_what_it_reads() -> None:
    text = "derive p(x) if q(x)\nderive q(x) if p(x) or base(x)\nderive base(x) if r(x, x)"
    assert [item.name for item in rules.parse(HEAD + text).derived] == ["base", "p", "q"]


def test_long_chains_need_no_recursion() -> None:
    lines = [f"derive d{n} if d{n + 1}" for n in range(3000)]
    ruleset = rules.parse("\n".join([HEAD, *lines, "derive d3000 if f"]))
    assert ruleset.derived[0].name == "d3000"


@settings(max_examples=examples(60))
@given(st.dictionaries(st.integers(0, 6), st.sets(st.integers(0, 6)), min_size=1))
def test_random_graphs(graph: dict[int, set[int]]) -> None:
    lines = []
    for node, reads in graph.items():
        parts = ["1.0", *(f"d{read}" for read in sorted(reads) if read in graph)]
        lines.append(f"derive d{node} = {' + '.join(parts)}")

    def reaches(start: int, goal: int, seen: set[int]) -> bool:
        for read in graph.get(start, set()) - seen:
            if read == goal or reaches(read, goal, seen | {read}):
                return True
        return False

    cyclic = any(reaches(node, node, set()) for node in graph)
    try:
        ruleset = rules.parse(HEAD + "\n".join(lines))
    except RuleError as error:
        assert cyclic
        assert all("depends on itself" in item.message for item in error.errors)
        return
    assert not cyclic
    done: set[str] = set()
    for item in ruleset.derived:
        assert names(item.clauses[0]) <= done
        done.add(item.name)
